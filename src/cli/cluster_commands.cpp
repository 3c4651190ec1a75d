#include "cli/cluster_commands.hpp"

#include "cli/cluster_report.hpp"
#include "cli/exit_code.hpp"
#include "cli/key_commands.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "client/client.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <utility>

namespace ouro::cli {
namespace {

using Json = nlohmann::ordered_json;
using What = ClusterCommand::What;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds timeout = 12s;
constexpr std::chrono::milliseconds plan_timeout = 62s;
constexpr std::chrono::milliseconds follow_interval = 250ms;
/// A node that is asked may end in the middle of a change; another is found, or it comes back.
constexpr int follow_failures_max = 40;
constexpr int standard_input = 0;

Json stage_body(const ClusterCommand& command) {
  switch (command.what) {
    case What::leave:
      return {{"action", "leave"}, {"node", command.node}};
    case What::replace:
      return {{"action", "replace"}, {"node", command.node}, {"with", command.with}};
    case What::weight:
      return {{"action", "weight"}, {"node", command.node}, {"weight", command.weight}};
    case What::zone:
      return {{"action", "zone"}, {"node", command.node}, {"zone", command.zone}};
    case What::unstage:
      return {{"action", "unstage"}, {"node", command.node}};
    default:
      return {{"action", "lost"},
              {"nodes", command.names},
              {"accept_data_loss", command.accept_data_loss}};
  }
}

std::string hint_for(const client::Answer& answer) {
  if (answer.indeterminate) return "it may or may not have happened: see ouro cluster status";
  if (answer.code == "stale") return "see what it takes now: ouro cluster plan";
  if (answer.code == "busy") return "see what goes on: ouro cluster status";
  if (answer.code == "no_leader") return "see who is there: ouro cluster status; then try again";
  return "";
}

int fail(const Result<client::Answer>& answer, bool writes) {
  const int code = exit_code_of(answer, writes);
  if (!answer)
    say_error(
        answer.error().message,
        code == indeterminate ? "it may or may not have happened: see ouro cluster status" : "");
  else
    say_error(answer->detail.empty() ? "the node answered without saying why" : answer->detail,
              hint_for(*answer));
  return code;
}

int print(const Result<std::string>& text) {
  if (!text) {
    say_error(text.error().message, "");
    return failed;
  }
  fmt::print("{}", *text);
  std::fflush(stdout);
  return done;
}

Result<client::Answer> ask(client::Client& client, const ClusterRequest& request,
                           std::chrono::milliseconds time) {
  if (!request.posts()) return client.fetch(request.target, time);
  return client.post(request.target, request.body, time);
}

/// Prints each new state of the running change until there is none.
int follow(client::Client& client, bool json) {
  std::string last;
  for (int failures = 0;;) {
    const Result<client::Answer> answer = client.fetch("/v1/cluster", timeout);
    if (!answer || !answer->ok()) {
      if (++failures > follow_failures_max) return fail(answer, false);
      pause_for(follow_interval);
      continue;
    }
    failures = 0;
    const Result<ChangeProgress> progress = change_progress(answer->body);
    if (!progress) return print(progress.error());
    if (progress->line != last) fmt::print("{}", json ? answer->body : progress->line + "\n");
    last = progress->line;
    std::fflush(stdout);
    if (!progress->runs) return done;
    pause_for(follow_interval);
  }
}

Result<std::string> text_of(const ClusterCommand& command, const std::string& body) {
  if (command.json) return body;
  switch (command.what) {
    case What::status:
      return cluster_text(body);
    case What::join:
      return joiners_text(body);
    case What::plan:
      return plan_text(body);
    default:
      return applied_text(body);
  }
}

/// Shows what would be done and asks, where there is somebody to ask.
std::optional<int> refused_to_commit(const ClusterCommand& command, client::Client& client) {
  if (command.yes) return std::nullopt;
  if (!is_terminal(standard_input)) {
    say_error("nothing was changed, for nobody can be asked",
              "repeat with --yes if this is what you want; ouro cluster plan shows the plan");
    return wrong_usage;
  }
  const Result<client::Answer> plan = client.post("/v1/cluster/plan", "{}", plan_timeout);
  if (!plan || !plan->ok()) return fail(plan, false);
  const Result<std::string> text = plan_text(plan->body);
  if (!text) return print(text);
  say(*text);
  if (agreed("Begin it?")) return std::nullopt;
  say("nothing was changed");
  return failed;
}

std::string next_step(What what) {
  switch (what) {
    case What::lost:
      return "take them out of the lists: ouro cluster leave or replace, then plan and commit";
    case What::commit:
    case What::abort:
      return "follow it: ouro cluster status -f";
    default:
      return "nothing moves yet; see what it takes: ouro cluster plan";
  }
}

bool only_looks(What what) {
  return what == What::status || what == What::join || what == What::plan;
}

int run(const ClusterCommand& command, client::Client& client) {
  if (command.what == What::status && command.follow) return follow(client, command.json);
  if (command.what == What::commit)
    if (const std::optional<int> code = refused_to_commit(command, client)) return *code;
  const bool plans = command.what == What::plan || command.what == What::commit;
  const Result<client::Answer> answer =
      ask(client, request_of(command), plans ? plan_timeout : timeout);
  if (!answer || !answer->ok()) return fail(answer, !only_looks(command.what));
  if (const int code = print(text_of(command, answer->body)); code != done) return code;
  if (command.what == What::commit && command.follow) return follow(client, command.json);
  if (!only_looks(command.what) && !command.json) say("hint: " + next_step(command.what));
  return done;
}

}  // namespace

ClusterRequest request_of(const ClusterCommand& command) {
  switch (command.what) {
    case What::status:
    case What::join:
      return {"/v1/cluster", ""};
    case What::plan:
      return {"/v1/cluster/plan", "{}"};
    case What::commit:
      return {"/v1/cluster/commit", Json{{"plan", command.plan}}.dump()};
    case What::abort: {
      Json body = Json::object();
      if (command.change) body["change"] = *command.change;
      return {"/v1/cluster/abort", body.dump()};
    }
    default:
      return {"/v1/cluster/stage", stage_body(command).dump()};
  }
}

std::string curl_line(const ClusterRequest& request, const client::Endpoint& node) {
  std::string line = "curl -sS";
  if (request.posts())
    line += " -H 'Content-Type: application/json' --data-binary " + shell_quoted(request.body);
  return line + " " + shell_quoted(node.url() + request.target);
}

int run_cluster_command(const ClusterCommand& command) {
  Result<std::vector<client::Endpoint>> nodes = client::parse_endpoints(command.nodes);
  if (!nodes) {
    say_error(nodes.error().message, "");
    return wrong_usage;
  }
  if (command.curl) {
    fmt::print("{}\n", curl_line(request_of(command), nodes->front()));
    return done;
  }
  client::Client client(*std::move(nodes));
  return run(command, client);
}

}  // namespace ouro::cli
