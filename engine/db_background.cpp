// Flush, and how what it and compaction have written becomes the database's next version.
#include "base/check.hpp"
#include "engine/db_impl.hpp"
#include "engine/file_names.hpp"
#include "engine/flush.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ouro::engine {

void DbImpl::note_background_error(const Status& status) {
  const std::lock_guard lock(failure_mutex_);
  background_error_ = status ? std::string() : to_string(status.error());
}

void DbImpl::schedule_flush() {
  if (failed() || waiting_memtables_.load() == 0) return;
  if (!flush_scheduled_.exchange(true)) post(lanes_.flush, &DbImpl::flush_job);
}

void DbImpl::flush_job() {
  flush_scheduled_.store(false);
  const Status flushed = flush_one();
  note_background_error(flushed);
  // After an error the next refused commit tries again; trying at once would only spin.
  if (!flushed) return;
  schedule_flush();
  schedule_compaction();
}

// Oldest first, so that the tables are a prefix of all writes at any time.
Status DbImpl::flush_one() {
  const std::lock_guard lock(flush_mutex_);
  if (failed()) return closed();
  const auto present = state();
  if (present->waiting.empty()) return {};
  const std::shared_ptr<Generation> oldest = present->waiting.back();
  VersionEdit edit;
  Status flushed = write_tables(store_, *oldest->memtable, snapshots_->retention(visible_), edit);
  if (flushed) flushed = install(edit, oldest.get());
  if (!flushed) return flushed;
  flushes_.add();
  remove_logs(*oldest);
  return {};
}

void DbImpl::remove_logs(const Generation& generation) {
  for (const std::uint64_t number : generation.logs)
    static_cast<void>(files_.remove(log_path(options_.directory, number)));
}

Status DbImpl::flush_all() {
  {
    const std::lock_guard lock(write_mutex_);
    if (failed()) return closed();
    if (state()->active->memtable->entries() > 0)
      if (Status switched = switch_memtable_locked(); !switched) return switched;
  }
  while (!state()->waiting.empty())
    if (Status flushed = flush_one(); !flushed) return flushed;
  return {};
}

Status DbImpl::flush_sync() {
  Status flushed = flush_all();
  if (flushed) schedule_compaction();
  return flushed;
}

// Makes an edit durable, then visible. `flushed` is the memtable that its files replace.
Status DbImpl::install(const VersionEdit& edit, const Generation* flushed) {
  const std::lock_guard lock(manifest_mutex_);
  const auto give_up = [&](const Error& error) -> Status {
    remove_tables(store_, edit);
    return error;
  };
  if (failed()) return give_up(closed());
  if (!edit.added.empty())
    if (Status synced = files_.sync_directory(options_.directory); !synced)
      return give_up(synced.error());
  const auto added = open_tables(store_, edit);
  if (!added) return give_up(added.error());
  const auto before = state();
  auto version = before->version->apply(edit, *added);
  if (!version) return give_up(version.error());

  ManifestEdit step;
  step.files = edit;
  step.next_file_number = next_file_number_.load();
  if (flushed != nullptr) {
    const bool is_last = before->waiting.size() == 1;
    check(!before->waiting.empty() && before->waiting.back().get() == flushed);
    step.log_number = is_last ? before->active->first_log : before->waiting.end()[-2]->first_log;
    step.last_sequence = flushed->memtable->last_sequence();
  }
  if (Status logged = log_edit_locked(step); !logged) return logged;
  publish_version(std::move(*version), flushed);
  // Only now: until the edit was durable a crash would have brought these files back.
  for (const std::uint64_t number : edit.removed) {
    const bool moved = std::any_of(edit.added.begin(), edit.added.end(),
                                   [&](const FileMeta& file) { return file.number == number; });
    if (moved) continue;
    if (const TableFile file = before->version->find(number)) file->mark_obsolete();
  }
  return rotate_manifest_locked();
}

Status DbImpl::log_edit_locked(const ManifestEdit& edit) {
  if (Status applied = manifest_state_.apply(edit); !applied) return fail(applied.error());
  // Whether the edit is on disk is not known after an error, so neither its files nor those it
  // removes may be touched any more in this run.
  if (Status appended = manifest_->append(edit); !appended) return fail(appended.error());
  return {};
}

void DbImpl::publish_version(std::shared_ptr<const Version> version, const Generation* flushed) {
  update_state([&](ReadState& next) {
    next.version = std::move(version);
    if (flushed != nullptr) next.waiting.pop_back();
  });
}

Status DbImpl::rotate_manifest_locked() {
  const std::uint64_t limit =
      std::max<std::uint64_t>(options_.manifest_bytes, 2 * manifest_->first_size());
  if (manifest_->size() <= limit) return {};
  const std::uint64_t number = new_number();
  manifest_state_.next_file_number = next_file_number_.load();
  auto manifest = Manifest::create(files_, options_.directory, number, manifest_state_);
  if (!manifest) {
    // The old one goes on; the next edit tries again.
    static_cast<void>(files_.remove(manifest_path(options_.directory, number)));
    note_background_error(manifest.error());
    return {};
  }
  if (Status current = (*manifest)->make_current(files_, options_.directory); !current)
    return fail(current.error());
  const std::uint64_t old = manifest_->number();
  manifest_ = std::move(*manifest);
  static_cast<void>(files_.remove(manifest_path(options_.directory, old)));
  return {};
}

}  // namespace ouro::engine
