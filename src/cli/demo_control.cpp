#include "cli/demo.hpp"
#include "cli/exit_code.hpp"
#include "cli/report.hpp"
#include "cli/suggest.hpp"
#include "cli/supervisor.hpp"
#include "net/posix_file_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>

namespace ouro::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds look_interval = 50ms;
constexpr std::chrono::seconds kill_max = 10s;
constexpr std::chrono::seconds start_max = 30s;

Error invalid(std::string message) {
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

/// Process ids are used again by others: only one that still runs the same command is the same.
bool runs(Pid pid, const std::string& word, const std::string& argument) {
  const std::vector<std::string> words = arguments_of(pid);
  return std::ranges::find(words, word) != words.end() &&
         (argument.empty() || std::ranges::find(words, argument) != words.end());
}

Result<DemoState> read_state(FileSystem& files, const std::string& dir) {
  const Error none{ErrorCode::not_found,
                   "no demo runs in " + dir + ": start one with ouro demo --dir " + dir};
  if (!files.exists(state_file(dir))) return none;
  const Result<std::string> text = files.read_file(state_file(dir));
  if (!text) return text.error();
  Result<DemoState> state = decode_state(*text);
  if (state && !runs(state->supervisor, "demo", "")) return none;
  return state;
}

Result<DemoState::Member> find_member(DemoState& state, const std::string& name) {
  if (const DemoState::Member* member = state.member(name)) return *member;
  std::vector<std::string_view> known;
  for (const DemoState::Member& member : state.members) known.push_back(member.name);
  return invalid("the demo has no node " + name + suggestion(name, known));
}

/// Looks again and again until `holds` of the state, or `limit` has passed.
bool wait_for(FileSystem& files, const std::string& dir, std::chrono::milliseconds limit,
              const std::function<bool(DemoState&)>& holds) {
  for (auto waited = 0ms; waited < limit; waited += look_interval) {
    Result<DemoState> state = read_state(files, dir);
    if (state && holds(*state)) return true;
    pause_for(look_interval);
  }
  return false;
}

Status kill_member(FileSystem& files, const std::string& dir, const DemoState::Member& member) {
  if (member.pid == 0 || !runs(member.pid, "serve", node_config_file(dir, member.name)))
    return invalid(member.name + " does not run: start it with " + invoked_as() + " demo start " +
                   member.name);
  if (!kill_now(member.pid))
    return Error{ErrorCode::denied, fmt::format("pid {} cannot be killed", member.pid)};
  const bool noticed = wait_for(files, dir, kill_max, [&member](DemoState& state) {
    return state.member(member.name)->pid != member.pid;
  });
  if (!noticed)
    return Error{ErrorCode::timeout, member.name + " was killed, but the demo did not notice"};
  fmt::print("killed {} (pid {})\n", member.name, member.pid);
  return {};
}

Status start_member(FileSystem& files, const std::string& dir, const DemoState& state,
                    const DemoState::Member& member) {
  if (member.pid != 0)
    return invalid(fmt::format("{} runs already (pid {})", member.name, member.pid));
  const std::string request = requests_dir(dir) + "/" + member.name;
  const auto made = files.create(request);
  if (!made) return made.error();
  if (!notify(state.supervisor))
    return Error{ErrorCode::denied, "the demo's supervisor cannot be reached"};
  Pid pid = 0;
  const bool served = wait_for(files, dir, start_max, [&](DemoState& now) {
    pid = now.member(member.name)->pid;
    return pid != 0 && is_ready(member) && are_connected(now);
  });
  if (!served)
    return Error{ErrorCode::timeout, fmt::format("{} does not serve: see {}", member.name,
                                                 node_log_file(dir, member.name))};
  fmt::print("started {} (pid {})\n", member.name, pid);
  return {};
}

void show_status(const DemoState& state, bool json) {
  std::vector<std::vector<std::string>> rows{{"NODE", "PID", "STATE", "HTTP", "PEERS"}};
  for (const DemoState::Member& member : state.members) {
    if (json) fmt::print("{}", member_json(member));
    const char* const word = member.pid == 0 ? "ended" : is_ready(member) ? "ready" : "starts";
    rows.push_back({member.name, member.pid == 0 ? "-" : std::to_string(member.pid), word,
                    member.http, member.peer});
  }
  if (!json) fmt::print("{}", aligned(rows));
}

Status control(const DemoControlCommand& command) {
  net::PosixFileSystem files;
  const std::string dir = absolute_path(command.dir);
  Result<DemoState> state = read_state(files, dir);
  if (!state) return state.error();
  if (command.what == DemoControlCommand::What::status) {
    show_status(*state, command.json);
    return {};
  }
  const Result<DemoState::Member> member = find_member(*state, command.node);
  if (!member) return member.error();
  if (command.what == DemoControlCommand::What::kill) return kill_member(files, dir, *member);
  return start_member(files, dir, *state, *member);
}

}  // namespace

int run_demo_control(const DemoControlCommand& command) {
  const Status ended = control(command);
  if (ended) return done;
  say_error(ended.error().message, "");
  return failed;
}

}  // namespace ouro::cli
