#include "cluster/state_view.hpp"

#include <utility>

namespace ouro::cluster {

View view_of(const State& state, const View* previous) {
  ViewParts parts{
      state.cluster, state.hash_seed, ring_of(state.table, state.epoch), {}, state.defaults};
  for (const auto& [id, member] : state.members) {
    Node node;
    node.id = id;
    node.name = member.name;
    node.host = member.host;
    node.http_port = member.http_port;
    node.peer_port = member.peer_port;
    if (const Seat* const place = seat(state, id)) {
      node.zone = place->zone;
      node.weight = place->weight;
    }
    parts.nodes.push_back(std::move(node));
  }
  parts.buckets = bucket_properties(state);
  parts.changed_at = state.changed_at;
  if (state.change) {
    parts.target = ring_of(state.change->target, state.epoch);
    for (const ArcMove& arc : state.change->arcs) parts.phases.push_back(arc.phase);
  }
  return View(std::move(parts), previous);
}

Result<State> found(const Settings& settings) {
  Founding founding;
  founding.cluster = settings.cluster;
  founding.hash_seed = settings.hash_seed;
  founding.arcs = settings.arcs;
  founding.defaults = settings.defaults;
  for (const Node& node : settings.nodes) {
    Founder founder;
    founder.id = node.id;
    founder.member.name = node.name;
    founder.member.host = node.host;
    founder.member.http_port = node.http_port;
    founder.member.peer_port = node.peer_port;
    founder.seat = {node.zone, node.weight};
    founding.founders.push_back(std::move(founder));
  }
  return found(founding);
}

}  // namespace ouro::cluster
