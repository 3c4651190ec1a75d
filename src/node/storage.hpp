// The two databases of a node and the lanes they work on.
#pragma once

#include "base/file_system.hpp"
#include "base/lane.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"
#include "node/node.hpp"
#include "runtime/world.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ouro::node {

// The tables of the metadata database.
constexpr engine::TableId system_table = 0;
constexpr engine::TableId raft_table = 1;

/// The metadata database of a node's directory. `identity` names it if it is made now.
Result<std::unique_ptr<engine::Db>> open_meta(FileSystem& files, const std::string& directory,
                                              std::uint64_t identity, Lane& commit,
                                              Lane& background);

/// Metadata has a database of its own, so that it never waits for data nor pins its log.
struct Storage {
  static Result<Storage> open(World& world, const NodeConfig& config);

  // Lanes outlive the databases that work on them: declared before.
  std::unique_ptr<Lane> commit_lane, flush_lane, read_lane, meta_lane, meta_background, scrub_lane,
      transfer_lane, plan_lane;
  std::vector<std::unique_ptr<Lane>> compaction_lanes;
  std::unique_ptr<engine::Db> meta;
  std::unique_ptr<engine::Db> data;
};

}  // namespace ouro::node
