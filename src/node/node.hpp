// One node, put together.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "cluster/administration.hpp"
#include "cluster/identity.hpp"
#include "cluster/view.hpp"
#include "kv/coordinator.hpp"
#include "runtime/http.hpp"
#include "runtime/world.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::node {

/// Where a member of the cluster listens for peers.
struct Seed {
  std::string host;
  std::uint16_t port = 0;
};

struct NodeConfig {
  std::string directory;  ///< Made if it is missing; closed to all other users.

  /// Of a founder: the cluster as all founders begin it; cluster 0: the id and the hash seed of an
  /// earlier run of the directory, or new ones; if the directory is of a node that joined a
  /// cluster, it counts as nothing. Nothing: the node joins, or did so before.
  std::optional<cluster::Settings> founding;
  NodeId self{};  ///< Of a founder: which of them. Else 0: what the directory says.

  // Of a node that joins.
  std::vector<Seed> seeds;  ///< Any members; one is enough.
  std::string name;         ///< Unique; empty: the cluster gives one.
  std::string zone;
  std::uint32_t weight = 1;

  // Where others reach this node.
  std::string host;
  std::uint16_t http_port = 0;
  std::uint16_t peer_port = 0;

  std::size_t memory_bytes = std::size_t{512} << 20;  ///< Of the data engine, all told.
  std::size_t memtable_bytes = std::size_t{64} << 20;
  /// How fast what is on disk is read over again in search of damage; 0: never.
  std::size_t scrub_bytes_per_second = std::size_t{8} << 20;
  /// How fast arcs are fetched from other nodes, for each event loop; 0: as fast as it goes.
  std::size_t transfer_bytes_per_second = std::size_t{32} << 20;
};

/// Builds everything in the order in which it is needed, and takes it down in reverse. No logic.
///
/// Life: open() on any thread, before the world's loops run; start(); run the loops; await ready()
/// before clients are let in; close(); stop the loops; destroy. Without close() it may be destroyed
/// only when none of its work waits in the loops any more (the simulator's kill sees to that).
/// Ending the process at any time instead loses nothing that was acknowledged.
class Node {
 public:
  /// Opens the databases and recovers them. `world` outlives the node. `failed` is told, on the
  /// control loop, why the node must end although nobody asked it to.
  static Result<std::unique_ptr<Node>> open(World& world, NodeConfig config,
                                            std::function<void(Error)> failed = nullptr);
  ~Node();

  /// Finds out who this is (asking the cluster, if need be), takes part in the metadata group and
  /// answers peers. Once, before or while the loops run.
  void start();
  /// Waits until clients may be served; or says why that will never be. On any loop.
  Task<Status> ready();

  /// Waits for all work under way, once clients and peers have been turned away. On any loop.
  Task<void> close();

  // After ready():

  /// Who this is, and which run.
  const cluster::Identity& identity() const;
  const cluster::Metadata& metadata() const;
  cluster::Administration& administration();
  /// For use on that loop only.
  HttpHandler& http(std::size_t loop);
  kv::Coordinator& coordinator(std::size_t loop);

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::node
