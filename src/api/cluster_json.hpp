// What do the documents about the cluster and its changes look like?
//
// Pure: what a node knows in, JSON out. Nodes are named as people name them.
#pragma once

#include "api/json.hpp"
#include "cluster/administration.hpp"
#include "runtime/clock.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ouro::api {

/// What one node knows of the cluster at one moment.
struct ClusterLook {
  std::shared_ptr<const cluster::State> state;
  std::shared_ptr<const cluster::LivenessView> liveness;
  raft::GroupStatus group;
  NodeId self{};
  Instant now;
  WallTime wall = 0;  ///< The same moment.
};

/// Members, the metadata group, what is staged, the running change and the newest of the audit.
std::string cluster_json(const ClusterLook& look, const Reachable& reachable);

/// What committing would do. Bytes and seconds that nobody knows are null.
std::string plan_json(const cluster::State& state, const cluster::TopologyPlan& plan);

/// What comes to this node, and the arcs of the running change that are under way anywhere.
std::string transfers_json(const ClusterLook& look,
                           const std::vector<cluster::IncomingArc>& incoming);

/// {"epoch","changed","what"}
std::string applied_json(const cluster::Applied& applied);

}  // namespace ouro::api
