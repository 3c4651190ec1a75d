#include "cli/demo.hpp"

#include "cli/exit_code.hpp"
#include "cli/report.hpp"
#include "cli/supervisor.hpp"
#include "net/posix_file_system.hpp"
#include "net/system_random.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace ouro::cli {
namespace {

void print_now(const std::string& text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

Result<cluster::Settings> settle_cluster(FileSystem& files, const DemoCommand& command) {
  const std::string path = cluster_file(command.dir);
  std::optional<std::string> kept;
  if (files.exists(path)) {
    Result<std::string> text = files.read_file(path);
    if (!text) return text.error();
    kept = *std::move(text);
  }
  net::SystemRandom random;
  Result<cluster::Settings> settings = plan_demo(command, kept, random);
  if (!settings) return settings;
  const Status written = replace_file(files, path, render_cluster(*settings));
  if (!written) return written.error();
  return settings;
}

/// "localhost:7070", short enough to type.
std::string typed(const DemoState::Member& member) {
  return "localhost" + member.http.substr(member.http.rfind(':'));
}

std::string dir_option(const DemoCommand& command) {
  return command.dir == absolute_path(DemoCommand().dir) ? "" : " --dir " + command.dir;
}

void announce(const DemoState& state, const DemoCommand& command) {
  if (command.json) {
    for (const DemoState::Member& member : state.members) print_now(member_json(member));
    print_now("{\"ready\":true}\n");
    return;
  }
  std::vector<std::vector<std::string>> rows{{"NODE", "PID", "HTTP", "PEERS", "DATA"}};
  for (const DemoState::Member& member : state.members)
    rows.push_back(
        {member.name, std::to_string(member.pid), member.http, member.peer, member.data_dir});
  const DemoState::Member& first = state.members.front();
  const DemoState::Member& last = state.members.back();
  const std::string node = state.members.size() > 1 ? state.members[1].name : first.name;
  print_now(
      fmt::format("{}\nTry:\n"
                  "  curl -X PUT {}/v1/kv/cities/lisbon -H 'Content-Type: application/json' -d "
                  "'{{\"country\":\"PT\"}}'\n"
                  "  curl -i {}/v1/kv/cities/lisbon\n"
                  "  curl {}/v1/ring/locate/cities/lisbon\n\n",
                  aligned(rows), typed(first), typed(last), typed(first)) +
      fmt::format("Kill a node and start it again: {0} demo kill {1}{2} and {0} demo start {1}{2}\n"
                  "Ctrl-C ends the nodes; their data stays in {3}\n",
                  invoked_as(), node, dir_option(command), command.dir));
}

void tell(const DemoCommand& command, const DemoState::Member& member, const std::string& what) {
  if (command.json) return print_now(member_json(member));
  const std::string next = member.pid == 0
                               ? fmt::format("; start it again: {} demo start {}{}", invoked_as(),
                                             member.name, dir_option(command))
                               : "";
  print_now(what + next + "\n");
}

Status supervise(const DemoCommand& command) {
  net::PosixFileSystem files;
  if (const Status made = files.create_directory(command.dir); !made) return made;
  const Result<std::unique_ptr<FileLock>> lock = files.lock(lock_file(command.dir));
  if (!lock)
    return Error{ErrorCode::denied,
                 "a demo runs in " + command.dir + " already: end it, or choose another --dir"};
  Result<cluster::Settings> settings = settle_cluster(files, command);
  if (!settings) return settings.error();

  bool announced = false;
  const auto on_event = [&](const DemoState::Member& member, const std::string& what) {
    if (announced) tell(command, member, what);
  };
  Supervisor supervisor(files, command.dir, *std::move(settings), on_event);
  if (const Status started = supervisor.start(); !started) return started;
  announce(supervisor.state(), command);
  announced = true;
  supervisor.watch();
  announced = false;
  supervisor.end();
  return {};
}

}  // namespace

int run_demo(const DemoCommand& command) {
  keep_files_private();
  DemoCommand settled = command;
  settled.dir = absolute_path(command.dir);
  const Status ended = supervise(settled);
  if (ended) return done;
  say_error(ended.error().message, "");
  return failed;
}

}  // namespace ouro::cli
