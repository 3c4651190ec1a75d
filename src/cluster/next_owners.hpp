// Who should own the arcs once everything staged is done.
#pragma once

#include "cluster/state.hpp"

#include <cstdint>
#include <vector>

namespace ouro::cluster {

/// The owners for the seats that will be, close to those there are. `arc_bytes`: what an arc weighs
/// in one replica, or empty. A replacement takes exactly its predecessor's arcs before anything is
/// balanced. Error invalid_argument if the seats fit no ring.
Result<std::vector<NodeId>> next_owners(const State& state,
                                        const std::vector<std::uint64_t>& arc_bytes);

}  // namespace ouro::cluster
