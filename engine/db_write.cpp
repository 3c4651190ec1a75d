// The way of a write: queue, log, sync, memtable, visible, answered.
#include "base/check.hpp"
#include "engine/db_impl.hpp"
#include "engine/file_names.hpp"
#include "engine/wal_batch.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ouro::engine {
namespace {

void answer(std::vector<Commit>& group, const Status& outcome) {
  for (Commit& commit : group) {
    if (!commit.done) continue;
    if (outcome)
      commit.done(commit.sequence);
    else
      commit.done(outcome.error());
  }
}

Error indeterminate(const Error& error) {
  return {error.code == ErrorCode::no_space ? error.code : ErrorCode::io,
          "the log could not be written (" + to_string(error) + "); the write may be seen again"};
}

}  // namespace

Status DbImpl::admit(const Batch& batch) {
  if (Status valid = batch.check(disk_ids_.size()); !valid) return valid;
  if (failed()) return closed();
  if (Status room = check_space(); !room) return room;
  const bool memtables_full =
      waiting_memtables_.load(std::memory_order_relaxed) >= options_.memtables_max;
  const bool level0_full =
      level0_runs_.load(std::memory_order_relaxed) >= options_.level0_runs_stop;
  if (!memtables_full && !level0_full) return {};
  // If the work that makes room failed (a full disk), this is what tries it again.
  schedule_flush();
  schedule_compaction();
  return Error{ErrorCode::busy, "the database in " + options_.directory +
                                    " cannot keep up: full is " + pressure().reason +
                                    "; try again later"};
}

// A log that cannot be written is the end of a run, so writes are refused while there still is
// room for what was taken in, and until there is enough again.
void DbImpl::look_for_space() {
  const auto room = files_.free_space(options_.directory);
  if (room) disk_full_.store(*room < 2 * options_.memtable_bytes, std::memory_order_relaxed);
}

Status DbImpl::check_space() {
  if (!disk_full_.load(std::memory_order_relaxed)) return {};
  look_for_space();
  if (!disk_full_.load(std::memory_order_relaxed)) return {};
  return Error{ErrorCode::no_space,
               "the disk of " + options_.directory + " has less than " +
                   std::to_string(2 * options_.memtable_bytes) +
                   " bytes left; nothing was written, and will not be before there is more room"};
}

Status DbImpl::commit(Batch batch, Durability durability, CommitDone done) {
  if (Status admitted = admit(batch); !admitted) return admitted;
  Commit commit;
  commit.batch = std::move(batch);
  commit.durability = durability;
  commit.done = std::move(done);
  if (!queue_.push(commit))
    return Error{ErrorCode::busy,
                 "the commit queue of " + options_.directory + " is full; try again later"};
  schedule_commit();
  return {};
}

void DbImpl::schedule_commit() {
  if (!commit_scheduled_.exchange(true)) post(lanes_.commit, &DbImpl::commit_job);
}

void DbImpl::commit_job() {
  commit_scheduled_.store(false);
  std::vector<Written> written;
  {
    const std::lock_guard lock(write_mutex_);
    written.swap(undelivered_);
    std::vector<Commit> group = queue_.take(options_.commit_group_bytes);
    if (!group.empty()) {
      Status outcome = write_locked(group);
      written.push_back({std::move(group), std::move(outcome)});
    }
  }
  for (Written& each : written) answer(each.group, each.outcome);
  if (!queue_.empty()) schedule_commit();
}

Result<Sequence> DbImpl::commit_sync(Batch batch, Durability durability) {
  if (Status valid = batch.check(disk_ids_.size()); !valid) return valid.error();
  Commit own;
  own.batch = std::move(batch);
  own.durability = durability;
  if (Status room = check_space(); !room) return room.error();
  const std::lock_guard lock(write_mutex_);
  // Whoever may wait makes room instead of being refused.
  while (!failed() && waiting_memtables_.load() >= options_.memtables_max)
    if (Status flushed = flush_one(); !flushed) return flushed.error();
  while (!queue_.empty()) {
    std::vector<Commit> earlier = queue_.take(options_.commit_group_bytes);
    Status outcome = write_locked(earlier);
    // The callbacks of others belong on the commit lane, in their order.
    undelivered_.push_back({std::move(earlier), std::move(outcome)});
    schedule_commit();
  }
  if (Status written = write_locked(std::span(&own, 1)); !written) return written.error();
  return own.sequence;
}

Status DbImpl::write_locked(std::span<Commit> group) {
  if (failed()) return closed();
  LogFrame changes;
  changes.type = FrameType::batch;
  changes.first_sequence = written_ + 1;
  changes.count = encode_locked(group);
  const std::size_t payload_size = frame_.size() - frame_header_bytes;
  const bool sync = std::any_of(group.begin(), group.end(), [](const Commit& commit) {
    return commit.durability == Durability::disk;
  });
  changes.payload = std::string_view(frame_).substr(frame_header_bytes, payload_size);
  prefetch_locked(changes);
  if (Status logged = log_locked(changes, sync); !logged) return logged;
  changes.payload = std::string_view(frame_).substr(frame_header_bytes, payload_size);
  apply_locked(changes);
  written_ += changes.count;
  visible_.store(written_, std::memory_order_release);
  commits_.add(group.size());
  commit_groups_.add();
  if (active_->memtable->bytes() >= options_.memtable_bytes &&
      waiting_memtables_.load(std::memory_order_relaxed) < options_.memtables_max) {
    // Without room for a new segment the memtable grows on; what was written stands either way.
    if (Status switched = switch_memtable_locked(); !switched) note_background_error(switched);
  }
  return {};
}

std::uint32_t DbImpl::encode_locked(std::span<Commit> group) {
  std::size_t bytes = frame_header_bytes + frame_alignment;
  for (const Commit& commit : group) bytes += commit.batch.size();
  if (frame_.capacity() > 4 * std::max(options_.commit_group_bytes, bytes)) frame_ = {};
  frame_.reserve(bytes);
  begin_frame(frame_);
  std::size_t count = 0;
  for (Commit& commit : group) {
    commit.batch.encode(frame_, disk_ids_);
    count += commit.batch.count();
    commit.sequence = written_ + count;
  }
  return static_cast<std::uint32_t>(count);
}

Status DbImpl::log_locked(const LogFrame& changes, bool sync) {
  if (changes.count > 0)
    if (Status appended = append_locked(changes); !appended) return appended;
  const bool durable = unsynced_logs_.empty() && log_->synced() == log_->end();
  return sync && !durable ? sync_log_locked() : Status{};
}

Status DbImpl::append_locked(const LogFrame& changes) {
  const bool full = log_->end() + frame_.size() > options_.wal_segment_bytes;
  if (full && log_->end() > log_header_size) {
    // Without room for a new segment the old one goes on.
    const Status rotated = rotate_log_locked();
    if (failed()) return rotated;
  }
  if (Status appended = log_->append(frame_, changes); !appended)
    return fail(indeterminate(appended.error()));
  log_bytes_.add(frame_.size());
  unchecked_bytes_ += frame_.size();
  if (unchecked_bytes_ >= options_.memtable_bytes / 8) {
    unchecked_bytes_ = 0;
    look_for_space();
  }
  return {};
}

// Oldest first: what is durable must be a prefix of what was written.
Status DbImpl::sync_log_locked() {
  const std::uint64_t first_needed = oldest_log();
  for (const auto& log : unsynced_logs_) {
    if (log->header().number < first_needed) continue;  // its changes are in tables
    log_syncs_.add();
    if (Status synced = log->sync(); !synced) return fail(indeterminate(synced.error()));
  }
  unsynced_logs_.clear();
  log_syncs_.add();
  const Status synced = log_->sync();
  return synced ? synced : Status(fail(indeterminate(synced.error())));
}

std::uint64_t DbImpl::oldest_log() const {
  const auto present = state_.read();
  return present->waiting.empty() ? present->active->first_log : present->waiting.back()->first_log;
}

// The places in the memtable come out of memory while the log is written.
void DbImpl::prefetch_locked(const LogFrame& changes) {
  constexpr int most = 16;
  const Memtable& memtable = *active_->memtable;
  ChangeReader reader(changes, options_.tables.size());
  LoggedChange change;
  for (int i = 0; i < most && reader.next(change); ++i)
    memtable.prefetch_keys(change.table, key_prefix(change.key));
}

void DbImpl::apply_locked(const LogFrame& changes) {
  Memtable& memtable = *active_->memtable;
  ChangeReader reader(changes, options_.tables.size());
  for (LoggedChange change; reader.next(change);)
    memtable.add({change.table, change.key, change.sequence, change.kind}, change.value);
  check(reader.finished());
}

// The old segment need not be durable yet: whoever asks for that later syncs it first, and the new
// segment's header tells recovery that a torn end of the old one is no damage.
Status DbImpl::rotate_log_locked() {
  LogHeader header;
  header.number = new_number();
  header.identity = identity_;
  header.previous = log_->header().number;
  header.previous_end = log_->end();
  header.previous_synced = unsynced_logs_.empty() && log_->synced() == log_->end();
  header.first_sequence = written_ + 1;
  const std::string path = log_path(options_.directory, header.number);
  auto log = LogWriter::create(files_, path, header);
  if (!log) return abandon_log_locked(path, log.error());
  if (log_->synced() < log_->end()) unsynced_logs_.push_back(std::move(log_));
  const std::uint64_t first_needed = oldest_log();
  std::erase_if(unsynced_logs_, [&](const std::unique_ptr<LogWriter>& old) {
    return old->header().number < first_needed;
  });
  log_ = std::move(*log);
  active_->logs.push_back(header.number);
  return {};
}

// A new segment that could not be made may be on disk all the same, and would then end its
// predecessor too early. Unless it is certainly gone the database must stop.
Status DbImpl::abandon_log_locked(const std::string& path, const Error& error) {
  if (error.code != ErrorCode::no_space) return fail(indeterminate(error));
  const Status removed = files_.remove(path);
  const bool gone = removed || removed.error().code == ErrorCode::not_found;
  if (!gone || !files_.sync_directory(options_.directory)) return fail(indeterminate(error));
  return error;
}

Status DbImpl::switch_memtable_locked() {
  if (Status rotated = rotate_log_locked(); !rotated) return rotated;
  // The segment that was just begun belongs to the next memtable only.
  active_->logs.pop_back();
  auto fresh = std::make_shared<Generation>(
      std::make_shared<Memtable>(options_.tables, options_.memtable_bytes), log_->header().number);
  active_ = fresh;
  update_state([&](ReadState& next) {
    next.waiting.insert(next.waiting.begin(), std::move(next.active));
    next.active = std::move(fresh);
  });
  schedule_flush();
  return {};
}

// Makes memory and os writes durable, and leaves a frame that proves it: rot of the last group is
// then not taken for a torn tail.
void DbImpl::close_log() {
  const std::lock_guard lock(write_mutex_);
  if (!log_ || failed()) return;
  if (log_->end() == log_header_size && unsynced_logs_.empty()) return;
  if ((log_->synced() < log_->end() || !unsynced_logs_.empty()) && !sync_log_locked()) return;
  begin_frame(frame_);
  LogFrame frame;
  frame.type = FrameType::pad;
  if (log_->append(frame_, frame)) static_cast<void>(log_->sync());
}

}  // namespace ouro::engine
