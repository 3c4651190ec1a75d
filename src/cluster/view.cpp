#include "cluster/view.hpp"

#include "base/check.hpp"
#include "ring/placement.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

namespace ouro::cluster {
namespace {

constexpr unsigned replicas_max = 7;

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

Status check_nodes(const std::vector<Node>& nodes) {
  if (nodes.empty()) return invalid("the cluster has no nodes: name at least one");
  std::set<NodeId> ids;
  std::set<std::string_view> names;
  for (const Node& node : nodes) {
    if (node.name.empty()) return invalid("a node has no name");
    if (node.id == NodeId{}) return invalid("node " + node.name + " has id 0: ids begin at 1");
    if (!ids.insert(node.id).second)
      return invalid("node " + node.name + " repeats the id " +
                     std::to_string(to_integer(node.id)));
    if (!names.insert(node.name).second) return invalid("two nodes are named " + node.name);
    if (node.weight == 0) return invalid("node " + node.name + " has weight 0: weights begin at 1");
  }
  return {};
}

}  // namespace

bool Replicas::contains(NodeId node) const {
  return std::ranges::find(writes, node) != writes.end() ||
         std::ranges::find(joint, node) != joint.end();
}

View::View(ViewParts parts) : parts_(std::move(parts)) {
  check(!parts_.target || parts_.phases.size() == parts_.ring.arc_count());
  for (const unsigned n : counts()) {
    Lists lists{ring::PreferenceTable(parts_.ring, n), std::nullopt};
    if (parts_.target) lists.target.emplace(*parts_.target, n);
    lists_.emplace(n, std::move(lists));
  }
}

const Node* View::node(NodeId id) const {
  const auto at = std::ranges::lower_bound(parts_.nodes, id, {}, &Node::id);
  return at != parts_.nodes.end() && at->id == id ? &*at : nullptr;
}

const Node* View::node_named(std::string_view name) const {
  const auto at = std::ranges::find(parts_.nodes, name, &Node::name);
  return at != parts_.nodes.end() ? &*at : nullptr;
}

const BucketProperties& View::bucket(std::string_view name) const {
  const auto at = parts_.buckets.find(name);
  return at != parts_.buckets.end() ? at->second : parts_.defaults;
}

std::vector<unsigned> View::counts() const {
  std::set<unsigned> counts{parts_.defaults.n};
  for (const auto& [name, bucket] : parts_.buckets) counts.insert(bucket.n);
  return {counts.begin(), counts.end()};
}

Replicas View::replicas(ring::Arc arc, unsigned n) const {
  const auto at = lists_.find(n);
  if (at == lists_.end()) return {};
  const std::span<const NodeId> now = at->second.now.list(arc);
  if (!at->second.target) return {now, now, {}};
  const std::span<const NodeId> target = at->second.target->list(arc);
  const bool same = std::ranges::equal(now, target);
  switch (phase(arc)) {
    case ArcPhase::before:
      return {now, now, {}};
    case ArcPhase::write_both:
      return {now, now, same ? std::span<const NodeId>() : target};
    case ArcPhase::read_new:
      return {target, target, same ? std::span<const NodeId>() : now};
    case ArcPhase::after:
      break;
  }
  return {target, target, {}};
}

ArcPhase View::phase(ring::Arc arc) const {
  return parts_.target ? parts_.phases.at(arc) : ArcPhase::before;
}

Epoch View::changed_at(ring::Arc arc) const {
  return parts_.changed_at.empty() ? 0 : parts_.changed_at.at(arc);
}

Result<View> make_view(Settings settings) {
  if (settings.cluster == 0) return invalid("the cluster id is 0: choose another");
  if (const Status checked = check_nodes(settings.nodes); !checked) return checked.error();
  if (!std::has_single_bit(settings.arcs) || settings.arcs > ring::arc_count_max)
    return invalid("the number of arcs is " + std::to_string(settings.arcs) +
                   ": it must be a power of two up to " + std::to_string(ring::arc_count_max));
  if (settings.arcs < settings.nodes.size())
    return invalid("there are more nodes than arcs: use at least " +
                   std::to_string(std::bit_ceil(settings.nodes.size())) + " arcs");
  if (settings.defaults.n < 1 || settings.defaults.n > replicas_max)
    return invalid("n is " + std::to_string(settings.defaults.n) + ": it must be 1 to " +
                   std::to_string(replicas_max));

  std::ranges::sort(settings.nodes, {}, &Node::id);
  std::vector<ring::Member> members;
  for (const Node& node : settings.nodes) members.push_back({node.id, node.zone, node.weight});
  ring::Ring ring = ring::place(1, settings.arcs, std::move(members));
  return View(ViewParts{settings.cluster, settings.hash_seed, std::move(ring),
                        std::move(settings.nodes), std::move(settings.defaults)});
}

}  // namespace ouro::cluster
