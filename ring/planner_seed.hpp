// Where the planner's search begins.
#pragma once

#include "ring/planner_draft.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace ouro::ring {

/// How many arcs each seat shall own: within one of its ideal primaries, at least one, all arcs
/// together. Of the two whole numbers next to an ideal, the one nearer to what it owns today.
std::vector<std::uint32_t> arc_shares(const Problem& problem);

/// Deals out all arcs, shares[seat] to each: every seat's arcs are spread evenly, and neighbours
/// belong to different seats and zones as far as shares allow.
std::vector<Seat> deal(std::span<const std::uint32_t> shares, std::span<const Seat> zone_of);

/// Today's table with the arcs of those who left dealt out, and with as many arcs given from those
/// who own more than their share to those who own less; or, where there is no table today, deal().
std::vector<Seat> first_draft(const Problem& problem);

}  // namespace ouro::ring
