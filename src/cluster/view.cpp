#include "cluster/view.hpp"

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

const Node* View::node(NodeId id) const {
  const auto at = std::ranges::lower_bound(nodes, id, {}, &Node::id);
  return at != nodes.end() && at->id == id ? &*at : nullptr;
}

const Node* View::node_named(std::string_view name) const {
  const auto at = std::ranges::find(nodes, name, &Node::name);
  return at != nodes.end() ? &*at : nullptr;
}

std::vector<NodeId> View::replicas(ring::Arc arc, unsigned n) const {
  if (n != defaults.n) return ring.preference_list(arc, n);
  const std::span<const NodeId> list = lists.list(arc);
  return {list.begin(), list.end()};
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
  ring::PreferenceTable lists(ring, settings.defaults.n);
  return View{settings.cluster,          settings.hash_seed,           std::move(ring),
              std::move(settings.nodes), std::move(settings.defaults), std::move(lists)};
}

}  // namespace ouro::cluster
