// Looking up keys in one state of a database.
#pragma once

#include "engine/db.hpp"
#include "engine/read_state.hpp"

#include <span>

namespace ouro::engine {

/// What all keys of a call have in common.
struct LookupView {
  const ReadState& state;
  std::span<const TableId> disk_ids;  ///< Position in Options::tables -> id on disk.
  Sequence at_most;
  ReadMode mode;
};

/// Sets the value of each lookup whose key has one. One key takes the straight way; of many the
/// steps are interleaved, so that they wait for memory (and, with ReadMode::blocking, for the disk)
/// together instead of one after another (after "asynchronous memory access chaining", Kocberber et
/// al., VLDB 2015).
Status look_up(const LookupView& view, std::span<Lookup> lookups);

}  // namespace ouro::engine
