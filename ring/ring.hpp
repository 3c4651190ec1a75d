// Which nodes hold a key.
//
// The circle of 2^64 tokens is cut into Q equal arcs. A vnode is one arc and the node that owns it.
// A key's replicas are the first N distinct nodes met clockwise from its arc, after Dynamo
// (DeCandia et al., SOSP 2007, 6.2, strategy 3), with zones kept apart where that is possible.
#pragma once

#include "base/node_id.hpp"
#include "ring/token.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ouro::ring {

/// A node as the ring sees it.
struct Member {
  NodeId id{};
  std::string zone;  ///< Nodes of one zone may fail together. Empty is a zone like any other.
  std::uint32_t weight = 1;  ///< Its share of the data relative to the others', at least 1.

  bool operator==(const Member&) const = default;
};

/// An immutable assignment of arcs to nodes at one epoch.
///
/// A value: a change of topology makes a new Ring and never alters an old one, so any thread may
/// read any Ring without a lock.
class Ring {
 public:
  /// owners[a] owns arc a; their number is a power of two up to arc_count_max. Every owner is one
  /// of `members`, whose ids are distinct.
  Ring(Epoch epoch, std::vector<NodeId> owners, std::vector<Member> members);

  Epoch epoch() const noexcept { return epoch_; }
  std::uint32_t arc_count() const noexcept { return static_cast<std::uint32_t>(owners_.size()); }
  std::span<const NodeId> owners() const noexcept { return owners_; }
  std::span<const Member> members() const noexcept { return members_; }

  Arc arc_of(Token token) const { return ring::arc_of(token, arc_count()); }

  /// The distinct nodes that hold `arc`, in the order of the walk: `n` of them, or all owners if
  /// fewer. The walk first takes only nodes of zones not yet in the list, then fills up with the
  /// nearest of the rest. The first is the primary.
  std::vector<NodeId> preference_list(Arc arc, std::size_t n) const;

  /// All other owners in the order of the same walk: who stands in when members of the list are
  /// away.
  std::vector<NodeId> fallbacks(Arc arc, std::size_t n) const;

  /// The vnodes of one node.
  std::vector<Arc> arcs_of(NodeId node) const;

 private:
  std::vector<std::uint32_t> distinct_owners(Arc arc) const;
  std::vector<std::uint32_t> choose(std::vector<std::uint32_t>& walk, std::size_t n) const;

  Epoch epoch_;
  std::vector<NodeId> owners_;
  std::vector<Member> members_;             // sorted by id
  std::vector<std::uint32_t> owner_index_;  // position in members_ of each arc's owner
  std::vector<std::uint32_t> zone_index_;   // number of each member's zone
  std::size_t owner_count_ = 0;             // distinct owners
};

}  // namespace ouro::ring
