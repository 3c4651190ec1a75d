#include "engine/survey_tables.hpp"

#include "engine/file_names.hpp"
#include "engine/printable.hpp"
#include "engine/table_reader.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {
namespace {

class TablesSurvey {
 public:
  TablesSurvey(const TablesFacts& facts, Survey& survey)
      : facts_(facts), survey_(survey), directory_(survey.store->store.directory) {}

  Status run() {
    for (SurveyedTable& table : survey_.files)
      if (Status read = read_table(table); !read) return read;
    if (!survey_.manifest_decides) leave_out_replaced();
    return {};
  }

 private:
  Status read_table(SurveyedTable& table) {
    const std::uint64_t number = table.meta.number;
    const std::string path = table_path(directory_, number);
    if (!table.present) return note_missing(table, path);
    const TableFacts& facts = facts_.at(number);
    if (facts.header_valid && facts.database_id != survey_.store->store.database_id) {
      table.state = TableState::foreign;
      survey_.damage.push_back(path + " at 0: it belongs to database " +
                               hexadecimal(facts.database_id) + ", not to this one");
      return {};
    }
    if (facts.header_valid && facts.number != number)
      return Error{ErrorCode::corruption, directory_ + ": " + table_path("", number).substr(1) +
                                              " is really " +
                                              table_path("", facts.number).substr(1) +
                                              "; give it its own name back, then try again"};
    const bool given_up = survey_.manifest.removed.contains(number);
    const bool needed = survey_.manifest_decides ? table.named : !given_up;
    if (!needed) {
      table.state = TableState::leftover;
      survey_.notes.push_back(path + ": not part of the database: left by a crash");
      return {};
    }
    if (survey_.manifest_decides) return verify_named(table, facts);
    return read_unnamed(table, facts);
  }

  Status note_missing(SurveyedTable& table, const std::string& path) {
    table.state = TableState::missing;
    const bool given_up =
        !survey_.manifest_decides && survey_.manifest.removed.contains(table.meta.number);
    if (!given_up)
      survey_.damage.push_back(path + ": missing, though the manifest names it; it had " +
                               description(table));
    return {};
  }

  std::string description(const SurveyedTable& table) const {
    const FileMeta& meta = table.meta;
    const std::string of =
        meta.table < survey_.tables.size() ? " of " + survey_.tables[meta.table].name : "";
    return std::to_string(meta.entries) + " entries" + of + " from " + quoted(meta.smallest) +
           " to " + quoted(meta.largest);
  }

  Status verify_named(SurveyedTable& table, const TableFacts& facts) {
    auto reader = TableReader::open(survey_.store->store, table.meta);
    if (reader) {
      VerifyReport report;
      if (Status verified = (*reader)->verify(report); !verified) return verified;
      survey_.blocks += report.blocks;
      table.entries = report.entries;
      if (report.damage.empty()) return {};
      append(survey_.damage, report.damage);
    } else {
      if (reader.error().code != ErrorCode::corruption) return reader.error();
      survey_.damage.push_back(reader.error().message);
    }
    if (facts.meta) {
      // The keys and the level are the manifest's to tell.
      FileMeta meta = *facts.meta;
      meta.table = table.meta.table;
      meta.level = table.meta.level;
      meta.smallest = table.meta.smallest;
      meta.largest = table.meta.largest;
      table.meta = std::move(meta);
    }
    return count_readable(table, facts);
  }

  Status read_unnamed(SurveyedTable& table, const TableFacts& facts) {
    const auto known = survey_.manifest.added.find(table.meta.number);
    if (facts.meta) table.meta = *facts.meta;
    const bool knows_table = facts.table || known != survey_.manifest.added.end();
    if (known != survey_.manifest.added.end()) {
      table.meta.table = known->second.table;
      table.meta.level = known->second.level;
    }
    if (facts.meta && !knows_table) {
      table.state = TableState::unreadable;
      survey_.damage.push_back(table_path(directory_, table.meta.number) +
                               ": its properties are damaged and no manifest tells which table "
                               "its entries belong to");
      return {};
    }
    if (!facts.header_valid)
      survey_.damage.push_back(table_path(directory_, table.meta.number) +
                               " at 0: this is no table header");
    return count_readable(table, facts);
  }

  // Of a damaged file, or one that no manifest vouches for.
  Status count_readable(SurveyedTable& table, const TableFacts& facts) {
    const std::string path = table_path(directory_, table.meta.number);
    const std::size_t damage_before = survey_.damage.size();
    table.state = TableState::unreadable;
    table.entries = 0;
    if (!facts.meta) {
      survey_.damage.push_back(path +
                               ": its footer is damaged, so that nothing of it can be found" +
                               (table.meta.entries > 0 ? "; it had " + description(table) : ""));
      return {};
    }
    const auto reader = TableReader::open_damaged(survey_.store->store, table.meta);
    if (!reader) {
      if (reader.error().code != ErrorCode::corruption) return reader.error();
      survey_.damage.push_back(reader.error().message);
      return {};
    }
    SalvageIterator entries(*reader, survey_.damage);
    std::string first;
    std::string last;
    for (entries.seek_to_first(); entries.valid(); entries.next()) {
      last.assign(entries.entry().key);
      if (table.entries++ == 0) first = last;
    }
    if (!entries.status()) return entries.status();
    if (table.entries == 0) return {};
    keys_.emplace(table.meta.number, std::pair(std::move(first), std::move(last)));
    const bool lost_some = survey_.damage.size() != damage_before;
    table.state = survey_.manifest_decides || lost_some ? TableState::damaged : TableState::whole;
    return {};
  }

  static void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  // A file that waited for its removal may hold values newer by their sequence than those which
  // settled data, of sequence 0, has in their place. Only what whole files say is believed: of what
  // a damaged or missing one had taken over, the older files have the only copy.
  void leave_out_replaced() {
    std::map<std::uint64_t, std::vector<ReplacedPart>> replaced;
    for (const SurveyedTable& table : survey_.files)
      if (table.state == TableState::whole)
        for (const ReplacedPart& part : facts_.at(table.meta.number).replaced)
          replaced[part.number].push_back(part);
    for (SurveyedTable& table : survey_.files) {
      const auto parts = replaced.find(table.meta.number);
      const auto keys = keys_.find(table.meta.number);
      if (parts == replaced.end() || keys == keys_.end()) continue;
      if (!parts_cover(parts->second, keys->second.first, keys->second.second)) continue;
      table.state = TableState::leftover;
      survey_.notes.push_back(table_path(directory_, table.meta.number) +
                              ": left out, for other files have taken its place");
    }
  }

  const TablesFacts& facts_;
  Survey& survey_;
  const std::string& directory_;
  std::map<std::uint64_t, std::pair<std::string, std::string>> keys_;  // first and last readable
};

}  // namespace

Status survey_tables(const TablesFacts& facts, Survey& survey) {
  return TablesSurvey(facts, survey).run();
}

std::string_view name(TableState state) {
  switch (state) {
    case TableState::whole:
      return "whole";
    case TableState::damaged:
      return "damaged";
    case TableState::unreadable:
      return "unreadable";
    case TableState::missing:
      return "missing";
    case TableState::foreign:
      return "of another database";
    case TableState::leftover:
      return "leftover";
  }
  return "?";
}

}  // namespace ouro::engine
