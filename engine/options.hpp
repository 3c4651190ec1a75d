// How a database is opened.
#pragma once

#include "base/lane.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ouro::engine {

/// A table's position in Options::tables.
using TableId = std::uint8_t;

/// A named, ordered map of byte strings (a column family). All tables of a database share one log,
/// and a batch across them is atomic.
struct TableSpec {
  std::string name;  ///< At most 32 bytes; identifies the table on disk.
  /// Keys begin with an 8-byte big-endian token that is spread evenly over all 64-bit values. The
  /// engine may exploit this for speed; order is by bytes either way.
  bool token_order = false;

  /// What the caller lets go (expired values): asked by compactions, never by reads, about the
  /// newest version that everybody sees, unless a snapshot sees it. True: as if it had been
  /// removed; older versions never come back. Null: nothing. Both hooks must always give the same
  /// answer (or turn from false to true once), and are called from all compaction lanes at once.
  std::function<bool(std::string_view key, std::string_view value)> may_drop = {};
  /// May the marker of a removed key go, once nothing older lies below it? Null: yes.
  std::function<bool(std::string_view key)> may_forget = {};
};

struct Options {
  std::string directory;
  /// Used when a database is created: a random number that tells its files from those of any other.
  std::uint64_t identity = 0;
  /// Tables that exist on disk must be named here; missing ones are created. At most 16.
  std::vector<TableSpec> tables;

  /// All tables together, before a flush begins; at most an eighth of memory_bytes is used.
  std::size_t memtable_bytes = std::size_t{64} << 20;
  std::size_t memtables_max = 4;   ///< Full ones waiting before writes are refused.
  std::size_t block_bytes = 4096;  ///< Uncompressed size of an SSTable block.
  /// One budget for memtables, indexes, filters and cached blocks. The cache has what the others
  /// leave, but at least an eighth.
  std::size_t memory_bytes = std::size_t{512} << 20;
  std::size_t table_file_bytes = std::size_t{64} << 20;  ///< Where compaction cuts its output.
  std::size_t wal_segment_bytes = std::size_t{64} << 20;
  std::size_t manifest_bytes = std::size_t{4} << 20;      ///< Before the manifest is written anew.
  std::size_t commit_group_bytes = std::size_t{1} << 20;  ///< The most one log write gathers.
  unsigned filter_bits_per_key = 10;                      ///< 0: no filters.
  unsigned level0_runs_max = 8;    ///< Runs in level 0 before they are merged.
  unsigned level0_runs_stop = 24;  ///< Runs in level 0 before writes are refused.
  /// How many times as large the last level stays as the levels between it and level 0 together:
  /// outdated versions and removes take up to 1/level_ratio more room.
  unsigned level_ratio = 3;
  /// A merge reads at most this many times what level 0 brings, so that none takes so long that
  /// level 0 fills up meanwhile; larger ones are done file by file.
  unsigned merge_width = 12;
  bool compress = true;  ///< LZ4 for table blocks.
};

/// The lanes a database works on. They outlive it, and nothing else runs on `commit`.
struct Lanes {
  Lanes(Lane& commit_, Lane& flush_, Lane& compaction_)
      : commit(commit_), flush(flush_), compaction{&compaction_} {}
  /// At least one compaction lane.
  Lanes(Lane& commit_, Lane& flush_, std::vector<Lane*> compaction_)
      : commit(commit_), flush(flush_), compaction(std::move(compaction_)) {}

  Lane& commit;  ///< Log writes and syncs.
  Lane& flush;   ///< Memtables to SSTables.
  /// Merging SSTables: that many parts of a merge may run at once. The first lane works alone as
  /// long as it keeps up.
  std::vector<Lane*> compaction;
};

}  // namespace ouro::engine
