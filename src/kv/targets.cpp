#include "kv/targets.hpp"

#include <algorithm>
#include <string>

namespace ouro::kv {

std::size_t quorum_size(unsigned requested, std::size_t replicas) {
  return requested != 0 ? requested : replicas / 2 + 1;
}

Outcome<std::size_t> checked_quorum(std::string_view name, std::optional<unsigned> requested,
                                    unsigned bucket_default, std::size_t replicas) {
  const std::size_t size = requested ? *requested : quorum_size(bucket_default, replicas);
  if (size >= 1 && size <= replicas) return size;
  Failure failure;
  failure.code = FailureCode::invalid_argument;
  failure.detail = std::string(name) + " is " + std::to_string(size) + " but must be from 1 to " +
                   std::to_string(replicas) + ", the number of replicas of this key";
  if (!requested) failure.detail += "; it is the bucket's setting, so change that";
  return failure;
}

std::vector<NodeId> order_for_read(std::span<const NodeId> preference_list, NodeId self,
                                   const Reachable& reachable) {
  std::vector<NodeId> order(preference_list.begin(), preference_list.end());
  const auto others = std::stable_partition(order.begin(), order.end(),
                                            [self](NodeId node) { return node == self; });
  std::stable_partition(others, order.end(), reachable);
  return order;
}

std::vector<NodeId> write_coordinators(std::span<const NodeId> preference_list, NodeId self,
                                       const Reachable& reachable) {
  std::vector<NodeId> candidates;
  for (const NodeId node : preference_list)
    if (node == self || reachable(node)) candidates.push_back(node);
  return candidates;
}

}  // namespace ouro::kv
