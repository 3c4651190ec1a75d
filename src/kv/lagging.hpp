// Which nodes are known to have missed writes.
#pragma once

#include "base/node_id.hpp"

#include <set>

namespace ouro::kv {

/// Nodes that did not take a write which this loop sent them, or could not be reached for it. Reads
/// look at their digests too and repair them, as with nodes whose connection was lost. One entry
/// per member at most. For use on one loop.
class Lagging {
 public:
  void add(NodeId node) { nodes_.insert(node); }
  bool contains(NodeId node) const { return nodes_.contains(node); }

 private:
  std::set<NodeId> nodes_;
};

}  // namespace ouro::kv
