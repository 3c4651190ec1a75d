#include "cli/recover_command.hpp"

#include "cli/exit_code.hpp"
#include "cli/key_commands.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "net/posix_file_system.hpp"
#include "net/system_random.hpp"
#include "net/thread_lane.hpp"
#include "node/storage.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>

namespace ouro::cli {
namespace {

constexpr int standard_input = 0;

int fail(const Error& error, const std::string& hint = "") {
  say_error(error.message, hint);
  switch (error.code) {
    case ErrorCode::not_found:
      return not_found;
    case ErrorCode::invalid_argument:
      return wrong_usage;
    case ErrorCode::stale_epoch:
      return conflict;
    default:
      return failed;
  }
}

/// A node's metadata database, opened as the node itself does: refused while it runs.
struct Meta {
  net::PosixFileSystem files;
  net::ThreadLane lane{"meta", net::LaneClass::foreground};
  std::unique_ptr<engine::Db> db;

  Status open(const std::string& directory) {
    if (!files.exists(directory + "/meta"))
      return Error{ErrorCode::not_found,
                   directory + " is no node's data directory: name what --data-dir names"};
    auto opened = node::open_meta(files, directory, 0, lane, lane);
    if (!opened) return opened.error();
    db = std::move(*opened);
    return {};
  }
};

std::string line(const RecoverCommand& command, const std::string& rest) {
  return fmt::format("{} cluster recover {} {}", invoked_as(), shell_quoted(command.directory),
                     rest);
}

int print(const std::string& text) {
  fmt::print("{}", text);
  return std::fflush(stdout) == 0 ? done : failed;
}

void advise(const RecoverCommand& command) {
  say(fmt::format(
      "\nNothing was changed. Only if a majority of these voters is lost for good:\n"
      "  1. Stop ouro on every survivor, and run this command there.\n"
      "  2. The survivor with the highest position leads (of 4.57 and 4.61 the latter, of 4.61\n"
      "     and 5.2 too). There, and on no other:\n"
      "       {}\n"
      "  3. It prints what to run on all other survivors.\n"
      "  4. Start it, then the others. Then give up the lost: ouro cluster lost -h\n"
      "The lost must never be started again with the data directories that they had.",
      line(command, "--lead")));
}

/// Nothing if it may go on.
std::optional<int> refused(const RecoverCommand& command, const std::string& question) {
  if (command.yes) return std::nullopt;
  if (!is_terminal(standard_input)) {
    say_error("nothing was changed, for nobody can be asked",
              "repeat with --yes if this is what you want");
    return wrong_usage;
  }
  if (agreed(question)) return std::nullopt;
  say("nothing was changed");
  return failed;
}

int lead(const RecoverCommand& command, engine::Db& meta, const node::Standing& standing) {
  if (const Status may = node::may_take_over(standing); !may) return fail(may.error());
  if (!command.json) say(standing_text(standing));
  const auto code = refused(command,
                            "What only the lost voters knew is given up. Is no survivor at a "
                            "higher position, and shall this node lead?");
  if (code) return *code;
  net::SystemRandom random;
  raft::GroupId group = 0;
  while (group == 0 || group == standing.log.group) group = random.next();
  const auto taken = node::take_over(meta, group);
  if (!taken) return fail(taken.error());
  const std::string token = takeover_text(*taken);
  if (command.json) return print(fmt::format("{{\"led\":true,\"follow\":\"{}\"}}\n", token));
  say("This node leads alone now. On every other survivor, with its own directory:");
  const int printed =
      print(fmt::format("{} cluster recover DIR --follow {}\n", invoked_as(), token));
  say("Then start this node, and when it is ready the others.");
  return printed;
}

int follow(const RecoverCommand& command, engine::Db& meta, const node::Standing& standing) {
  const Result<node::Takeover> leader = parse_takeover(command.follow);
  if (!leader) return fail(leader.error());
  const Status may = node::may_wait_for(standing, *leader, command.accept_log_loss);
  if (!may)
    return fail(may.error(), may.error().code == ErrorCode::stale_epoch
                                 ? "--accept-log-loss follows it all the same"
                                 : "");
  if (!command.json) say(standing_text(standing));
  if (const auto code = refused(command, "Shall this node give up its metadata log?")) return *code;
  const Status waits = node::wait_for(meta, *leader, command.accept_log_loss);
  if (!waits) return fail(waits.error());
  if (command.json) return print("{\"follows\":true}\n");
  say("This node takes the metadata from the one that leads. Start it once that one is ready.");
  return done;
}

}  // namespace

int run_recover_command(const RecoverCommand& command) {
  Meta meta;
  if (const Status opened = meta.open(command.directory); !opened) return fail(opened.error());
  const Result<node::Standing> standing = node::look(*meta.db);
  if (!standing) return fail(standing.error());
  if (command.lead) return lead(command, *meta.db, *standing);
  if (!command.follow.empty()) return follow(command, *meta.db, *standing);
  if (command.json) return print(standing_json(*standing) + "\n");
  const int printed = print(standing_text(*standing));
  if (printed == done) advise(command);
  return printed;
}

}  // namespace ouro::cli
