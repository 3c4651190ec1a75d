// Copies of the database, and checking all of it.
#include "engine/db_impl.hpp"
#include "engine/file_names.hpp"
#include "engine/wal_reader.hpp"

#include <string>
#include <utility>

namespace ouro::engine {

// Makes the directory, which must not be one that holds anything, for checkpoints and exports.
Status DbImpl::begin_copy(const std::string& directory) {
  if (files_.exists(directory)) {
    const auto names = files_.list(directory);
    if (!names) return names.error();
    if (!names->empty())
      return Error{ErrorCode::exists, directory + ": is not empty; name a new directory"};
  }
  if (Status created = files_.create_directory(directory); !created) return created;
  return files_.sync_directory(directory_of(directory));
}

// Half a copy is of no use. What cannot be removed has no CURRENT, or no list, and is refused.
void DbImpl::abandon_copy(const std::string& directory) {
  if (const auto names = files_.list(directory))
    for (const std::string& name : *names) static_cast<void>(files_.remove(directory + "/" + name));
}

Status DbImpl::checkpoint(const std::string& directory) {
  if (Status begun = begin_copy(directory); !begun) return begun;
  // Not a loop until nothing waits: writes go on, and would keep it from ending.
  if (const auto flushed = flush_present(); !flushed) return flushed.error();
  Status filled = fill_checkpoint(directory);
  if (!filled) abandon_copy(directory);
  return filled;
}

Status DbImpl::fill_checkpoint(const std::string& directory) {
  ManifestState copy;
  std::shared_ptr<const Version> pinned;  // keeps the files until they have their second name
  {
    const std::lock_guard lock(manifest_mutex_);
    copy = manifest_state_;
    pinned = state()->version;
  }
  for (const auto& [number, file] : copy.files)
    if (Status linked =
            files_.link(table_path(options_.directory, number), table_path(directory, number));
        !linked)
      return linked;
  LogHeader header;
  header.number = new_number();
  header.identity = identity_;
  header.first_sequence = copy.last_sequence + 1;
  const std::uint64_t manifest_number = new_number();
  // Also makes the links durable.
  const auto log = LogWriter::create(files_, log_path(directory, header.number), header);
  if (!log) return log.error();
  copy.log_number = header.number;
  copy.next_file_number = manifest_number + 1;
  const auto manifest = Manifest::create(files_, directory, manifest_number, copy);
  if (!manifest) return manifest.error();
  return (*manifest)->make_current(files_, directory);
}

Result<VerifyReport> DbImpl::verify() {
  VerifyReport report;
  const auto version = state()->version;
  for (const TableFile& file : version->files())
    if (Status verified = file->verify(report); !verified) return verified.error();
  if (Status verified = verify_logs(report); !verified) return verified.error();
  if (Status verified = verify_manifest(report); !verified) return verified.error();
  return report;
}

ScrubProgress DbImpl::scrub(std::size_t bytes) {
  const std::lock_guard lock(scrub_mutex_);
  // The number first: files that come between the two belong to the next round.
  const std::uint64_t next_number = next_file_number_.load();
  ScrubProgress progress = scrubber_.advance(*state()->version, next_number, bytes);
  scrubbed_bytes_.add(progress.bytes);
  scrub_damage_.add(progress.damage.size());
  if (progress.round_complete) scrub_rounds_.add();
  return progress;
}

bool DbImpl::needs_log(std::uint64_t number) {
  const auto present = state();
  const std::uint64_t first =
      present->waiting.empty() ? present->active->first_log : present->waiting.back()->first_log;
  return number >= first;
}

// Each segment must be whole up to the end that its successor records, the last up to where it has
// been written.
Status DbImpl::verify_logs(VerifyReport& report) {
  std::vector<std::uint64_t> numbers;
  std::uint64_t last_end = 0;
  {
    const std::lock_guard lock(write_mutex_);
    const auto present = state();
    for (auto it = present->waiting.rbegin(); it != present->waiting.rend(); ++it)
      numbers.insert(numbers.end(), (*it)->logs.begin(), (*it)->logs.end());
    numbers.insert(numbers.end(), present->active->logs.begin(), present->active->logs.end());
    last_end = log_->end();
  }
  std::uint64_t end = last_end;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    if (Status verified = verify_log(*number, end, report); !verified) return verified;
    const auto reader =
        LogReader::open(files_, log_path(options_.directory, *number), LogKind::wal, *number);
    if (!reader) break;  // reported already, or flushed meanwhile with all before it
    end = reader->header().previous_end;
  }
  return {};
}

Status DbImpl::verify_log(std::uint64_t number, std::uint64_t end, VerifyReport& report) {
  const std::string path = log_path(options_.directory, number);
  auto reader = LogReader::open(files_, path, LogKind::wal, number);
  if (!needs_log(number)) return {};
  ++report.files;
  if (!reader) {
    const Error& error = reader.error();
    if (error.code != ErrorCode::corruption && error.code != ErrorCode::not_found) return error;
    report.damage.push_back(error.message);
    return {};
  }
  while (reader->end() < end) {
    if (!reader->next()) break;
    ++report.blocks;
  }
  if (reader->end() != end)
    report.damage.push_back(path + " at " + std::to_string(reader->end()) +
                            ": no valid frame, though the log was written up to " +
                            std::to_string(end));
  return {};
}

Status DbImpl::verify_manifest(VerifyReport& report) {
  const std::lock_guard lock(manifest_mutex_);
  report.files += 2;  // with CURRENT
  const auto loaded = load_manifest(files_, options_.directory);
  if (!loaded) {
    if (loaded.error().code != ErrorCode::corruption) return loaded.error();
    report.damage.push_back(loaded.error().message);
    return {};
  }
  // After a failed edit it is not known what the file says; the reason was reported then.
  if (!failed() &&
      (loaded->number != manifest_->number() || loaded->state.files != manifest_state_.files))
    report.damage.push_back(manifest_path(options_.directory, manifest_->number()) +
                            ": does not say what was written to it");
  return {};
}

}  // namespace ouro::engine
