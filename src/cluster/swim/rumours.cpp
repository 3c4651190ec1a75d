#include "cluster/swim/rumours.hpp"

#include <algorithm>

namespace ouro::cluster::swim {

void Rumours::add(NodeId node) {
  remove(node);
  rumours_.push_back({node, 0});
}

void Rumours::remove(NodeId node) {
  std::erase_if(rumours_, [node](const Rumour& rumour) { return rumour.node == node; });
}

std::vector<NodeId> Rumours::next() const {
  std::vector<Rumour> sorted = rumours_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Rumour& a, const Rumour& b) { return a.told < b.told; });
  std::vector<NodeId> nodes;
  nodes.reserve(sorted.size());
  for (const Rumour& rumour : sorted) nodes.push_back(rumour.node);
  return nodes;
}

void Rumours::told(NodeId node, unsigned limit) {
  const auto found = std::find_if(rumours_.begin(), rumours_.end(),
                                  [node](const Rumour& rumour) { return rumour.node == node; });
  if (found != rumours_.end() && ++found->told >= limit) rumours_.erase(found);
}

}  // namespace ouro::cluster::swim
