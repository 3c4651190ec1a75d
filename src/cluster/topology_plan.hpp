// What committing the staged actions would do: shown to people first, then committed by its hash.
//
// Pure. Takes as long as the planner does; call it where that holds nothing up.
#pragma once

#include "cluster/commands.hpp"
#include "cluster/state.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ouro::cluster {

/// What is known besides the state. None of it is in the hash but through the owners it leads to.
struct PlanKnowledge {
  /// By n: the bytes of one replica of each arc. Absent or short: taken as 0.
  std::map<unsigned, std::vector<std::uint64_t>> sizes;
  std::set<NodeId> silent;  ///< Members that do not seem to be alive.
};

/// What one arc's move takes.
struct PlannedArc {
  ring::Arc arc = 0;
  std::set<NodeId> receivers;  ///< Of any N in use.
  std::set<NodeId> outgoing;
  std::uint64_t bytes = 0;  ///< Of all new replicas together.
};

/// What is likely to be streamed between two nodes: a new replica is read from the nearest old
/// owner. Old owners that must catch up because the list gets shorter are not counted.
struct PlannedLink {
  NodeId from{};
  NodeId to{};
  std::uint32_t replicas = 0;
  std::uint64_t bytes = 0;
};

struct NodeShare {
  std::uint32_t arcs = 0;      ///< Of which it is the owner.
  std::uint32_t replicas = 0;  ///< Lists it is in, for all N in use.
  std::uint64_t bytes = 0;
};

struct PlannedNode {
  NodeId node{};
  NodeShare before;
  NodeShare after;
};

/// How many more nodes may fail, in the worst arc, before requests do; below 0 they fail at once.
/// Silent and lost nodes count as failed. For the bucket with this n that needs the most.
struct PlannedQuorum {
  unsigned n = 0;
  int reads_before = 0;
  int writes_before = 0;
  int reads_during = 0;  ///< The worst of any order in which arcs move.
  int writes_during = 0;
};

struct TopologyPlan {
  std::uint64_t hash = 0;
  Epoch epoch = 0;  ///< Of the state it was made from.
  Actions actions;
  std::vector<NodeId> target;
  std::vector<PlannedArc> arcs;        ///< Those whose lists change.
  std::vector<PlannedLink> links;      ///< By (from, to).
  std::vector<PlannedNode> nodes;      ///< By id: all with a seat before or after.
  std::vector<PlannedQuorum> quorums;  ///< By n.
  std::uint32_t replicas = 0;          ///< That are streamed.
  std::uint64_t bytes = 0;
  std::vector<std::string> warnings;
};

/// Error busy while a change runs; invalid_argument if there is nothing to do or the seats fit no
/// ring; denied if a lost node would stay.
Result<TopologyPlan> plan_change(const State& state, const PlanKnowledge& knowledge);
/// What a given target would do, whoever chose it.
TopologyPlan explain_plan(const State& state, std::vector<NodeId> target,
                          const PlanKnowledge& knowledge);
/// The command that carries the plan out.
CommitPlan commit_of(const TopologyPlan& plan);

}  // namespace ouro::cluster
