// How few replicas could any table of lists move?
#pragma once

#include "ring/planner.hpp"

#include <cstdint>

namespace ouro::ring {

/// The fewest replicas that must arrive somewhere so that every node holds its ideal load, rounded
/// up or down, every list has n distinct nodes and, where possible, n zones or all of them. Lists
/// may be anything, also such as no walk over a ring gives: so it is a bound and may be out of
/// reach. By min-cost flow. -1 if the loads cannot be had (a defect of ring/ideal.hpp).
std::int64_t least_moves(const PlanRequest& request);

}  // namespace ouro::ring
