#include "ring/planner_explain.hpp"

#include "ring/ideal.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ouro::ring {
namespace {

using Nodes = std::vector<NodeId>;

// In the order of `of`.
Nodes missing(const Nodes& of, const Nodes& from) {
  Nodes result;
  for (const NodeId node : of)
    if (std::ranges::find(from, node) == from.end()) result.push_back(node);
  return result;
}

class Explanation {
 public:
  Explanation(const PlanRequest& request, const std::optional<Ring>& before, const Ring& next)
      : request_(request), before_(before), next_(next) {
    for (const Member& member : next.members()) loads_[member.id].node = member.id;
    if (before)
      for (const Member& member : before->members()) zone_before_[member.id] = member.zone;
  }

  Plan make(const Ideal& ideal) {
    for (Arc arc = 0; arc < next_.arc_count(); ++arc) add(arc);
    for (std::size_t i = 0; i < next_.members().size(); ++i) {
      NodeLoad& load = loads_[next_.members()[i].id];
      const auto parts = static_cast<std::uint64_t>(ideal.replicas[i]);
      const std::uint64_t length = std::min<std::uint64_t>(request_.n, next_.members().size());
      load.ideal_replicas_milli = parts * 1000 / replica_parts;
      load.ideal_primaries_milli = load.ideal_replicas_milli / length;
    }
    for (auto& [node, load] : loads_) plan_.loads.push_back(load);
    for (auto& [ends, link] : links_) plan_.links.push_back(link);
    return std::move(plan_);
  }

 private:
  void add(Arc arc) {
    const Nodes after = next_.preference_list(arc, request_.n);
    ++loads_[next_.owners()[arc]].primaries_after;
    for (const NodeId node : after) ++loads_[node].replicas_after;
    if (!before_) return;

    const Nodes old = before_->preference_list(arc, request_.n);
    const NodeId from = before_->owners()[arc];
    ++load_of(from).primaries_before;
    for (const NodeId node : old) ++load_of(node).replicas_before;
    if (from != next_.owners()[arc]) plan_.arcs.push_back({arc, from, next_.owners()[arc]});
    add_moves(arc, old, after);
  }

  void add_moves(Arc arc, const Nodes& old, const Nodes& after) {
    const std::uint64_t bytes = request_.arc_bytes.empty() ? 0 : request_.arc_bytes[arc];
    Nodes arriving = missing(after, old);
    Nodes leaving = missing(old, after);
    for (const NodeId node : arriving) {
      const NodeId source = source_for(node, old, leaving);
      LinkLoad& link = links_[{source, node}];
      link.from = source;
      link.to = node;
      ++link.replicas;
      link.bytes += bytes;
    }
    std::ranges::sort(arriving);
    std::ranges::sort(leaving);
    for (const NodeId node : arriving) plan_.replicas.push_back({arc, node, true, bytes});
    for (const NodeId node : leaving) plan_.replicas.push_back({arc, node, false, bytes});
  }

  // A replica in the same zone, for the shorter way; else one that leaves, for it serves less.
  NodeId source_for(NodeId node, const Nodes& old, const Nodes& leaving) const {
    const std::string& zone = zone_of(node);
    for (const Nodes* some : {&leaving, &old})
      for (const NodeId from : *some)
        if (zone_before_.at(from) == zone) return from;
    return leaving.empty() ? old.front() : leaving.front();
  }

  const std::string& zone_of(NodeId node) const {
    return std::ranges::lower_bound(next_.members(), node, {}, &Member::id)->zone;
  }

  NodeLoad& load_of(NodeId node) {
    NodeLoad& load = loads_[node];
    load.node = node;
    return load;
  }

  const PlanRequest& request_;
  const std::optional<Ring>& before_;
  const Ring& next_;
  Plan plan_;
  std::map<NodeId, NodeLoad> loads_;
  std::map<NodeId, std::string> zone_before_;
  std::map<std::pair<NodeId, NodeId>, LinkLoad> links_;
};

}  // namespace

Plan explain(const PlanRequest& request, const std::optional<Ring>& before, const Ring& next,
             const Ideal& ideal) {
  return Explanation(request, before, next).make(ideal);
}

}  // namespace ouro::ring
