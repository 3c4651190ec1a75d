#include "cli/cluster_report.hpp"

#include "cli/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ouro::cli {
namespace {

using Json = nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

Error not_understood() {
  return Error{ErrorCode::corruption,
               "the node's answer was not understood: is it a newer Ouro, or another server?"};
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string name_of(const Json& name) { return name.is_string() ? name.get<std::string>() : "?"; }

std::string bytes_of(const Json& bytes) {
  return bytes.is_number() ? size_text(bytes.get<std::uint64_t>()) : "?";
}

std::string number_of(const Json& number) {
  return number.is_number() ? std::to_string(number.get<std::int64_t>()) : "-";
}

bool names(const Json& list, const std::string& name) {
  return std::ranges::any_of(list, [&name](const Json& entry) { return entry == name; });
}

std::string joined(const Json& list) {
  std::string text;
  for (const Json& name : list) text += (text.empty() ? "" : " ") + name_of(name);
  return or_dash(text);
}

std::string vote_of(const Json& group, const std::string& name) {
  if (group.at("leader") == name) return "leader";
  if (names(group.at("voters"), name) || names(group.at("outgoing"), name)) return "voter";
  return names(group.at("learners"), name) ? "learner" : "-";
}

std::string looks_of(const Json& member) {
  if (member.at("lost").get<bool>()) return "lost";
  const Json& liveness = member.at("liveness");
  if (!liveness.is_object()) return "?";
  const std::string state = liveness.at("state");
  return state == "alive" && liveness.at("degraded").get<bool>() ? "degraded" : state;
}

std::string round_trip_of(const Json& member) {
  const Json& liveness = member.at("liveness");
  if (!liveness.is_object() || !liveness.at("round_trip_us").is_number()) return "-";
  return fmt::format("{:.1f} ms", liveness.at("round_trip_us").get<double>() / 1000);
}

std::string member_table(const Json& cluster) {
  Rows rows{{"NODE", "STATUS", "LOOKS", "ZONE", "WEIGHT", "METADATA", "EPOCH", "RTT", "BOOT",
             "HTTP", "PEER"}};
  for (const Json& member : cluster.at("members")) {
    const std::string name = member.at("name");
    const Json& liveness = member.at("liveness");
    rows.push_back({name, member.at("status"), looks_of(member), or_dash(member.at("zone")),
                    number_of(member.at("weight")), vote_of(cluster.at("metadata"), name),
                    liveness.is_object() ? number_of(liveness.at("epoch")) : "-",
                    round_trip_of(member), number_of(member.at("boot")), member.at("http"),
                    member.at("peer")});
  }
  return aligned(rows);
}

std::string action_line(const Json& action) {
  const std::string kind = action.at("action");
  const std::string node = name_of(action.at("node"));
  if (kind == "leave") return "leave    " + node;
  std::string line = kind == "replace"
                         ? fmt::format("replace  {} with {}", name_of(action.at("replaces")), node)
                         : fmt::format("{:<7}  {}", kind, node);
  const std::string zone = action.at("zone");
  line += fmt::format("  weight {}", number_of(action.at("weight")));
  return zone.empty() ? line : line + "  zone " + zone;
}

std::string action_lines(const Json& actions) {
  std::string text;
  for (const Json& action : actions) text += "  " + action_line(action) + "\n";
  return text;
}

std::string arcs_of(const Json& count) {
  return number_of(count) + (count == 1 ? " arc" : " arcs");
}

std::string waits_text(const Json& waits) {
  std::string text;
  for (const Json& wait : waits) {
    const std::string node = name_of(wait.at("node"));
    const std::string state = wait.at("state");
    text += text.empty() ? "; waits for " : ", ";
    const char* const what = wait.at("for") == "data" ? "to fetch" : "to hear that it gave up";
    text += fmt::format("{} {} {}", node, what, arcs_of(wait.at("arcs")));
    if (state != "alive") text += " (it looks " + state + ")";
  }
  return text;
}

std::string change_line(const Json& change) {
  const Json& phases = change.at("phases");
  return fmt::format("{} {}: {} of {} arcs done, {} fetch, {} switch, {} to come{}",
                     change.at("aborting").get<bool>() ? "abort" : "change",
                     number_of(change.at("id")), number_of(phases.at("after")),
                     number_of(change.at("arcs")), number_of(phases.at("write_both")),
                     number_of(phases.at("read_new")), number_of(phases.at("before")),
                     waits_text(change.at("waits_for")));
}

std::string group_line(const Json& group) {
  const Json& leader = group.at("leader");
  std::string line =
      leader.is_string()
          ? fmt::format("metadata: {} leads in term {}; voters: {}", leader.get<std::string>(),
                        number_of(group.at("term")), joined(group.at("voters")))
          : fmt::format("metadata: no leader is known; voters: {}", joined(group.at("voters")));
  const std::string problem = group.at("problem");
  return problem.empty() ? line : line + "\nmetadata: " + problem;
}

std::string node_plan_table(const Json& nodes) {
  Rows rows{{"NODE", "OWNED ARCS", "AFTER", "REPLICAS", "AFTER", "BYTES", "AFTER"}};
  for (const Json& node : nodes) {
    const Json& before = node.at("before");
    const Json& after = node.at("after");
    rows.push_back({name_of(node.at("node")), number_of(before.at("arcs")),
                    number_of(after.at("arcs")), number_of(before.at("replicas")),
                    number_of(after.at("replicas")), bytes_of(before.at("bytes")),
                    bytes_of(after.at("bytes"))});
  }
  return aligned(rows);
}

std::string link_table(const Json& links) {
  Rows rows{{"FROM", "TO", "REPLICAS", "BYTES"}};
  for (const Json& link : links)
    rows.push_back({name_of(link.at("from")), name_of(link.at("to")),
                    number_of(link.at("replicas")), bytes_of(link.at("bytes"))});
  return rows.size() > 1 ? aligned(rows) + "\n" : "";
}

std::string failures_text(const Json& count) {
  const int more = count.get<int>();
  return more < 0 ? "none, as some requests fail already" : std::to_string(more);
}

std::string quorum_lines(const Json& quorums) {
  std::string text;
  for (const Json& quorum : quorums)
    text += fmt::format(
        "n={}: nodes that may fail now: {} for reads, {} for writes; during it: {}, {}\n",
        number_of(quorum.at("n")), failures_text(quorum.at("reads_before")),
        failures_text(quorum.at("writes_before")), failures_text(quorum.at("reads_during")),
        failures_text(quorum.at("writes_during")));
  return text;
}

}  // namespace

Result<std::string> cluster_text(std::string_view json) try {
  const Json cluster = Json::parse(json);
  std::string text = fmt::format("cluster {}  epoch {}  as {} sees it\n{}\n\n{}",
                                 cluster.at("cluster").get<std::string>(),
                                 number_of(cluster.at("epoch")), name_of(cluster.at("self")),
                                 group_line(cluster.at("metadata")), member_table(cluster));
  const Json& staged = cluster.at("staged");
  if (!staged.empty()) text += "\nstaged (see: ouro cluster plan):\n" + action_lines(staged);
  const Json& change = cluster.at("change");
  if (change.is_object())
    text += "\n" + change_line(change) + "\n" + action_lines(change.at("actions"));
  return text;
} catch (const Json::exception&) {
  return not_understood();
}

Result<std::string> joiners_text(std::string_view json) try {
  const Json cluster = Json::parse(json);
  Json joins = Json::array();
  for (const Json& action : cluster.at("staged"))
    if (action.at("action") == "join" || action.at("action") == "replace") joins.push_back(action);
  std::string text = joins.empty() ? "no node waits to join\n" : action_lines(joins);
  const Json& members = cluster.at("members");
  if (members.empty()) return not_understood();
  return text + fmt::format(
                    "\nTo add a node, on its machine: ouro serve --join {} --data-dir DIR\n"
                    "Then: ouro cluster plan\n",
                    members.front().at("peer").get<std::string>());
} catch (const Json::exception&) {
  return not_understood();
}

Result<std::string> plan_text(std::string_view json) try {
  const Json plan = Json::parse(json);
  const std::string hash = plan.at("hash");
  std::string text = fmt::format("plan {}  of epoch {}\n{}\n", hash, number_of(plan.at("epoch")),
                                 action_lines(plan.at("actions")));
  const Json& seconds = plan.at("seconds");
  text += fmt::format(
      "{} arcs change hands; {} replicas are copied, {}{}\n\n", number_of(plan.at("arcs")),
      number_of(plan.at("replicas")),
      plan.at("bytes").is_number() ? bytes_of(plan.at("bytes")) : "of sizes that are not known",
      seconds.is_number() ? ", in about " + number_of(seconds) + " s" : "");
  text += node_plan_table(plan.at("nodes")) + "\n" + link_table(plan.at("links")) +
          quorum_lines(plan.at("quorums"));
  for (const Json& warning : plan.at("warnings"))
    text += "warning: " + warning.get<std::string>() + "\n";
  return text + "\nBegin it: ouro cluster commit --plan " + hash + "\n";
} catch (const Json::exception&) {
  return not_understood();
}

Result<std::string> applied_text(std::string_view json) try {
  const Json applied = Json::parse(json);
  return applied.at("what").get<std::string>() + "\n";
} catch (const Json::exception&) {
  return not_understood();
}

Result<ChangeProgress> change_progress(std::string_view json) try {
  const Json cluster = Json::parse(json);
  const Json& change = cluster.at("change");
  if (!change.is_object())
    return ChangeProgress{false, "no change runs (epoch " + number_of(cluster.at("epoch")) + ")"};
  return ChangeProgress{true, change_line(change)};
} catch (const Json::exception&) {
  return not_understood();
}

}  // namespace ouro::cli
