// Which plan an operator saw: its name.
#pragma once

#include "cluster/state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::cluster {

/// A stable hash of all that a plan is made from (the tables with their seats, what is staged and
/// since when, nodes declared lost, the replica counts in use) and of the owners it leads to. What
/// does not matter to it (addresses, runs, r and w of buckets) does not change it.
std::uint64_t plan_hash(const State& state, const std::vector<NodeId>& target);

/// Sixteen lower-case hexadecimal digits, and back.
std::string plan_hash_text(std::uint64_t hash);
std::optional<std::uint64_t> parse_plan_hash(std::string_view text);

}  // namespace ouro::cluster
