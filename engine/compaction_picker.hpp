// Which table files to merge next.
//
// Leveled compaction (O'Neil et al., 1996, as LevelDB made it): level 0 goes down when it has too
// many runs, a deeper level when it outgrows its target, one file at a time, the one that drags the
// least data of the next level along.
#pragma once

#include "engine/file_meta.hpp"
#include "engine/options.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace ouro::engine {

/// A table's files, level by level: level 0 newest first, deeper ones by key.
using TableShape = std::vector<std::vector<const FileMeta*>>;

struct CompactionPlan {
  TableId table = 0;
  unsigned level = 0;                 ///< Where the data comes from, at the highest.
  unsigned output_level = 0;          ///< Where it goes; files there that overlap are inputs too.
  std::vector<std::uint64_t> inputs;  ///< File numbers, ascending.
  double score = 0;                   ///< How urgent: 1 is at the limit.
};

/// Bytes that level 1 and deeper should hold at most.
std::uint64_t level_target(const Options& options, unsigned level);

/// The most urgent compaction of one table; nothing if it is in shape. Pure.
std::optional<CompactionPlan> pick(const TableShape& shape, const Options& options);

}  // namespace ouro::engine
