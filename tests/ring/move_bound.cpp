#include "tests/ring/move_bound.hpp"

#include "ring/ideal.hpp"
#include "tests/ring/min_cost_flow.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace ouro::ring {
namespace {

// More than all moves together cost: first as much as possible without these.
constexpr std::int64_t avoided = 1 << 20;
// Ideal loads are rounded to parts.
constexpr std::int64_t rounding = 8;

}  // namespace

std::int64_t least_moves(const PlanRequest& request) {
  const std::size_t arcs = request.owners.size();
  const std::vector<Member>& members = request.members;
  const std::size_t length = std::min<std::size_t>(request.n, members.size());
  const Ideal ideal = ideal_loads(members, static_cast<std::uint32_t>(arcs), request.n);
  const Ring before(0, request.owners, request.today.empty() ? members : request.today);
  std::map<std::string, std::size_t> zones;
  for (const Member& member : members) zones.try_emplace(member.zone, zones.size());

  const std::size_t zone_at = 2 + arcs;
  const std::size_t member_at = zone_at + arcs * zones.size();
  FlowNetwork network(member_at + members.size());
  const bool all_zones = zones.size() <= length;
  std::int64_t must_avoid = static_cast<std::int64_t>(arcs * length);  // what is left over
  for (std::size_t arc = 0; arc < arcs; ++arc) {
    network.add(0, 2 + arc, static_cast<std::int64_t>(length), 0);
    for (std::size_t zone = 0; zone < zones.size(); ++zone) {
      const std::size_t place = zone_at + arc * zones.size() + zone;
      network.add(2 + arc, place, 1, 0);
      // A second of a zone only where every zone has one.
      if (all_zones)
        network.add(2 + arc, place, static_cast<std::int64_t>(length - zones.size()), avoided);
    }
    const std::vector<NodeId> old = before.preference_list(static_cast<Arc>(arc), request.n);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const bool holds = std::ranges::find(old, members[i].id) != old.end();
      network.add(zone_at + arc * zones.size() + zones[members[i].zone], member_at + i, 1,
                  holds ? 0 : 1);
    }
  }
  if (all_zones) must_avoid += static_cast<std::int64_t>(arcs * (length - zones.size()));
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::int64_t down = (ideal.replicas[i] + rounding) / replica_parts;
    const bool whole = ideal.replicas[i] - down * replica_parts <= rounding;
    network.add(member_at + i, 1, down, 0);
    if (!whole) network.add(member_at + i, 1, 1, avoided);
    must_avoid -= down;
  }
  const FlowNetwork::Flow flow = network.run(0, 1);
  const std::int64_t moves = flow.cost - must_avoid * avoided;
  const bool all_sent = flow.amount == static_cast<std::int64_t>(arcs * length);
  return all_sent && moves >= 0 && moves < avoided ? moves : -1;
}

}  // namespace ouro::ring
