#include "engine/db.hpp"

#include "engine/db_impl.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

constexpr unsigned pressure_full = 1000;
constexpr std::size_t least_cache_share = 8;
/// What may wait for the log. A large value must not keep out all others.
constexpr std::size_t queue_share = 8;

unsigned share(std::size_t part, std::size_t whole) {
  return static_cast<unsigned>(part * pressure_full / std::max<std::size_t>(whole, 1));
}

}  // namespace

Result<std::optional<SharedBytes>> Db::get(TableId table, std::string_view key,
                                           ReadOptions options) {
  Lookup lookup{table, key, std::nullopt};
  if (Status status = get(std::span(&lookup, 1), options); !status) return status.error();
  return std::move(lookup.value);
}

DbImpl::DbImpl(OpenedTables tables, FileSystem& files, Lanes lanes, std::unique_ptr<FileLock> lock)
    : options_(std::move(tables.options)),
      disk_ids_(std::move(tables.disk_ids)),
      files_(files),
      lanes_(std::move(lanes)),
      lock_(std::move(lock)),
      store_(options_, files, 0),
      state_([this] { post(lanes_.flush, &DbImpl::free_states_job); }),
      queue_(std::max(8 * options_.commit_group_bytes, options_.memory_bytes / queue_share)),
      compaction_scheduled_(lanes_.compaction.size()) {}

DbImpl::~DbImpl() {
  lifeline_->close();
  // Files that are given up from here on are removed at once: no lane will do it any more.
  closing_.store(true);
  close_log();
  compaction_.reset();
  state_.clear();
}

void DbImpl::update_state(UniqueFunction<void(ReadState&)> change) {
  state_.update([&](ReadState& next) {
    change(next);
    std::size_t runs = 0;
    for (std::size_t table = 0; table < next.version->table_count(); ++table)
      runs = std::max(runs, next.version->level(static_cast<TableId>(table), 0).files.size());
    level0_runs_.store(runs, std::memory_order_relaxed);
    share_memory(next);
    waiting_memtables_.store(next.waiting.size(), std::memory_order_relaxed);
  });
}

// The cache has what memtables, indexes and filters leave.
void DbImpl::share_memory(const ReadState& next) {
  std::size_t taken = options_.memtable_bytes + next.version->memory();
  for (const auto& generation : next.waiting) taken += generation->memtable->bytes();
  const std::size_t budget = options_.memory_bytes;
  store_.cache.set_capacity(std::max(budget / least_cache_share, budget - std::min(budget, taken)));
}

void DbImpl::free_states_job() { state_.free_disposed(); }

Error DbImpl::closed() const {
  const std::lock_guard lock(failure_mutex_);
  return {ErrorCode::closed, "the database in " + options_.directory + " takes no more writes: " +
                                 failure_ + "; mend the cause and open it again"};
}

Error DbImpl::fail(const Error& error) {
  const std::lock_guard lock(failure_mutex_);
  if (!failed_.load()) {
    failure_ = to_string(error);
    failed_.store(true, std::memory_order_release);
  }
  return error;
}

void DbImpl::post(Lane& lane, void (DbImpl::*job)()) {
  lane.post([this, lifeline = lifeline_, job] {
    if (!lifeline->enter()) return;
    (this->*job)();
    lifeline->leave();
  });
}

void DbImpl::discard(const std::string& path) {
  // What cannot be removed is removed by the next open.
  if (closing_.load()) {
    static_cast<void>(files_.remove(path));
    return;
  }
  // Removing a large file takes long, and a reader may be the last one to let go of it.
  lanes_.flush.post([this, lifeline = lifeline_, path] {
    if (!lifeline->enter()) return;
    static_cast<void>(files_.remove(path));
    lifeline->leave();
  });
}

std::shared_ptr<const Snapshot> DbImpl::snapshot() { return snapshots_->take(visible_); }

Pressure DbImpl::pressure() const {
  if (failed()) return {pressure_full, closed().message};
  if (disk_full_.load(std::memory_order_relaxed)) return {pressure_full, "disk space"};
  const unsigned memtables =
      share(waiting_memtables_.load(std::memory_order_relaxed), options_.memtables_max);
  const unsigned level0 =
      share(level0_runs_.load(std::memory_order_relaxed), options_.level0_runs_stop);
  Pressure pressure{std::max(memtables, level0), memtables >= level0 ? "memtables" : "level 0"};
  if (pressure.permille == 0) pressure.reason.clear();
  const std::lock_guard lock(failure_mutex_);
  if (!background_error_.empty()) pressure.reason += " (" + background_error_ + ")";
  return pressure;
}

Stats DbImpl::stats() const {
  const auto present = state();
  Stats stats;
  stats.last_sequence = visible_.load(std::memory_order_acquire);
  stats.memtable_bytes = present->active->memtable->bytes();
  for (const auto& generation : present->waiting)
    stats.memtable_bytes += generation->memtable->bytes();
  stats.files_per_level.resize(level_count);
  for (const TableFile& file : present->version->files()) {
    ++stats.table_files;
    stats.table_bytes += file->meta().size;
    ++stats.files_per_level[file->meta().level];
  }
  stats.commits = commits_.value();
  stats.commit_groups = commit_groups_.value();
  stats.log_syncs = log_syncs_.value();
  stats.log_bytes = log_bytes_.value();
  stats.flushes = flushes_.value();
  stats.compactions = compactions_.value();
  stats.compaction_bytes_read = compaction_bytes_read_.value();
  stats.compaction_bytes_written = compaction_bytes_written_.value();
  stats.scrubbed_bytes = scrubbed_bytes_.value();
  stats.scrub_rounds = scrub_rounds_.value();
  stats.scrub_damage = scrub_damage_.value();
  stats.cache_hits = store_.cache_hits.value();
  stats.cache_misses = store_.cache_misses.value();
  stats.filter_skips = store_.filter_skips.value();
  return stats;
}

}  // namespace ouro::engine
