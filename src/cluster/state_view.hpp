// The view that follows from the state of the metadata log.
#pragma once

#include "cluster/state.hpp"
#include "cluster/view.hpp"

namespace ouro::cluster {

/// `previous` lends its preference lists where the tables are the same. Pure.
View view_of(const State& state, const View* previous = nullptr);

/// The first state of a cluster that a configuration describes; its nodes are the founders. Errors
/// as found(Founding) has them.
Result<State> found(const Settings& settings);

}  // namespace ouro::cluster
