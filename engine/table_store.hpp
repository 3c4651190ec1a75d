// What all table files of one database have in common.
#pragma once

#include "base/counters.hpp"
#include "base/file_system.hpp"
#include "engine/block_cache.hpp"
#include "engine/options.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ouro::engine {

/// Owned by the database; outlives every reader, builder and job made with it. The members are set
/// once before the first use and then only read (cache and counters are thread-safe).
struct TableStore {
  TableStore(const Options& options_, FileSystem& files_, std::uint64_t database_id_)
      : options(options_), files(files_), database_id(database_id_), cache(options_.memory_bytes) {}

  const Options& options;
  FileSystem& files;
  std::uint64_t database_id;  ///< In every file, so that a file of another database is refused.
  mutable BlockCache cache;
  std::string directory;  ///< Where the table files lie; named as file_names.hpp says.
  std::function<std::uint64_t()> next_number;  ///< A file number never handed out before.
  /// Removes a file that nobody needs any more; called on whichever thread dropped it last. Null:
  /// removes it at once on that thread.
  std::function<void(const std::string& path)> discard;

  mutable HotCounter cache_hits, cache_misses;
  mutable HotCounter filter_skips;  ///< Files a lookup did not read because their filter said so.
};

}  // namespace ouro::engine
