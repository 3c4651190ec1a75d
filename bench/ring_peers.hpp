// Other ways to place replicas, from their published descriptions, measured like ours.
#pragma once

#include <cstdint>
#include <vector>

namespace ouro::ring {

/// The worst that was seen.
struct Score {
  double max_over_ideal = 0;    ///< The fullest node's share, 1 if all are even.
  double moves_over_bound = 0;  ///< What moved when a node joined, over what had to. 0: not known.
  unsigned short_lists = 0;     ///< Arcs whose first n owners are not n distinct nodes.
};

/// `per_node` random tokens for each node; replicas on the next distinct nodes (Dynamo's strategy
/// 1, Cassandra's vnodes). Shares are of the circle.
Score random_vnodes(unsigned per_node, unsigned nodes_first, unsigned nodes_last, unsigned n);

/// Jump consistent hash (Lamping and Veach, 2014) of each of `arcs`; as it places one replica, n of
/// them by hashing anew until the nodes are distinct.
Score jump_hash(std::uint32_t arcs, unsigned nodes_first, unsigned nodes_last, unsigned n);

/// Riak's claim by a diagonal: nodes in turn around the ring; replicas on the owners of the next n
/// arcs, distinct or not.
Score riak_diagonal(std::uint32_t arcs, unsigned nodes, unsigned n);

/// Arcs of each node as published.
Score riak_published(const std::vector<unsigned>& owned);

}  // namespace ouro::ring
