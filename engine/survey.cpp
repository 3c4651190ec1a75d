#include "engine/survey.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/file_names.hpp"
#include "engine/log_bytes.hpp"
#include "engine/printable.hpp"
#include "engine/survey_tables.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace ouro::engine {
namespace {

std::uint64_t database_id(const DbIdentity& identity) {
  return load_fixed<std::uint64_t>(identity.data());
}

class Surveyor {
 public:
  Surveyor(FileSystem& files, const SurveyQuestion& question)
      : files_(files), question_(question), directory_(question.options.directory) {}

  Result<Survey> run() {
    for (const auto step : {&Surveyor::list, &Surveyor::read_manifests, &Surveyor::read_facts,
                            &Surveyor::identify, &Surveyor::name_tables, &Surveyor::classify,
                            &Surveyor::read_tables, &Surveyor::read_logs})
      if (Status done = (this->*step)(); !done) return done.error();
    count_up();
    return std::move(survey_);
  }

 private:
  Error mixed_up(const std::string& what) const {
    return {ErrorCode::corruption, directory_ + ": " + what};
  }

  Status list() {
    auto present = files_.list(directory_);
    if (!present) return present.error();
    for (const std::string& name : *present) {
      const auto file = parse_file_name(name);
      if (!file) continue;
      if (file->kind == FileKind::table) table_numbers_.insert(file->number);
      if (file->kind == FileKind::log) log_numbers_.push_back(file->number);
      survey_.next_file_number = std::max(survey_.next_file_number, file->number + 1);
    }
    std::sort(log_numbers_.begin(), log_numbers_.end());
    survey_.present = std::move(*present);
    return {};
  }

  Status read_manifests() {
    auto manifests = survey_manifests(files_, directory_, survey_.present);
    if (!manifests) return manifests.error();
    survey_.manifest = std::move(*manifests);
    survey_.damage = survey_.manifest.damage;
    survey_.notes = survey_.manifest.notes;
    survey_.next_file_number =
        std::max(survey_.next_file_number, survey_.manifest.state.next_file_number);
    for (const auto& [number, file] : survey_.manifest.added)
      survey_.next_file_number = std::max(survey_.next_file_number, number + 1);
    return {};
  }

  // Headers first: they tell which database this is, and everything else depends on that.
  Status read_facts() {
    for (const std::uint64_t number : log_numbers_) {
      const auto log = LogBytes::read(files_, log_path(directory_, number), LogKind::wal, number);
      if (!log) return log.error();
      if (log->header) identities_.push_back(log->header->identity);
    }
    const std::uint64_t likely = survey_.manifest.identities.empty()
                                     ? (identities_.empty() ? 0 : database_id(identities_[0]))
                                     : database_id(survey_.manifest.identities[0]);
    for (const std::uint64_t number : table_numbers_) {
      auto facts = table_facts(files_, directory_, number, likely);
      if (!facts) return facts.error();
      facts_.emplace(number, std::move(*facts));
    }
    return {};
  }

  Status identify() {
    std::set<std::uint64_t> seen;
    for (const DbIdentity& identity : identities_) seen.insert(database_id(identity));
    for (const auto& [number, facts] : facts_)
      if (facts.header_valid) seen.insert(facts.database_id);
    if (survey_.manifest.number != 0) {
      survey_.identity = survey_.manifest.state.identity;
      const bool known = seen.empty() || seen.contains(database_id(survey_.identity));
      if (known) return {};
      return mixed_up("the manifest belongs to database " +
                      hexadecimal(database_id(survey_.identity)) +
                      " and all other files to another; bring back the right CURRENT and "
                      "manifest, or move them away to repair without");
    }
    for (const DbIdentity& identity : survey_.manifest.identities)
      seen.insert(database_id(identity));
    if (seen.empty())
      return mixed_up("no file tells which database this is, nothing can be read; restore it");
    if (seen.size() > 1) {
      std::string ids;
      for (const std::uint64_t id : seen) ids += (ids.empty() ? "" : ", ") + hexadecimal(id);
      return mixed_up("files of several databases (" + ids +
                      ") and no manifest that tells which one this is; move those of the others "
                      "away");
    }
    complete_identity(*seen.begin());
    return {};
  }

  // Table files hold a half of the identity; the other half only has to be the same from now on.
  void complete_identity(std::uint64_t id) {
    std::string bytes;
    put_fixed(bytes, id);
    put_fixed(bytes, hash64(bytes));
    bytes.copy(survey_.identity.data(), survey_.identity.size());
    for (const auto* all : {&survey_.manifest.identities, &identities_})
      for (const DbIdentity& identity : *all)
        if (database_id(identity) == id) survey_.identity = identity;
  }

  Status name_tables() {
    const std::uint64_t id = database_id(survey_.identity);
    std::map<std::size_t, TableSpec> known;
    for (std::size_t i = 0; i < survey_.manifest.state.tables.size(); ++i)
      known.emplace(i, survey_.manifest.state.tables[i]);
    for (const auto& [number, facts] : facts_) {
      if (!facts.table || (facts.header_valid && facts.database_id != id)) continue;
      const TableSpec& spec = *facts.table;
      const auto [at, is_new] = known.emplace(facts.meta->table, spec);
      if (!is_new && at->second.name != spec.name)
        return mixed_up(table_path(directory_, number) + " holds the table \"" + spec.name +
                        "\" where others have \"" + at->second.name +
                        "\"; move the wrong ones away");
    }
    for (std::size_t i = 0; i < question_.options.tables.size(); ++i)
      known.emplace(i, question_.options.tables[i]);
    for (auto& [table, spec] : known) {
      if (table != survey_.tables.size()) break;
      survey_.tables.push_back(std::move(spec));
    }
    if (!survey_.tables.empty() && survey_.tables.size() == known.size()) {
      Options options = question_.options;
      options.tables = survey_.tables;
      options.memory_bytes = 0;  // everything is read once
      survey_.store = std::make_unique<OfflineStore>(std::move(options), files_, survey_.identity);
      return {};
    }
    return nameless(survey_.tables.size());
  }

  Error nameless(std::size_t table) const {
    return mixed_up("no file tells the name of table " + std::to_string(table) +
                    "; give all names in the order in which they were created");
  }

  // Which files are there and which should be; and so, who decides what is needed.
  Status classify() {
    const ManifestSurvey& manifest = survey_.manifest;
    std::set<std::uint64_t> numbers = table_numbers_;
    for (const auto& [number, file] : manifest.state.files) numbers.insert(number);
    bool missing = false;
    bool unnamed = false;
    for (const std::uint64_t number : numbers) {
      SurveyedTable table;
      table.present = table_numbers_.contains(number);
      table.named = manifest.state.files.contains(number);
      if (const auto known = manifest.added.find(number); known != manifest.added.end())
        table.meta = known->second;
      table.meta.number = number;
      missing = missing || !table.present;
      unnamed = unnamed || (!table.named && !manifest.removed.contains(number));
      survey_.files.push_back(std::move(table));
    }
    const auto& log = manifest.state.log_number;
    missing = missing || !std::binary_search(log_numbers_.begin(), log_numbers_.end(), log);
    // Files that are missing and files that nobody names: the manifest's end was lost unnoticed.
    survey_.manifest_decides = manifest.complete && !(missing && unnamed);
    if (manifest.complete && !survey_.manifest_decides)
      survey_.damage.push_back(manifest_path(directory_, manifest.number) + " at " +
                               std::to_string(manifest.size) +
                               ": edits must have been lost behind this place, for files that it "
                               "names are missing and others are there");
    return {};
  }

  Status read_tables() { return survey_tables(facts_, survey_); }

  static void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  Status read_logs() {
    LogQuestion question;
    question.identity = survey_.identity;
    question.tables = survey_.tables;
    question.salvage = question_.salvage;
    if (survey_.manifest_decides)
      question.begin = LogQuestion::Begin{survey_.manifest.state.log_number,
                                          survey_.manifest.state.last_sequence + 1};
    auto logs = survey_logs(files_, directory_, log_numbers_, question);
    if (!logs) return logs.error();
    survey_.logs = std::move(*logs);
    // Names may be all that is missing: that is no reason to leave changes out.
    if (!survey_.manifest_decides && survey_.logs.unknown_table)
      return nameless(*survey_.logs.unknown_table);
    append(survey_.damage, survey_.logs.damage);
    append(survey_.notes, survey_.logs.notes);
    return {};
  }

  void count_up() {
    survey_.last_sequence =
        std::max(survey_.manifest.state.last_sequence, survey_.logs.last_sequence);
    for (const SurveyedTable& table : survey_.files) {
      survey_.entries += table.entries;
      survey_.last_sequence = std::max(survey_.last_sequence, table.meta.max_sequence);
    }
  }

  FileSystem& files_;
  const SurveyQuestion& question_;
  const std::string& directory_;
  Survey survey_;
  std::set<std::uint64_t> table_numbers_;
  std::vector<std::uint64_t> log_numbers_;
  std::vector<DbIdentity> identities_;  // of the logs' headers
  TablesFacts facts_;
};

}  // namespace

OfflineStore::OfflineStore(Options options_, FileSystem& files, const DbIdentity& identity)
    : options(std::move(options_)), store(options, files, database_id(identity)) {
  store.directory = options.directory;
}

Result<Survey> survey_directory(FileSystem& files, const SurveyQuestion& question) {
  return Surveyor(files, question).run();
}

Result<std::unique_ptr<FileLock>> lock_database(FileSystem& files, const std::string& directory) {
  const auto present = files.list(directory);
  if (!present) return present.error();
  const auto is_ours = [](const std::string& name) {
    const auto file = parse_file_name(name);
    return file && file->kind != FileKind::lock && file->kind != FileKind::temporary;
  };
  if (std::none_of(present->begin(), present->end(), is_ours))
    return Error{ErrorCode::not_found,
                 directory + ": holds no file of a database; name the directory that has them"};
  if (!files.exists(lock_path(directory))) return std::unique_ptr<FileLock>();
  auto lock = files.lock(lock_path(directory));
  if (!lock && lock.error().code == ErrorCode::denied)
    return Error{ErrorCode::denied, directory +
                                        ": a running node has it open; stop the node, or take a "
                                        "checkpoint and look at that"};
  return lock;
}

}  // namespace ouro::engine
