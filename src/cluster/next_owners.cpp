#include "cluster/next_owners.hpp"

#include "ring/planner.hpp"

#include <algorithm>
#include <utility>

namespace ouro::cluster {

Result<std::vector<NodeId>> next_owners(const State& state,
                                        const std::vector<std::uint64_t>& arc_bytes) {
  ring::PlanRequest request;
  request.owners = state.table.owners;
  request.n = state.defaults.n;
  if (arc_bytes.size() == request.owners.size()) request.arc_bytes = arc_bytes;
  std::map<NodeId, Seat> today = state.table.seats;
  for (const auto& [node, action] : state.staged) {
    if (action.kind != ActionKind::replace) continue;
    std::ranges::replace(request.owners, action.replaces, node);
    today[node] = today.at(action.replaces);
  }
  for (const auto& [node, seat] : today) request.today.push_back({node, seat.zone, seat.weight});
  for (const auto& [node, seat] : seats_after(state))
    request.members.push_back({node, seat.zone, seat.weight});
  Result<ring::Plan> plan = ring::make_plan(request);
  if (!plan) return plan.error();
  return std::move(plan->owners);
}

}  // namespace ouro::cluster
