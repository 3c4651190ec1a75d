// `ouro engine repair`.
#include "cli/engine_commands.hpp"
#include "cli/engine_report.hpp"
#include "cli/exit_code.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "engine/repair.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>

namespace ouro::cli {
namespace {

constexpr std::string_view token_suffix = ":token";
constexpr int standard_input = 0;

engine::RepairOptions options_of(const EngineCommand& command) {
  engine::RepairOptions options;
  options.salvage = command.salvage;
  if (command.tables.empty()) options.tables = default_tables(command.directory);
  for (const std::string& typed : command.tables) {
    const bool token = typed.ends_with(token_suffix);
    options.tables.push_back(
        {typed.substr(0, typed.size() - (token ? token_suffix.size() : 0)), token});
  }
  return options;
}

// What there is to decide, to those who decide.
bool show(const EngineCommand& command, const engine::RepairReport& report) {
  const nlohmann::json json = repair_json(command.directory, report);
  return print_all(command.json ? json.dump() + "\n" : repair_text(json));
}

}  // namespace

int run_repair(FileSystem& files, const EngineCommand& command) {
  engine::RepairOptions options = options_of(command);
  options.dry_run = true;
  const auto plan = engine::repair(files, command.directory, options);
  if (!plan) return tell_engine_error(files, command, plan.error());
  const bool is_last = command.dry_run || plan->method == engine::RepairMethod::none;
  // With --json there is one object: what was done in the end.
  if ((is_last || !command.json) && !show(command, *plan)) return failed;
  if (is_last) return done;
  if (!command.yes && !is_terminal(standard_input)) {
    say_error("nothing was changed, for nobody can be asked",
              "repeat with --yes if this is what you want; --dry-run only shows the plan");
    return wrong_usage;
  }
  if (!command.yes && !agreed("Repair it?")) {
    say("nothing was changed");
    return failed;
  }
  options.dry_run = false;
  const auto report = engine::repair(files, command.directory, options);
  if (!report) return tell_engine_error(files, command, report.error());
  if (command.json) return show(command, *report) ? done : failed;
  say(fmt::format("repaired: {} table files kept, {} written; what was replaced is in {}/{}",
                  report->files_kept, report->files_written, command.directory,
                  engine::lost_directory));
  return done;
}

}  // namespace ouro::cli
