#include "tests/cluster/state_fixture.hpp"

#include "cluster/arc_lists.hpp"

namespace ouro::cluster::testing {

void carry_on(State& state) {
  if (const auto arcs = in_phase(state, ArcPhase::before); !arcs.empty())
    done(state, StartArcs{state.change->id, arcs});
  for (const ring::Arc arc : in_phase(state, ArcPhase::write_both)) {
    const std::vector<NodeId> waiting = uncovered(state, ArcLists(state), arc);
    for (const NodeId node : waiting)
      done(state, Covered{state.change->id, state.change->arcs[arc].session, arc, node, 9});
  }
  if (const auto arcs = in_phase(state, ArcPhase::read_new); !arcs.empty())
    done(state, FinishArcs{state.change->id, arcs});
}

void carry_through(State& state) {
  for (int round = 0; round < 5 && state.change; ++round) carry_on(state);
  REQUIRE_FALSE(state.change.has_value());
}

}  // namespace ouro::cluster::testing
