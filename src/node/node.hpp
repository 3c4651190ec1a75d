// One node, put together.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "cluster/identity.hpp"
#include "cluster/view.hpp"
#include "kv/coordinator.hpp"
#include "runtime/http.hpp"
#include "runtime/world.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace ouro::node {

struct NodeConfig {
  std::string directory;  ///< Made if it is missing; closed to all other users.
  NodeId self{};
  /// cluster 0: the id and the hash seed of an earlier run of the directory, or new ones.
  cluster::Settings cluster;
  std::size_t memory_bytes = std::size_t{512} << 20;  ///< Of the data engine, all told.
  std::size_t memtable_bytes = std::size_t{64} << 20;
  /// How fast what is on disk is read over again in search of damage; 0: never.
  std::size_t scrub_bytes_per_second = std::size_t{8} << 20;
};

/// Builds everything in the order in which it is needed, and takes it down in reverse. No logic.
///
/// Life: open() on any thread, before the world's loops run; attach the world's peer transports,
/// which need identity(); start(); run the loops; close(); stop the loops; destroy. Without close()
/// it may be destroyed only when none of its work waits in the loops any more (the simulator's kill
/// sees to that). Ending the process at any time instead loses nothing that was acknowledged.
class Node {
 public:
  /// Opens the databases, recovers them, and begins a run. `world` outlives the node.
  static Result<std::unique_ptr<Node>> open(World& world, NodeConfig config);
  ~Node();

  /// Who this is, and which run.
  const cluster::Identity& identity() const;
  const cluster::Metadata& metadata() const;

  /// Begins to answer peers, on every loop.
  void start();

  /// Waits for all work under way, once clients and peers have been turned away. On any loop.
  Task<void> close();

  /// For use on that loop only, after start().
  HttpHandler& http(std::size_t loop);
  kv::Coordinator& coordinator(std::size_t loop);

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::node
