#include "cluster/steward_plan.hpp"

#include "cluster/topology_plan.hpp"
#include "tests/cluster/state_fixture.hpp"

#include <algorithm>

namespace ouro::cluster {
namespace {

using namespace testing;

/// `nodes` nodes with 16 arcs, and a committed change in which one more joins.
State joining(std::uint32_t nodes) {
  State state = founded(nodes);
  done(state, Join{registration(500), "new", {}});
  const Result<TopologyPlan> plan = plan_change(state, {});
  REQUIRE(plan.has_value());
  done(state, commit_of(*plan));
  return state;
}

NodeId newcomer(const State& state) { return *member_named(state, "new"); }

/// Takes one arc that comes to the newcomer to read_new and returns it.
ring::Arc read_new(State& state) {
  const std::vector<ring::Arc> arcs = arcs_to_start(state, ArcLists(state), 1);
  REQUIRE(arcs.size() == 1);
  done(state, StartArcs{state.change->id, arcs});
  const Epoch session = state.change->arcs[arcs[0]].session;
  for (const NodeId node : uncovered(state, ArcLists(state), arcs[0]))
    done(state, Covered{state.change->id, session, arcs[0], node, 1});
  return arcs[0];
}

TEST_CASE("as many arcs are started as every node may have coming in") {
  State state = joining(3);
  CHECK(arcs_to_start(state, ArcLists(state), 2).size() == 2);
  const std::vector<ring::Arc> first = arcs_to_start(state, ArcLists(state), 2);
  done(state, StartArcs{state.change->id, first});
  CHECK(arcs_to_start(state, ArcLists(state), 2).empty());
  CHECK(arcs_to_start(state, ArcLists(state), 3).size() == 1);
}

TEST_CASE("nothing is started or finished while no change runs") {
  const State state = founded(3);
  CHECK(arcs_to_start(state, ArcLists(state), 8).empty());
  CHECK(words_needed(state, ArcLists(state)).empty());
  CHECK(arcs_to_finish(state, ArcLists(state), {}).empty());
}

TEST_CASE("an arc is finished once the old owners that do not know are too few for a read") {
  State state = joining(3);
  const ring::Arc arc = read_new(state);
  const ArcLists lists(state);
  const std::vector<NodeId> old_list = lists.lists(arc, 3).old_list;
  REQUIRE(old_list.size() == 3);
  const Epoch epoch = state.changed_at[arc];
  CHECK(words_needed(state, lists).size() == 3);
  CHECK(words_needed(state, lists).at(old_list[0]) == epoch);
  CHECK(arcs_to_finish(state, lists, {}).empty());
  // The other two could still answer a read between them.
  CHECK(arcs_to_finish(state, lists, {{old_list[0], epoch}}).empty());
  CHECK(arcs_to_finish(state, lists, {{old_list[0], epoch}, {old_list[1], epoch - 1}}).empty());
  CHECK(arcs_to_finish(state, lists, {{old_list[0], epoch}, {old_list[2], epoch + 1}}) ==
        std::vector<ring::Arc>{arc});
}

// A list that grows has no node that leaves it; its one old owner, cut off, once went on to answer
// reads alone.
TEST_CASE("an arc whose list grows waits for the old owner to know") {
  State state = joining(1);
  const ring::Arc arc = read_new(state);
  const ArcLists lists(state);
  REQUIRE(lists.outgoing(arc).empty());
  CHECK(arcs_to_finish(state, lists, {{newcomer(state), state.epoch}}).empty());
  CHECK(arcs_to_finish(state, lists, {{NodeId(1), state.changed_at[arc]}}) ==
        std::vector<ring::Arc>{arc});
}

TEST_CASE("a bucket that reads from one replica needs all old owners to know") {
  State state = founded(3);
  BucketProperties quick = state.defaults;
  quick.r = 1;
  done(state, SetBucket{"quick", quick});
  done(state, Join{registration(500), "new", {}});
  done(state, commit_of(*plan_change(state, {})));
  const ring::Arc arc = read_new(state);
  const ArcLists lists(state);
  const std::vector<NodeId> old_list = lists.lists(arc, 3).old_list;
  const Epoch epoch = state.changed_at[arc];
  CHECK(arcs_to_finish(state, lists, {{old_list[0], epoch}, {old_list[1], epoch}}).empty());
  CHECK(arcs_to_finish(state, lists,
                       {{old_list[0], epoch}, {old_list[1], epoch}, {old_list[2], epoch}})
            .size() == 1);
}

TEST_CASE("a lost node is not waited for") {
  State state = joining(3);
  const ring::Arc arc = read_new(state);
  const std::vector<NodeId> old_list = ArcLists(state).lists(arc, 3).old_list;
  const Epoch epoch = state.changed_at[arc];
  done(state, ForgetLost{{old_list[1]}, true});
  const ArcLists lists(state);
  CHECK_FALSE(words_needed(state, lists).contains(old_list[1]));
  CHECK(arcs_to_finish(state, lists, {{old_list[0], epoch}}) == std::vector<ring::Arc>{arc});
}

}  // namespace
}  // namespace ouro::cluster
