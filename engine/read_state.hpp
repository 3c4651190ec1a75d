// All that a read needs, as one value.
#pragma once

#include "engine/memtable.hpp"
#include "engine/version.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace ouro::engine {

/// A memtable and the log segments that hold its changes.
struct Generation {
  Generation(std::shared_ptr<Memtable> memtable_, std::uint64_t first_log_)
      : memtable(std::move(memtable_)), first_log(first_log_), logs{first_log_} {}

  const std::shared_ptr<Memtable> memtable;
  const std::uint64_t first_log;
  std::vector<std::uint64_t> logs;  ///< Written under the write lock while it is the active one.
};

/// Immutable, apart from what is added to the active memtable.
struct ReadState {
  std::shared_ptr<Generation> active;
  std::vector<std::shared_ptr<Generation>> waiting;  ///< Full ones, newest first.
  std::shared_ptr<const Version> version;
};

/// All that `state` holds of a range, and perhaps more around it, as sources of a merge. They do
/// not keep the state's table files.
std::vector<std::unique_ptr<EntryIterator>> sources_of(const ReadState& state, TableId table,
                                                       const Range& range,
                                                       const IterateOptions& options);

}  // namespace ouro::engine
