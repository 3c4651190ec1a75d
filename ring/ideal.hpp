// How many replicas each node should hold.
#pragma once

#include "ring/ring.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ouro::ring {

/// Ideal loads are counted in parts of a replica, so that integers do.
constexpr std::int64_t replica_parts = 1 << 10;

/// Shares and what shaped them.
struct Ideal {
  std::vector<std::int64_t> replicas;  ///< For each member as given, in parts; they sum to all.
  bool weights_bind = false;           ///< A member is held at one replica of every arc.
  bool zones_bind = false;  ///< A zone is held at the least or the most its lists can give it.
};

/// The fairest loads that lists of `n` distinct nodes allow (weighted water-filling in two levels).
///
/// Every member's load is its weight times a level common to its zone, at most one replica of each
/// arc. The level is the same for all zones, but where that would ask for lists that cannot be:
/// with no more zones than `n` every list has every zone, so a zone holds at least one replica of
/// each arc; with more zones every list has at most one replica in a zone. `n` larger than the
/// number of members means all of them.
Ideal ideal_loads(std::span<const Member> members, std::uint32_t arc_count, std::size_t n);

}  // namespace ouro::ring
