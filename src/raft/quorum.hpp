// Has a majority agreed? Counting, with joint configurations (4.3): pure functions.
#pragma once

#include "base/node_id.hpp"
#include "raft/types.hpp"

#include <cstdint>
#include <map>
#include <set>

namespace ouro::raft {

/// The largest value that a majority of the voters has reached: in a joint configuration, a
/// majority of each half. Who is not in `values` counts as 0.
std::uint64_t reached_by_majority(const Configuration& configuration,
                                  const std::map<NodeId, std::uint64_t>& values);

enum class Tally : std::uint8_t { open, won, lost };

/// Lost: so many said no that a majority (of either half) is out of reach.
Tally count_votes(const Configuration& configuration, const std::map<NodeId, bool>& votes);

/// Whether `nodes` hold a majority, in a joint configuration one of each half.
bool is_majority(const Configuration& configuration, const std::set<NodeId>& nodes);

}  // namespace ouro::raft
