// The first assignment of arcs to nodes.
#pragma once

#include "ring/ring.hpp"

namespace ouro::ring {

/// A ring of `arc_count` arcs (a power of two, at least the number of members) over `members` (at
/// least one). Every node's number of arcs is within one of its weighted share; neighbouring arcs
/// belong to different nodes, and to different zones, as far as shares allow. Integers only: the
/// same input gives the same ring on every machine.
Ring place(Epoch epoch, std::uint32_t arc_count, std::vector<Member> members);

}  // namespace ouro::ring
