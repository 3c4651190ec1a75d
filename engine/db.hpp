// The storage engine's public face: one node's durable, ordered tables.
//
// A log-structured merge tree (O'Neil et al., 1996): changes go to a write-ahead log and a
// memtable; full memtables become sorted, checksummed, LZ4-compressed files (SSTables), which are
// merged in the background. docs/engine.md tells how, docs/formats.md what lies on disk.
#pragma once

#include "base/file_system.hpp"
#include "base/function.hpp"
#include "base/result.hpp"
#include "base/shared_bytes.hpp"
#include "engine/batch.hpp"
#include "engine/entry.hpp"
#include "engine/iterator.hpp"
#include "engine/options.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// How long an acknowledged write lasts.
enum class Durability : std::uint8_t {
  memory,  ///< Gone when the process ends abruptly.
  os,      ///< Survives the end of the process, not of the machine.
  disk,    ///< Survives loss of power.
};

/// Called once on the commit lane, in the order of the commit() calls. An error means that the
/// database has failed for good: this write is indeterminate (it may be seen again after
/// reopening), and every write queued behind it fails too. So what is acknowledged is always a
/// prefix of what was queued.
using CommitDone = UniqueFunction<void(Result<Sequence>)>;

/// A fixed state of the database. While it lives nothing that it can see is dropped.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual Sequence sequence() const = 0;
};

/// One key to look up, and the place for what is found.
struct Lookup {
  TableId table;
  std::string_view key;
  std::optional<SharedBytes> value;  ///< Set by get: a view that pins what holds it.
};

struct ReadOptions {
  const Snapshot* snapshot = nullptr;  ///< Null: the latest acknowledged state.
  ReadMode mode = ReadMode::blocking;
};

/// Keys from `start` (inclusive) to `end` (exclusive; empty: no end). Holds nothing if its end is
/// not behind its start.
struct Range {
  std::string start;
  std::string end;
};

/// How near the database is to refusing writes.
struct Pressure {
  /// 0 idle, 1000 full: from 1000 on commit() answers busy.
  unsigned permille = 0;
  /// What is filling up: "memtables", "level 0", "disk space", or what the database failed with.
  std::string reason;
};

struct Stats {
  Sequence last_sequence = 0;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t table_files = 0;
  std::uint64_t table_bytes = 0;
  std::uint64_t commits = 0, commit_groups = 0, log_syncs = 0, log_bytes = 0;
  std::uint64_t flushes = 0, compactions = 0, compaction_bytes_read = 0,
                compaction_bytes_written = 0;
  std::uint64_t cache_hits = 0, cache_misses = 0, filter_skips = 0;
  std::uint64_t scrubbed_bytes = 0, scrub_rounds = 0, scrub_damage = 0;  ///< By scrub().
  std::vector<std::uint64_t> files_per_level;
};

/// Damage found by verify(): one sentence each, naming file and offset.
struct VerifyReport {
  std::uint64_t files = 0;
  std::uint64_t blocks = 0;
  std::uint64_t entries = 0;
  std::vector<std::string> damage;
};

/// What export_range() wrote.
struct RangeExport {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  ///< Of the table files.
  std::uint64_t files = 0;  ///< Table files; the list beside them is not counted.
};

/// What ingest() took in; bytes and files are those of the export.
struct IngestReport {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
};

/// What one call of scrub() did.
struct ScrubProgress {
  std::uint64_t bytes = 0;          ///< Bytes of table files that were read and checked.
  bool round_complete = false;      ///< Every file there was when the round began was checked.
  std::vector<std::string> damage;  ///< One sentence each, naming file and offset.
};

/// Every method may be called from any thread, except that the destructor must be the last call.
///
/// Acknowledged means: visible to reads. A write is visible only once it is as durable as it asked
/// to be, and writes become visible in sequence order; so what a read returns is never lost later
/// (unless the write itself asked for less than disk).
class Db {
 public:
  /// Opens or creates. Recovers what an earlier run left, on the caller's thread. Errors: denied
  /// (locked, or readable by others), corruption (names file and offset), unsupported (a newer
  /// format), io.
  static Result<std::unique_ptr<Db>> open(Options options, FileSystem& files, Lanes lanes);

  /// Waits for running jobs. What was acknowledged is safe without it; waiting commits are dropped.
  virtual ~Db() = default;

  /// Looks up all of `lookups` in one and the same state of the database. With ReadMode::cached,
  /// Error would_block tells that the disk is needed: repeat with ReadMode::blocking where waiting
  /// is allowed. Takes no lock that is held during I/O.
  virtual Status get(std::span<Lookup> lookups, ReadOptions options = {}) = 0;
  /// One key; nothing if it is absent.
  Result<std::optional<SharedBytes>> get(TableId table, std::string_view key,
                                         ReadOptions options = {});

  /// Queues a batch and returns at once; `done` comes on the commit lane. Batches take effect in
  /// the order of the calls. An error here means that nothing was queued and `done` will not be
  /// called: busy (see pressure()), no_space (the disk is nearly full; taken up again by itself
  /// once there is room), closed (the database failed; the message says with what),
  /// invalid_argument.
  [[nodiscard]] virtual Status commit(Batch batch, Durability durability, CommitDone done) = 0;

  /// The same on the caller's thread, for tools and start-up. Waits for the disk.
  virtual Result<Sequence> commit_sync(Batch batch, Durability durability) = 0;

  /// Entries of a range in order, as of `options.snapshot` or now. The iterator pins what it sees;
  /// it must be destroyed before the database.
  virtual std::unique_ptr<Iterator> scan(TableId table, Range range, ReadOptions options = {}) = 0;

  virtual std::shared_ptr<const Snapshot> snapshot() = 0;

  /// Writes memtables to tables and waits; on the caller's thread.
  virtual Status flush_sync() = 0;
  /// Flushes, then merges everything into the last level; on the caller's thread.
  virtual Status compact_sync() = 0;

  /// A copy of the present acknowledged state in `directory` (created; must not exist), mostly hard
  /// links: same file system only. Opening it as a database gives that state. On the caller's
  /// thread.
  virtual Status checkpoint(const std::string& directory) = 0;

  // Range operations (docs/engine.md tells how). All work on the caller's thread and wait for the
  // disk. Reads, writes and flushes go on meanwhile; compaction waits for drop_range() and
  // ingest().

  /// Everything in `range` that was committed before the call is gone for good when it returns:
  /// durably, at one moment, without tombstones. What is committed during the call is cut at one
  /// sequence: later ones stay. Iterators keep what they see; snapshots do not: one taken earlier
  /// finds the range empty from then on. After an error the range is as before, except where the
  /// database failed (closed): then it is whole or gone after reopening. Damaged blocks inside the
  /// range are no hindrance.
  virtual Status drop_range(TableId table, const Range& range) = 0;

  /// Writes the live entries of `range`, as of `options.snapshot` or now, as table files and a list
  /// of them into `directory` (created; must not exist or be empty), all durable when it returns.
  /// `options.mode` is not looked at. The files remain the caller's, to be moved and removed. After
  /// an error the directory is empty.
  virtual Result<RangeExport> export_range(TableId table, const Range& range,
                                           const std::string& directory,
                                           ReadOptions options = {}) = 0;

  /// Takes the entries of an export, of this or any other database, into `table`: at one moment,
  /// durably, all of them or after an error or a crash none. They count as older than everything
  /// else: what is committed during the call wins over them, and snapshots see them too. The export
  /// is left as it is. Errors: exists if the table holds anything, be it a removal, between the
  /// export's first and last key (drop_range() makes room); corruption naming file and offset,
  /// not_found, unsupported for an export that is damaged, missing or of a newer format;
  /// invalid_argument for what is no export, or one of a table with another token_order.
  virtual Result<IngestReport> ingest(TableId table, const std::string& directory) = 0;

  /// Reads everything on disk and checks it. On the caller's thread, next to normal work.
  virtual Result<VerifyReport> verify() = 0;

  /// Checks the next `bytes`, about, of the table files, going on where the last call stopped: file
  /// by file in the order they were made, and from the start again once all were checked. Reads
  /// past the block cache; the caller paces. On the caller's thread, next to normal work. A file
  /// that cannot be read counts as damaged.
  virtual ScrubProgress scrub(std::size_t bytes) = 0;

  virtual Pressure pressure() const = 0;
  virtual Stats stats() const = 0;
};

}  // namespace ouro::engine
