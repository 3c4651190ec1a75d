// Which table files to merge next.
//
// Tiered above, leveled last (lazy leveling: Dayan and Idreos, Dostoevsky, SIGMOD 2018), in the
// shape of a binary counter: what level 0 has gathered becomes a run of its own in the deepest
// free level, and takes along those below it that are not larger than itself. The last level is
// merged with all above it once these have grown to a share of it. So each byte is rewritten a few
// times, runs are few, and outdated versions take a bounded share of the space.
// docs/decisions/0007-lazy-leveling.md has the figures.
#pragma once

#include "engine/file_meta.hpp"
#include "engine/options.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace ouro::engine {

/// What the picker knows of a file.
struct ShapeFile {
  const FileMeta* meta;
  std::uint64_t removes = 0;  ///< Of its entries.
};

/// A table's files, level by level: level 0 newest first, deeper ones by key.
using TableShape = std::array<std::vector<ShapeFile>, level_count>;

struct CompactionPlan {
  TableId table = 0;
  unsigned level = 0;                 ///< Where the data comes from, at the highest.
  unsigned output_level = 0;          ///< Where it goes; files there that overlap are inputs too.
  std::vector<std::uint64_t> inputs;  ///< File numbers, ascending.
  double score = 0;                   ///< How urgent: 1 is at the limit.
  /// Files that overlap no other input may stay as they are, or change their level only.
  bool may_move = true;
};

/// True if at least half of the entries are removes: scans would step over them for nothing.
bool is_dense(const ShapeFile& file);

/// The most urgent compaction of one table; nothing if it is in shape. Pure.
std::optional<CompactionPlan> pick(const TableShape& shape, const Options& options);

}  // namespace ouro::engine
