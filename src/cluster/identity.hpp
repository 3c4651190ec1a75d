// Who this data directory belongs to, and how often it was started.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"

#include <cstdint>
#include <optional>

namespace ouro::cluster {

/// Kept in the `system` table of the metadata database from the first start on.
struct Identity {
  std::uint64_t cluster = 0;
  std::uint64_t hash_seed = 0;
  NodeId node{};
  Boot boot = 0;  ///< 1 at the first start; another for every run.
};

/// What the directory says, or nothing on its first start.
Result<std::optional<Identity>> read_identity(engine::Db& meta, engine::TableId system);

/// Begins a run: takes the next boot number and makes it durable before it returns, so that no dot
/// of an earlier run is ever minted again. Error denied if the directory belongs to another node or
/// cluster than `expected` says (whose boot is ignored).
Result<Identity> begin_run(engine::Db& meta, engine::TableId system, const Identity& expected);

}  // namespace ouro::cluster
