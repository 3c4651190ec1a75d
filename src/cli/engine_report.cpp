#include "cli/engine_report.hpp"

#include "cli/report.hpp"
#include "engine/file_names.hpp"
#include "engine/printable.hpp"
#include "kv/tables.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

namespace ouro::cli {
namespace {

using Json = nlohmann::json;
using engine::TableSpec;

std::string identity_text(const engine::DbIdentity& identity) {
  return engine::hexadecimal({identity.data(), identity.size()});
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string table_name(const std::vector<TableSpec>& tables, engine::TableId table) {
  return table < tables.size() ? tables[table].name : "";
}

Json segments_json(const std::vector<engine::LogSegment>& segments) {
  Json all = Json::array();
  for (const engine::LogSegment& segment : segments)
    all.push_back({{"file", name_of(engine::log_path("", segment.number))},
                   {"state", engine::name(segment.state)},
                   {"bytes", segment.size},
                   {"changes", segment.changes},
                   {"first_sequence", segment.first_sequence}});
  return all;
}

Json level_json(unsigned level) {
  return {{"level", level}, {"files", 0}, {"bytes", 0}, {"entries", 0}};
}

void count(Json& level, const engine::FileMeta& file) {
  level["files"] = level["files"].get<std::uint64_t>() + 1;
  level["bytes"] = level["bytes"].get<std::uint64_t>() + file.size;
  level["entries"] = level["entries"].get<std::uint64_t>() + file.entries;
}

std::string number(const Json& value) { return std::to_string(value.get<std::uint64_t>()); }

std::string lines(const Json& report, const char* member, const char* heading) {
  const Json& sentences = report.at(member);
  if (sentences.empty()) return "";
  std::string text = fmt::format("\n{} ({})\n", heading, sentences.size());
  for (const Json& sentence : sentences) text += "  " + sentence.get<std::string>() + "\n";
  return text;
}

std::string segment_table(const Json& segments) {
  std::vector<std::vector<std::string>> rows{{"LOG SEGMENT", "STATE", "BYTES", "CHANGES"}};
  for (const Json& segment : segments)
    rows.push_back({segment.at("file"), segment.at("state"), number(segment.at("bytes")),
                    number(segment.at("changes"))});
  return aligned(rows);
}

const char* method_name(engine::RepairMethod method) {
  switch (method) {
    case engine::RepairMethod::none:
      return "none";
    case engine::RepairMethod::replace:
      return "replace";
    case engine::RepairMethod::rebuild:
      return "rebuild";
  }
  return "";
}

}  // namespace

std::vector<TableSpec> default_tables(const std::string& directory) {
  const std::string name = name_of(directory);
  if (name == "data") return kv::data_tables();
  if (name == "meta") return {{"system", false}};
  return {};
}

Json stats_json(const std::string& directory, const engine::Inspector& inspector) {
  const engine::ManifestState& state = inspector.state();
  Json tables = Json::array();
  for (std::size_t i = 0; i < state.tables.size(); ++i) {
    std::map<unsigned, Json> levels;
    for (const auto& [number, file] : state.files) {
      if (file.table != i) continue;
      count(levels.try_emplace(file.level, level_json(file.level)).first->second, file);
    }
    Json list = Json::array();
    for (auto& [level, json] : levels) list.push_back(std::move(json));
    tables.push_back({{"id", i},
                      {"name", state.tables[i].name},
                      {"token_order", state.tables[i].token_order},
                      {"levels", std::move(list)}});
  }
  return {{"schema", "ouro.engine.stats/1"},
          {"directory", directory},
          {"identity", identity_text(state.identity)},
          {"manifest", name_of(engine::manifest_path("", inspector.manifest_number()))},
          {"last_sequence", inspector.last_sequence()},
          {"next_file_number", state.next_file_number},
          {"tables", std::move(tables)},
          {"log_changes", inspector.logged_changes()},
          {"log_segments", segments_json(inspector.segments())}};
}

std::string stats_text(const Json& stats) {
  std::vector<std::vector<std::string>> rows{
      {"TABLE", "ORDER", "LEVEL", "FILES", "BYTES", "ENTRIES"}};
  for (const Json& table : stats.at("tables")) {
    const char* const order = table.at("token_order").get<bool>() ? "token" : "bytes";
    if (table.at("levels").empty()) rows.push_back({table.at("name"), order, "-", "0", "0", "0"});
    for (const Json& level : table.at("levels"))
      rows.push_back({table.at("name"), order, number(level.at("level")), number(level.at("files")),
                      number(level.at("bytes")), number(level.at("entries"))});
  }
  return fmt::format("database {}  {}  last sequence {}  {} changes only in the log\n\n{}\n{}",
                     stats.at("identity").get<std::string>(),
                     stats.at("manifest").get<std::string>(), number(stats.at("last_sequence")),
                     number(stats.at("log_changes")), aligned(rows),
                     segment_table(stats.at("log_segments")));
}

Json verify_json(const std::string& directory, const engine::Survey& survey) {
  Json files = Json::array();
  for (const engine::SurveyedTable& table : survey.files)
    files.push_back({{"file", name_of(engine::table_path("", table.meta.number))},
                     {"state", engine::name(table.state)},
                     {"table", table_name(survey.tables, table.meta.table)},
                     {"level", table.meta.level},
                     {"bytes", table.meta.size},
                     {"entries", table.meta.entries},
                     {"entries_readable", table.entries}});
  return {{"schema", "ouro.engine.verify/1"},
          {"directory", directory},
          {"damaged", !survey.damage.empty()},
          {"identity", identity_text(survey.identity)},
          {"table_files", std::move(files)},
          {"log_segments", segments_json(survey.logs.segments)},
          {"blocks", survey.blocks},
          {"entries", survey.entries},
          {"log_changes", survey.logs.changes},
          {"damage", survey.damage},
          {"notes", survey.notes}};
}

std::string verify_text(const Json& report) {
  std::vector<std::vector<std::string>> rows{
      {"TABLE FILE", "STATE", "TABLE", "LEVEL", "BYTES", "ENTRIES"}};
  for (const Json& file : report.at("table_files"))
    rows.push_back({file.at("file"), file.at("state"), file.at("table"), number(file.at("level")),
                    number(file.at("bytes")), number(file.at("entries"))});
  const std::string found =
      report.at("damaged").get<bool>() ? "damaged" : "every byte is what was written";
  return fmt::format("{}\n{}{}{}\n{}: {} entries in {} table files, {} changes in the log\n",
                     aligned(rows), segment_table(report.at("log_segments")),
                     lines(report, "notes", "notes"), lines(report, "damage", "damage"), found,
                     number(report.at("entries")), report.at("table_files").size(),
                     number(report.at("log_changes")));
}

Json repair_json(const std::string& directory, const engine::RepairReport& report) {
  return {{"schema", "ouro.engine.repair/1"},
          {"directory", directory},
          {"method", method_name(report.method)},
          {"done", report.done},
          {"files_kept", report.files_kept},
          {"files_written", report.files_written},
          {"entries_kept", report.entries_kept},
          {"changes_kept", report.changes_kept},
          {"changes_left_out", report.changes_left_out},
          {"moved", report.moved},
          {"damage", report.damage},
          {"notes", report.notes}};
}

std::string repair_text(const Json& report) {
  const std::string method = report.at("method");
  const bool is_done = report.at("done");
  if (method == "none") return "nothing is damaged: there is nothing to repair\n";
  const std::string how =
      method == "replace"
          ? "the manifest is right: only what is damaged is written anew"
          : "no manifest tells what counts: everything readable is merged into new files. Keys "
            "that were removed or replaced shortly before the damage may come back";
  const std::string left_out = number(report.at("changes_left_out"));
  std::string text = lines(report, "damage", "damage").substr(1) + lines(report, "notes", "notes");
  text += fmt::format(
      "\n{}\n  method         {}: {}\n  kept as it is  {} table files\n  readable       {} entries "
      "in "
      "table files, {} changes in the log\n",
      is_done ? "done" : "plan", method, how, number(report.at("files_kept")),
      number(report.at("entries_kept")), number(report.at("changes_kept")));
  if (is_done)
    text += fmt::format("  written        {} table files\n", number(report.at("files_written")));
  if (left_out != "0")
    text += "  left out       " + left_out +
            " changes that lie behind damage in the log; --salvage takes them\n";
  text += fmt::format("  to {}/{}\n", report.at("directory").get<std::string>(),
                      engine::lost_directory);
  for (const Json& name : report.at("moved")) text += "    " + name.get<std::string>() + "\n";
  return text;
}

}  // namespace ouro::cli
