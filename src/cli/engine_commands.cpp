#include "cli/engine_commands.hpp"

#include "cli/engine_report.hpp"
#include "cli/exit_code.hpp"
#include "cli/key_commands.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "engine/inspect.hpp"
#include "net/posix_file_system.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace ouro::cli {
namespace {

// A node keeps two databases side by side: its own memory and the cluster's data.
bool is_node_directory(FileSystem& files, const std::string& directory) {
  return files.exists(directory + "/data") && files.exists(directory + "/meta");
}

const char* word_of(EngineCommand::What what) {
  switch (what) {
    case EngineCommand::What::dump:
      return "dump";
    case EngineCommand::What::verify:
      return "verify";
    case EngineCommand::What::stats:
      return "stats";
    case EngineCommand::What::repair:
      return "repair";
  }
  return "";
}

std::string command_line(const char* word, const std::string& directory) {
  return fmt::format("{} engine {} {}", invoked_as(), word, shell_quoted(directory));
}

}  // namespace

int run_engine_command(const EngineCommand& command) {
  net::PosixFileSystem files;
  EngineCommand plain = command;
  while (plain.directory.size() > 1 && plain.directory.ends_with('/')) plain.directory.pop_back();
  switch (plain.what) {
    case EngineCommand::What::dump:
      return run_dump(files, plain);
    case EngineCommand::What::verify:
      return run_verify(files, plain);
    case EngineCommand::What::stats:
      return run_stats(files, plain);
    case EngineCommand::What::repair:
      return run_repair(files, plain);
  }
  return failed;
}

int run_verify(FileSystem& files, const EngineCommand& command) {
  engine::SurveyQuestion question;
  question.options.directory = command.directory;
  question.options.tables = default_tables(command.directory);
  const auto survey = engine::verify_database(files, question);
  if (!survey) return tell_engine_error(files, command, survey.error());
  const nlohmann::json report = verify_json(command.directory, *survey);
  if (!print_all(command.json ? report.dump() + "\n" : verify_text(report))) return failed;
  if (survey->damage.empty()) return done;
  say_error(command.directory + " is damaged",
            command_line("repair", command.directory) +
                " --dry-run shows what can be kept; a replica may have it all");
  return failed;
}

int run_stats(FileSystem& files, const EngineCommand& command) {
  const auto inspector = engine::Inspector::open(files, command.directory);
  if (!inspector) return tell_engine_error(files, command, inspector.error());
  const nlohmann::json report = stats_json(command.directory, **inspector);
  return print_all(command.json ? report.dump() + "\n" : stats_text(report)) ? done : failed;
}

int tell_engine_error(FileSystem& files, const EngineCommand& command, const Error& error) {
  const std::string& directory = command.directory;
  if (error.code == ErrorCode::not_found && is_node_directory(files, directory)) {
    const char* const word = word_of(command.what);
    say_error(directory + " is a node's directory and holds two databases",
              "name one: " + command_line(word, directory + "/data") + ", or " +
                  command_line(word, directory + "/meta"));
    return wrong_usage;
  }
  std::string hint;
  if (error.code == ErrorCode::corruption && command.what != EngineCommand::What::repair &&
      command.what != EngineCommand::What::verify)
    hint = command_line("verify", directory) + " tells of all damage";
  say_error(error.message, hint);
  switch (error.code) {
    case ErrorCode::not_found:
      return not_found;
    case ErrorCode::invalid_argument:
      return wrong_usage;
    default:
      return failed;
  }
}

bool print_all(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return true;
  say_error("cannot write to standard output", "");
  return false;
}

}  // namespace ouro::cli
