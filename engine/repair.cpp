#include "engine/repair.hpp"

#include "base/coding.hpp"
#include "engine/file_names.hpp"
#include "engine/lost_files.hpp"
#include "engine/manifest.hpp"
#include "engine/repair_tables.hpp"
#include "engine/survey.hpp"
#include "engine/wal_writer.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace ouro::engine {
namespace {

// Names the first file that an unfinished repair wrote. A normal open removes it (as every
// temporary file), for then the numbers behind it belong to somebody else.
std::string marker_path(const std::string& directory) { return directory + "/repair.tmp"; }

Result<std::optional<std::uint64_t>> read_marker(FileSystem& files, const std::string& directory) {
  const std::string path = marker_path(directory);
  if (!files.exists(path)) return std::optional<std::uint64_t>();
  const auto bytes = files.read_file(path);
  if (!bytes) return bytes.error();
  Reader reader(*bytes);
  const std::uint64_t number = reader.big64();
  if (!reader.finished()) return std::optional<std::uint64_t>();
  return std::optional(number);
}

class Repair {
 public:
  Repair(FileSystem& files, const std::string& directory, const RepairOptions& options)
      : files_(files), directory_(directory), options_(options) {}

  Result<RepairReport> run() {
    auto lock = lock_database(files_, directory_);
    if (!lock) return lock.error();
    lock_ = std::move(*lock);
    if (!options_.dry_run) {
      if (Status undone = undo_unfinished(); !undone) return undone.error();
    }
    if (Status planned = plan(); !planned) return planned.error();
    if (report_.method == RepairMethod::none || options_.dry_run) return std::move(report_);
    if (Status done = carry_out(); !done) return done.error();
    report_.done = true;
    return std::move(report_);
  }

 private:
  // What a repair that was stopped had written holds nothing that is not in its inputs, and those
  // are all still here: they are only taken away when the marker is.
  Status undo_unfinished() {
    const auto first = read_marker(files_, directory_);
    if (!first) return first.error();
    if (!*first) return {};
    const auto current = read_current(files_, directory_);
    if (!current && current.error().code != ErrorCode::corruption) return current.error();
    const bool counts = current && *current >= **first;
    if (!counts) {
      const auto present = files_.list(directory_);
      if (!present) return present.error();
      for (const std::string& name : *present) {
        const auto file = parse_file_name(name);
        if (!file || file->number < **first) continue;
        if (Status removed = files_.remove(directory_ + "/" + name); !removed) return removed;
      }
      if (Status synced = files_.sync_directory(directory_); !synced) return synced;
    }
    return remove_marker();
  }

  Status remove_marker() {
    if (Status removed = files_.remove(marker_path(directory_)); !removed) return removed;
    return files_.sync_directory(directory_);
  }

  Status plan() {
    SurveyQuestion question;
    question.options = options_.output;
    question.options.directory = directory_;
    question.options.tables = options_.tables;
    question.salvage = options_.salvage;
    auto survey = survey_directory(files_, question);
    if (!survey) return survey.error();
    survey_ = std::move(*survey);
    report_.damage = survey_.damage;
    report_.notes = survey_.notes;
    report_.changes_kept = survey_.logs.changes;
    report_.changes_left_out = survey_.logs.left_out;
    if (survey_.damage.empty()) return {};
    report_.method = survey_.manifest_decides ? RepairMethod::replace : RepairMethod::rebuild;
    for (const SurveyedTable& table : survey_.files) {
      if (table.state != TableState::leftover) report_.entries_kept += table.entries;
      if (stays(table)) kept_.insert(table.meta.number);
    }
    report_.files_kept = kept_.size();
    for (const std::string& name : survey_.present)
      if (goes(name)) report_.moved.push_back(name);
    return {};
  }

  bool stays(const SurveyedTable& table) const {
    return survey_.manifest_decides && table.named && table.state == TableState::whole;
  }

  bool goes(const std::string& name) const {
    const auto file = parse_file_name(name);
    if (!file) return false;
    switch (file->kind) {
      case FileKind::lock:
      case FileKind::temporary:
        return false;
      case FileKind::table:
        return !kept_.contains(file->number);
      case FileKind::current:
      case FileKind::log:
      case FileKind::manifest:
        return true;
    }
    return false;
  }

  Status carry_out() {
    if (Status begun = begin(); !begun) return begun;
    ManifestEdit edit;
    edit.tables = survey_.tables;
    edit.last_sequence = survey_.last_sequence;
    for (const SurveyedTable& table : survey_.files)
      if (stays(table)) edit.files.added.push_back(table.meta);
    if (Status written = write_repaired(survey_, edit.files); !written) return written;
    report_.files_written = edit.files.added.size() - report_.files_kept;
    if (Status kept = keep_lost(files_, directory_, report_.moved); !kept) return kept;
    if (Status switched = switch_to(edit); !switched) return switched;
    // From here on what is left to do is tidying.
    if (Status removed = remove_marker(); !removed) return removed;
    for (const std::string& name : report_.moved) {
      if (name == "CURRENT") continue;
      if (Status removed = files_.remove(directory_ + "/" + name); !removed) return removed;
    }
    return files_.sync_directory(directory_);
  }

  Status begin() {
    next_number_ = survey_.next_file_number;
    survey_.store->store.next_number = [this] { return next_number_++; };
    std::string bytes;
    put_big64(bytes, next_number_);
    return replace_file(files_, marker_path(directory_), bytes);
  }

  Status switch_to(const ManifestEdit& edit) {
    ManifestState state;
    state.identity = survey_.identity;
    if (Status applied = state.apply(edit); !applied) return applied;
    LogHeader header;
    header.number = next_number_++;
    header.identity = survey_.identity;
    header.first_sequence = state.last_sequence + 1;
    // Also makes the names of the new table files durable.
    const auto log = LogWriter::create(files_, log_path(directory_, header.number), header);
    if (!log) return log.error();
    const std::uint64_t number = next_number_++;
    state.log_number = header.number;
    state.next_file_number = next_number_;
    const auto manifest = Manifest::create(files_, directory_, number, state);
    if (!manifest) return manifest.error();
    return (*manifest)->make_current(files_, directory_);
  }

  FileSystem& files_;
  const std::string& directory_;
  const RepairOptions& options_;
  std::unique_ptr<FileLock> lock_;
  Survey survey_;
  RepairReport report_;
  std::set<std::uint64_t> kept_;
  std::uint64_t next_number_ = 0;
};

}  // namespace

Result<RepairReport> repair(FileSystem& files, const std::string& directory,
                            const RepairOptions& options) {
  return Repair(files, directory, options).run();
}

}  // namespace ouro::engine
