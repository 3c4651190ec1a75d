// How the parts of a database hang together, and which lock guards what.
//
// Locks, in the order they are taken: compaction, write, flush, manifest, then the short ones
// (state, failure, queue, snapshots), under which there is no I/O and no other lock. Reads take
// none.
#pragma once

#include "base/counters.hpp"
#include "base/function.hpp"
#include "engine/commit_queue.hpp"
#include "engine/current_state.hpp"
#include "engine/db.hpp"
#include "engine/lifeline.hpp"
#include "engine/manifest.hpp"
#include "engine/memtable.hpp"
#include "engine/range_export.hpp"
#include "engine/read_state.hpp"
#include "engine/running_compaction.hpp"
#include "engine/scrubber.hpp"
#include "engine/snapshot_list.hpp"
#include "engine/table_store.hpp"
#include "engine/version.hpp"
#include "engine/wal_writer.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace ouro::engine {

/// Options as checked and brought into the order of the tables on disk.
struct OpenedTables {
  Options options;
  std::vector<TableId> disk_ids;  ///< Position in the caller's Options::tables -> id on disk.
};

class DbImpl final : public Db {
 public:
  DbImpl(OpenedTables tables, FileSystem& files, Lanes lanes, std::unique_ptr<FileLock> lock);
  ~DbImpl() override;

  /// The rest of opening (db_open.cpp): recovers, begins a new log and a new manifest, removes what
  /// is left over. `present` are the names in the directory.
  Status start(LoadedManifest loaded, const std::vector<std::string>& present);

  using Db::get;
  Status get(std::span<Lookup> lookups, ReadOptions options) override;
  Status commit(Batch batch, Durability durability, CommitDone done) override;
  Result<Sequence> commit_sync(Batch batch, Durability durability) override;
  std::unique_ptr<Iterator> scan(TableId table, Range range, ReadOptions options) override;
  std::shared_ptr<const Snapshot> snapshot() override;
  Status flush_sync() override;
  Status compact_sync() override;
  Status checkpoint(const std::string& directory) override;
  Status drop_range(TableId table, const Range& range) override;
  Result<RangeExport> export_range(TableId table, const Range& range, const std::string& directory,
                                   ReadOptions options) override;
  Result<IngestReport> ingest(TableId table, const std::string& directory) override;
  Result<VerifyReport> verify() override;
  ScrubProgress scrub(std::size_t bytes) override;
  Pressure pressure() const override;
  Stats stats() const override;

 private:
  /// A group and what came of it.
  struct Written {
    std::vector<Commit> group;
    Status outcome;
  };

  /// While it lives, with the compaction lock held at both ends, no lane begins a compaction;
  /// afterwards they look for work again.
  class CompactionHold {
   public:
    explicit CompactionHold(DbImpl& db) : db_(db) { ++db_.compaction_holds_; }
    ~CompactionHold() {
      --db_.compaction_holds_;
      db_.continue_compaction();
    }
    CompactionHold(const CompactionHold&) = delete;
    CompactionHold& operator=(const CompactionHold&) = delete;

   private:
    DbImpl& db_;
  };

  // Shared (db.cpp).
  std::shared_ptr<const ReadState> state() const { return state_.share(); }
  /// Puts a changed copy in the state's place.
  void update_state(UniqueFunction<void(ReadState&)> change);
  std::uint64_t new_number() { return next_file_number_.fetch_add(1, std::memory_order_relaxed); }
  bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  Error closed() const;
  /// No more writes in this run; the first reason stays. Returns `error`.
  Error fail(const Error& error);
  void post(Lane& lane, void (DbImpl::*job)());
  void discard(const std::string& path);
  void free_states_job();
  void share_memory(const ReadState& next);

  // Opening (db_open.cpp).
  Status recover(ManifestState& state, const std::vector<std::uint64_t>* logs);
  Result<std::shared_ptr<const Version>> with_files(const Version& version,
                                                    const VersionEdit& edit) const;
  Status begin_log(Sequence first_sequence);
  Status begin_manifest(ManifestState& state);
  void remove_leftovers(const std::vector<std::string>& present);

  // Writing (db_write.cpp); those with "locked" hold the write lock.
  Status admit(const Batch& batch);
  void look_for_space();
  Status check_space();
  void schedule_commit();
  void commit_job();
  Status write_locked(std::span<Commit> group);
  std::uint32_t encode_locked(std::span<Commit> group);
  Status log_locked(const LogFrame& changes, bool sync);
  Status append_locked(const LogFrame& changes);
  Status sync_log_locked();
  std::uint64_t oldest_log() const;
  void prefetch_locked(const LogFrame& changes);
  void apply_locked(const LogFrame& changes);
  Status rotate_log_locked();
  Status abandon_log_locked(const std::string& path, const Error& error);
  Status switch_memtable_locked();
  void close_log();

  // Background (db_background.cpp).
  void schedule_flush();
  void flush_job();
  Status flush_one();
  Status flush_all();
  void remove_logs(const Generation& generation);
  void note_background_error(const Status& status);
  Status install(const VersionEdit& edit, const Generation* flushed);
  Status log_edit_locked(const ManifestEdit& edit);
  void publish_version(std::shared_ptr<const Version> version, const Generation* flushed);
  Status rotate_manifest_locked();

  // Compaction (db_compaction.cpp); those with "locked" hold the compaction lock, and those that
  // take it let go of it during each step.
  std::size_t wanted_compaction_lanes() const;
  /// Something has changed: looks for work, also if the last compaction failed.
  void schedule_compaction();
  /// Keeps as many lanes at work as the backlog asks for.
  void continue_compaction();
  void schedule_compaction_on(std::size_t lane);
  void compaction_job(std::size_t lane);
  bool begin_compaction_locked();
  void begin_locked(std::shared_ptr<const Version> version, CompactionPlan plan);
  Status step_compaction(RunningCompaction::Piece piece, std::unique_lock<std::mutex>& lock);
  void install_compaction_locked();
  void give_up_compaction(std::unique_lock<std::mutex>& lock);
  Status compact_table(TableId table, std::unique_lock<std::mutex>& lock);
  /// Afterwards, with the lock held again, no compaction is under way: it is installed, or given up
  /// with the error returned. For whoever is to change the set of files; with a CompactionHold none
  /// begins while the lock is free.
  Status finish_running_compaction(std::unique_lock<std::mutex>& lock);

  // Range operations (db_ranges.cpp); those with "locked" hold the compaction lock.
  Result<TableId> disk_id(TableId table) const;
  Status end_compaction(std::unique_lock<std::mutex>& lock);
  Result<Sequence> flush_present();
  Result<VersionEdit> without_range_locked(TableId id, const Range& range, Sequence last);
  Status check_unused(TableId id, const OpenedExport& source) const;
  Result<VersionEdit> with_export_locked(TableId id, const OpenedExport& source);

  // Maintenance (db_maintenance.cpp).
  Status begin_copy(const std::string& directory);
  void abandon_copy(const std::string& directory);
  Status fill_checkpoint(const std::string& directory);
  Status verify_logs(VerifyReport& report);
  Status verify_log(std::uint64_t number, std::uint64_t end, VerifyReport& report);
  bool needs_log(std::uint64_t number);
  Status verify_manifest(VerifyReport& report);

  // Set before the first job and then only read.
  const Options options_;
  const std::vector<TableId> disk_ids_;
  FileSystem& files_;
  const Lanes lanes_;
  const std::unique_ptr<FileLock> lock_;
  DbIdentity identity_{};
  TableStore store_;  // before all that holds table readers
  const std::shared_ptr<Lifeline> lifeline_ = std::make_shared<Lifeline>();
  const std::shared_ptr<SnapshotList> snapshots_ = std::make_shared<SnapshotList>();

  std::atomic<std::uint64_t> next_file_number_{1};
  std::atomic<Sequence> visible_{0};

  CurrentState state_;
  // Copies of what pressure() needs, so that commit() takes no lock for it.
  std::atomic<std::size_t> waiting_memtables_{0};
  std::atomic<std::size_t> level0_runs_{0};
  std::atomic<bool> disk_full_{false};

  CommitQueue queue_;
  std::atomic<bool> commit_scheduled_{false};

  std::mutex write_mutex_;
  std::unique_ptr<LogWriter> log_;
  std::vector<std::unique_ptr<LogWriter>> unsynced_logs_;  // older ones, not durable to their ends
  std::shared_ptr<Generation> active_;                     // the same as in the state
  std::vector<Written> undelivered_;  // groups that were not written on the commit lane
  Sequence written_ = 0;
  std::size_t unchecked_bytes_ = 0;  // written to the log since the disk's room was looked at
  std::string frame_;

  std::mutex flush_mutex_;
  std::atomic<bool> flush_scheduled_{false};

  std::mutex compaction_mutex_;
  std::condition_variable compaction_changed_;     // a piece of work on it has ended
  std::shared_ptr<RunningCompaction> compaction_;  // null: none is under way
  std::atomic<unsigned> compaction_holds_{0};      // while above zero lanes begin none
  std::atomic<bool> compaction_resting_{false};    // the last one failed: none begins by itself
  std::vector<std::atomic<bool>> compaction_scheduled_;  // by lane

  std::mutex scrub_mutex_;  // under which there is reading, and no other lock
  Scrubber scrubber_;

  std::mutex manifest_mutex_;
  std::unique_ptr<Manifest> manifest_;
  ManifestState manifest_state_;

  mutable std::mutex failure_mutex_;
  std::atomic<bool> failed_{false};
  std::string failure_;
  std::string background_error_;  // the last one; empty after a success
  std::atomic<bool> closing_{false};

  Counter commits_, commit_groups_, log_syncs_, log_bytes_;
  Counter flushes_, compactions_, compaction_bytes_read_, compaction_bytes_written_;
  Counter scrubbed_bytes_, scrub_rounds_, scrub_damage_;
};

}  // namespace ouro::engine
