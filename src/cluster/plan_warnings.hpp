// What an operator should know before a plan is committed. For topology_plan.cpp only.
#pragma once

#include "cluster/arc_lists.hpp"
#include "cluster/topology_plan.hpp"

#include <set>
#include <string>
#include <vector>

namespace ouro::cluster {

/// See PlannedQuorum. `lists` are those of before and after.
std::vector<PlannedQuorum> planned_quorums(const State& state, const ArcLists& lists,
                                           const std::set<NodeId>& silent);

/// A sentence each: lists that stay short or in one zone, nodes that are away and what waits for
/// them, requests that would fail.
std::vector<std::string> plan_warnings(const State& state, const Table& after,
                                       const ArcLists& lists,
                                       const std::vector<PlannedQuorum>& quorums,
                                       const std::set<NodeId>& silent);

}  // namespace ouro::cluster
