// What tests do to the roads.
#include "sim/network.hpp"

#include <algorithm>

namespace ouro::sim {

void Network::cut(NodeId from, NodeId to) {
  cuts_.emplace(from, to);
  roads_changed();
}

void Network::mend(NodeId from, NodeId to) {
  cuts_.erase({from, to});
  roads_changed();
}

void Network::partition(const std::set<NodeId>& one, const std::set<NodeId>& other) {
  for (const NodeId a : one)
    for (const NodeId b : other) {
      cuts_.emplace(a, b);
      cuts_.emplace(b, a);
    }
  roads_changed();
}

void Network::unite(const std::set<NodeId>& one, const std::set<NodeId>& other) {
  for (const NodeId a : one)
    for (const NodeId b : other) {
      cuts_.erase({a, b});
      cuts_.erase({b, a});
    }
  roads_changed();
}

void Network::isolate(NodeId node) {
  isolated_.insert(node);
  roads_changed();
}

void Network::clog(NodeId from, NodeId to, Duration time) {
  Instant& until = clogged_until_[{from, to}];
  until = std::max(until, scheduler_.now() + time);
  roads_changed();
  scheduler_.add(life_, until, Scheduler::Handler([this] { roads_changed(); }));
}

void Network::stall(NodeId node, Duration time) {
  Instant& until = stalled_until_[node];
  until = std::max(until, scheduler_.now() + time);
  roads_changed();
  scheduler_.add(life_, until, Scheduler::Handler([this] { roads_changed(); }));
}

void Network::set_quality(NodeId from, NodeId to, LinkQuality quality) {
  qualities_[{from, to}] = quality;
}

void Network::set_quality(LinkQuality quality) {
  qualities_.clear();
  options_.quality = quality;
}

void Network::break_connections(NodeId a, NodeId b) {
  for (const auto& [id, connection] : connections_) {
    const NodeId x = connection.nodes[0], y = connection.nodes[1];
    if ((x == a && y == b) || (x == b && y == a)) reset(id);
  }
}

void Network::heal() {
  cuts_.clear();
  isolated_.clear();
  clogged_until_.clear();
  stalled_until_.clear();
  qualities_.clear();
  options_.quality.reset_per_million = 0;
  options_.quality.corrupt_per_million = 0;
  roads_changed();
}

bool Network::blocked(NodeId from, NodeId to) const {
  if (cuts_.contains({from, to}) || isolated_.contains(from) || isolated_.contains(to)) return true;
  const auto stalled = [&](NodeId node) {
    const auto found = stalled_until_.find(node);
    return found != stalled_until_.end() && found->second > scheduler_.now();
  };
  if (!stalled_until_.empty() && (stalled(from) || stalled(to))) return true;
  const auto clogged = clogged_until_.find({from, to});
  return clogged != clogged_until_.end() && clogged->second > scheduler_.now();
}

const LinkQuality& Network::quality(NodeId from, NodeId to) const {
  const auto found = qualities_.find({from, to});
  return found == qualities_.end() ? options_.quality : found->second;
}

}  // namespace ouro::sim
