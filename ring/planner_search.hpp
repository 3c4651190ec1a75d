// How the planner makes a table better.
#pragma once

#include "ring/planner_draft.hpp"

#include <cstdint>
#include <vector>

namespace ouro::ring {

/// How far a draft is beyond what the planner promises (max_over_ideal and the like in
/// docs/ring.md), in parts of a replica summed over nodes. 0: it is good enough to stay.
std::int64_t beyond_bars(const Problem& problem, const Draft& draft);

/// The best table met by a search from `start`: threshold accepting (Dueck and Scheuer, 1990) over
/// changes of one owner and exchanges of two. The work is bounded and a function of the input
/// alone.
std::vector<Seat> search(const Problem& problem, std::vector<Seat> start);

}  // namespace ouro::ring
