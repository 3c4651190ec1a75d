// Whom does a request go to, and how many must answer?
#pragma once

#include "base/node_id.hpp"
#include "kv/request.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ouro::kv {

using Reachable = std::function<bool(NodeId)>;

/// `requested`, or the majority of `replicas` if it is 0.
std::size_t quorum_size(unsigned requested, std::size_t replicas);

/// The r or w of a request: what the request says, else the bucket's, where the bucket's 0 means a
/// majority. Failure invalid_argument if it is not in 1 .. replicas; `name` is "r" or "w".
Outcome<std::size_t> checked_quorum(std::string_view name, std::optional<unsigned> requested,
                                    unsigned bucket_default, std::size_t replicas);

/// The members of a preference list in the order in which to ask them: self first (it is always
/// reachable), then the reachable ones and then the others, each in the list's order.
std::vector<NodeId> order_for_read(std::span<const NodeId> preference_list, NodeId self,
                                   const Reachable& reachable);

/// Who may coordinate a write, best first: the reachable primaries (self always is) in the list's
/// order. Empty: a fallback must.
std::vector<NodeId> write_coordinators(std::span<const NodeId> preference_list, NodeId self,
                                       const Reachable& reachable);

}  // namespace ouro::kv
