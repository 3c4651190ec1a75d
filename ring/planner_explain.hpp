// What a change of owners means: which arcs and replicas move, from where, and who carries what.
#pragma once

#include "ring/planner.hpp"
#include "ring/ring.hpp"

#include <optional>

namespace ouro::ring {

struct Ideal;

/// Fills in everything of a plan but `owners` and `binding`. `before` is empty in a first
/// assignment. `ideal` is for next.members(), which are all of the request's.
Plan explain(const PlanRequest& request, const std::optional<Ring>& before, const Ring& next,
             const Ideal& ideal);

}  // namespace ouro::ring
