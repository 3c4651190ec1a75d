// Whether a state of the cluster makes sense.
#pragma once

#include "cluster/state.hpp"

#include <string>
#include <vector>

namespace ouro::cluster {

/// Everything that contradicts itself, a sentence each; empty for every state that apply() makes.
/// Visits all lists of all arcs: for tests and for a snapshot that was just read.
std::vector<std::string> problems(const State& state);

}  // namespace ouro::cluster
