// A change of topology, step by step.
#include "cluster/arc_lists.hpp"
#include "tests/cluster/state_fixture.hpp"

#include <algorithm>

namespace ouro::cluster {
namespace {

using namespace testing;

// Three nodes and a fourth that joins; nothing has moved yet.
State joining() {
  State state = founded(3);
  done(state, join(9, "n9"));
  done(state, plan(state));
  REQUIRE(state.change.has_value());
  return state;
}

Epoch id(const State& state) { return state.change->id; }

// An arc with a receiver, brought to write_both.
ring::Arc start_one(State& state) {
  const ArcLists lists(state);
  for (const ring::Arc arc : in_phase(state, ArcPhase::before)) {
    if (lists.receivers(arc).empty()) continue;
    done(state, StartArcs{id(state), {arc}});
    return arc;
  }
  FAIL("no arc receives anything");
  return 0;
}

void cover(State& state, ring::Arc arc) {
  for (const NodeId node : uncovered(state, ArcLists(state), arc))
    done(state, Covered{id(state), state.change->arcs[arc].session, arc, node, 5});
}

TEST_CASE("a join runs through all phases and ends with the target in force") {
  State state = joining();
  const std::vector<NodeId> target = state.change->target.owners;
  CHECK(*status(state, NodeId(4)) == MemberStatus::joining);
  CHECK(state.staged.empty());

  const ring::Arc arc = start_one(state);
  const Epoch started = state.epoch;
  CHECK(state.change->arcs[arc].phase == ArcPhase::write_both);
  CHECK(state.change->arcs[arc].session == started);
  CHECK(state.changed_at[arc] == started);
  cover(state, arc);
  CHECK(state.change->arcs[arc].phase == ArcPhase::read_new);
  CHECK(state.changed_at[arc] == state.epoch);
  CHECK(state.epoch > started);
  done(state, FinishArcs{id(state), {arc}});
  CHECK(state.change->arcs[arc].phase == ArcPhase::after);
  CHECK(state.changed_at[arc] == state.epoch);

  carry_through(state);
  CHECK(state.table.owners == target);
  CHECK(*status(state, NodeId(4)) == MemberStatus::active);
}

TEST_CASE("who leaves or is replaced is removed when the change ends, and not before") {
  State state = founded(4);
  done(state, join(9, "n9"));
  done(state, StageReplace{NodeId(1), NodeId(5)});
  done(state, StageLeave{NodeId(2)});
  done(state, plan(state));
  CHECK(*status(state, NodeId(1)) == MemberStatus::leaving);
  CHECK(*status(state, NodeId(2)) == MemberStatus::leaving);
  carry_through(state);
  CHECK(*status(state, NodeId(1)) == MemberStatus::removed);
  CHECK(state.removed.at(NodeId(2)).removed == state.epoch);
  CHECK(refused(state, Register{NodeId(2), registration(102, 2)}).code == ErrorCode::denied);
  CHECK(done(state, join(77, "n1")).node == NodeId(6));  // the name is free again
}

TEST_CASE("new lists walk by the new zones while old lists walk by the old ones") {
  State state = founded(4);
  for (std::uint32_t i = 1; i <= 4; ++i) done(state, StageZone{NodeId(i), i <= 2 ? "a" : "b"});
  BucketProperties two;
  two.n = 2;
  done(state, SetBucket{"two", two});
  const std::vector<NodeId> owners(state.table.owners);
  done(state, CommitPlan{plan_hash(state, owners), owners});
  REQUIRE(state.change.has_value());  // no owner changes, but lists do
  const ArcLists lists(state);
  for (const ring::Arc arc : lists.changing()) {
    const ListPair pair = lists.lists(arc, 2);
    CHECK(pair.old_list == ring_of(state.table, 1).preference_list(arc, 2));
    REQUIRE(pair.new_list.size() == 2);
    CHECK((pair.new_list[0] <= NodeId(2)) != (pair.new_list[1] <= NodeId(2)));
  }
  CHECK(state.table.seats.at(NodeId(1)).zone.empty());
  carry_through(state);
  CHECK(state.table.seats.at(NodeId(1)).zone == "a");
}

TEST_CASE("a change that moves nothing is over at once") {
  State state = founded(3);
  done(state, StageWeight{NodeId(1), 2});
  const std::vector<NodeId> owners = state.table.owners;
  const Applied applied = done(state, CommitPlan{plan_hash(state, owners), owners});
  CHECK(applied.change_ended);
  CHECK_FALSE(state.change.has_value());
  CHECK(state.table.seats.at(NodeId(1)).weight == 2);
}

TEST_CASE("arcs whose lists stay go straight to after and fence nobody") {
  State state = founded(3);
  done(state, join(9, "n9"));
  std::vector<NodeId> owners = state.table.owners;
  owners[8] = NodeId(4);
  done(state, CommitPlan{plan_hash(state, owners), owners});
  const ArcLists lists(state);
  CHECK(lists.changing().size() < state.arc_count());
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
    CHECK((state.change->arcs[arc].phase == ArcPhase::after) == !lists.changes(arc));
    CHECK(state.changed_at[arc] == 1);
  }
}

TEST_CASE("a plan is refused while a change runs, and when it no longer fits") {
  State state = founded(3);
  done(state, join(9, "n9"));
  const CommitPlan first = plan(state);
  SECTION("another wish was staged") { done(state, StageWeight{NodeId(1), 3}); }
  SECTION("a wish was taken back") { done(state, Unstage{NodeId(4)}); }
  SECTION("a node was given up") { done(state, ForgetLost{{NodeId(3)}, false}); }
  SECTION("another n is in use") {
    BucketProperties two;
    two.n = 2;
    done(state, SetBucket{"two", two});
  }
  SECTION("it was rolled back meanwhile") {
    done(state, first);
    CHECK(refused(state, first).code == ErrorCode::busy);
    done(state, Abort{id(state)});
    carry_through(state);
    CHECK(state.staged.contains(NodeId(4)));
  }
  CHECK(refused(state, first).code == ErrorCode::stale_epoch);
}

TEST_CASE("a plan survives what does not matter to it") {
  State state = founded(3);
  done(state, join(9, "n9"));
  const CommitPlan first = plan(state);
  done(state, Register{NodeId(1), registration(101, 2)});
  done(state, SetFeatureLevel{2});
  BucketProperties properties;
  properties.w = 3;
  done(state, SetBucket{"b", properties});
  done(state, first);
  CHECK(state.change.has_value());
}

TEST_CASE("plans that no planner would make are refused") {
  State state = founded(3);
  const auto commit = [&](std::vector<NodeId> owners) {
    return CommitPlan{plan_hash(state, owners), owners};
  };
  CHECK(refused(state, commit(state.table.owners)).code == ErrorCode::invalid_argument);
  CHECK(refused(state, commit(std::vector<NodeId>(8, NodeId(1)))).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, commit(std::vector<NodeId>(16, NodeId(9)))).code ==
        ErrorCode::invalid_argument);
  CommitPlan altered = commit(std::vector<NodeId>(16, NodeId(1)));
  altered.target[0] = NodeId(2);
  CHECK(refused(state, altered).code == ErrorCode::stale_epoch);
  done(state, StageLeave{NodeId(3)});
  CHECK(refused(state, commit(state.table.owners)).code == ErrorCode::invalid_argument);

  State small = founded(2, 2);
  done(small, join(9, "n9"));
  CHECK(refused(small, CommitPlan{plan_hash(small, small.table.owners), small.table.owners}).code ==
        ErrorCode::invalid_argument);
}

TEST_CASE("steps for another change, for no change, or for arcs elsewhere are refused") {
  State state = joining();
  const ring::Arc arc = start_one(state);
  const auto before = in_phase(state, ArcPhase::before);
  REQUIRE(before.size() > 1);
  CHECK(refused(state, StartArcs{id(state) + 1, before}).code == ErrorCode::stale_epoch);
  CHECK(refused(state, StartArcs{id(state), {arc}}).code == ErrorCode::stale_epoch);
  CHECK(refused(state, StartArcs{id(state), {}}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, StartArcs{id(state), {16}}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, StartArcs{id(state), {before[1], before[0]}}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, FinishArcs{id(state), {arc}}).code == ErrorCode::stale_epoch);
  CHECK(refused(state, FinishArcs{id(state), {before[0]}}).code == ErrorCode::stale_epoch);
  CHECK(refused(state, Abort{id(state) + 1}).code == ErrorCode::stale_epoch);
  CHECK(refused(state, DoubleArcs{32}).code == ErrorCode::busy);

  State quiet = founded(3);
  CHECK(refused(quiet, StartArcs{1, {0}}).code == ErrorCode::stale_epoch);
  CHECK(refused(quiet, FinishArcs{1, {0}}).code == ErrorCode::stale_epoch);
  CHECK(refused(quiet, Covered{1, 1, 0, NodeId(1), 0}).code == ErrorCode::stale_epoch);
  CHECK(refused(quiet, Abort{1}).code == ErrorCode::stale_epoch);
}

TEST_CASE("only the receivers of an arc cover it, in its session, and with one hash") {
  State state = founded(5);
  done(state, join(9, "n9"));
  done(state, join(10, "n10"));
  done(state, plan(state));
  ring::Arc arc = state.arc_count();
  for (const ring::Arc candidate : in_phase(state, ArcPhase::before))
    if (ArcLists(state).receivers(candidate).size() >= 2) arc = candidate;
  REQUIRE(arc < state.arc_count());
  done(state, StartArcs{id(state), {arc}});
  const Epoch session = state.change->arcs[arc].session;
  const std::set<NodeId> receivers = ArcLists(state).receivers(arc);
  const NodeId first = *receivers.begin();
  NodeId stays = NodeId(1);
  while (receivers.contains(stays)) stays = NodeId(to_integer(stays) + 1);

  CHECK(refused(state, Covered{id(state), session, arc, stays, 1}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, Covered{id(state), session - 1, arc, first, 1}).code ==
        ErrorCode::stale_epoch);
  CHECK(refused(state, Covered{id(state), session, 99, first, 1}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, Covered{id(state), session, arc, NodeId(99), 1}).code ==
        ErrorCode::not_found);
  for (const ring::Arc other : in_phase(state, ArcPhase::before))
    CHECK(refused(state, Covered{id(state), 0, other, first, 1}).code == ErrorCode::stale_epoch);
  done(state, Covered{id(state), session, arc, first, 1});
  unchanged(state, Covered{id(state), session, arc, first, 1});
  CHECK(refused(state, Covered{id(state), session, arc, first, 2}).code == ErrorCode::exists);
  CHECK(state.change->arcs[arc].phase == ArcPhase::write_both);
  cover(state, arc);
  CHECK(state.change->arcs[arc].phase == ArcPhase::read_new);
  unchanged(state, Covered{id(state), session, arc, first, 1});
  CHECK(state.change->arcs[arc].covered.at(first) == 1);
}

TEST_CASE("an abort turns every phase, keeps every quorum, and can be turned again") {
  State state = joining();
  const ring::Arc written = start_one(state);
  const ring::Arc read = start_one(state);
  cover(state, read);
  const ring::Arc finished = start_one(state);
  cover(state, finished);
  done(state, FinishArcs{id(state), {finished}});
  const ArcLists forward(state);
  const Table old_table = state.table;
  const Epoch first = id(state);

  done(state, Abort{first});
  CHECK(state.change->aborting);
  CHECK(state.change->target.owners == old_table.owners);
  CHECK(id(state) == state.epoch);
  CHECK(state.change->arcs[written].phase == ArcPhase::read_new);
  CHECK(state.change->arcs[read].phase == ArcPhase::write_both);
  CHECK(state.change->arcs[read].session == state.epoch);
  CHECK(state.change->arcs[read].covered.empty());
  CHECK(state.change->arcs[finished].phase == ArcPhase::before);
  const ArcLists back(state);
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
    const auto sorted = [](std::vector<NodeId> list) {
      std::ranges::sort(list);
      return list;
    };
    CHECK(sorted(forward.lists(arc, 3).reads()) == sorted(back.lists(arc, 3).reads()));
    CHECK(forward.receivers(arc, 3) == back.outgoing(arc, 3));
  }
  CHECK(refused(state, Abort{first}).code == ErrorCode::stale_epoch);

  SECTION("and rolled back") {
    carry_through(state);
    CHECK(state.table.owners == old_table.owners);
    CHECK(*status(state, NodeId(4)) == MemberStatus::staged);
    CHECK(state.staged.at(NodeId(4)).kind == ActionKind::join);
  }
  SECTION("and forward again") {
    done(state, Abort{id(state)});
    CHECK_FALSE(state.change->aborting);
    CHECK(state.change->arcs[written].phase == ArcPhase::write_both);
    carry_through(state);
    CHECK(*status(state, NodeId(4)) == MemberStatus::active);
  }
}

TEST_CASE("an abort before anything moved is over at once, and the wishes are staged again") {
  State state = founded(3);
  done(state, StageLeave{NodeId(1)});
  done(state, plan(state));
  const Applied applied = done(state, Abort{id(state)});
  CHECK(applied.change_ended);
  CHECK_FALSE(state.change.has_value());
  CHECK(state.staged.at(NodeId(1)).kind == ActionKind::leave);
  CHECK(*status(state, NodeId(1)) == MemberStatus::active);
}

TEST_CASE("a receiver that is given up is not waited for any more") {
  State state = joining();
  std::vector<ring::Arc> arcs = in_phase(state, ArcPhase::before);
  done(state, StartArcs{id(state), arcs});
  for (const ring::Arc arc : in_phase(state, ArcPhase::write_both)) {
    const std::set<NodeId> receivers = ArcLists(state).receivers(arc);
    for (const NodeId node : receivers)
      if (node != NodeId(4))
        done(state, Covered{id(state), state.change->arcs[arc].session, arc, node, 1});
  }
  REQUIRE_FALSE(in_phase(state, ArcPhase::write_both).empty());
  const ring::Arc arc = in_phase(state, ArcPhase::write_both).front();
  const Epoch session = state.change->arcs[arc].session;
  done(state, ForgetLost{{NodeId(4)}, false});
  CHECK(in_phase(state, ArcPhase::write_both).empty());
  CHECK(refused(state, Covered{id(state), session, arc, NodeId(4), 1}).code !=
        ErrorCode::corruption);
  carry_through(state);
}

TEST_CASE("a node given up for good stops a change in neither direction") {
  // n1 receives some arcs on the way and gives some up, so that both ways would wait for it.
  State state = founded(5);
  done(state, StageLeave{NodeId(5)});
  done(state, plan(state));
  done(state, StartArcs{id(state), in_phase(state, ArcPhase::before)});
  done(state, ForgetLost{{NodeId(1)}, true});
  State back = state;
  carry_through(state);
  done(back, Abort{id(back)});
  carry_through(back);
  CHECK(*status(state, NodeId(5)) == MemberStatus::removed);
  CHECK(*status(back, NodeId(5)) == MemberStatus::active);
}

TEST_CASE("a bucket with another n, made while arcs move, waits for its receivers too") {
  State state = founded(5);
  done(state, join(9, "n9"));
  done(state, plan(state));
  const ring::Arc arc = start_one(state);
  BucketProperties five;
  five.n = 5;
  done(state, SetBucket{"five", five});
  CHECK(ArcLists(state).counts() == std::set<unsigned>{3, 5});
  const std::set<NodeId> all = ArcLists(state).receivers(arc);
  for (const NodeId node : ArcLists(state).receivers(arc, 5)) CHECK(all.contains(node));
  carry_through(state);
}

TEST_CASE("an arc that waits for the replicas of a dropped bucket alone goes on") {
  State state = founded(4);
  BucketProperties one;
  one.n = 1;
  done(state, SetBucket{"one", one});
  // Owners turn by one: with four nodes and n=3 some lists stay sets, primaries do not.
  std::vector<NodeId> owners = state.table.owners;
  std::swap(owners[0], owners[1]);
  done(state, CommitPlan{plan_hash(state, owners), owners});
  const ring::Arc arc = 0;
  REQUIRE(ArcLists(state).receivers(arc, 3).empty());
  REQUIRE_FALSE(ArcLists(state).receivers(arc, 1).empty());
  done(state, StartArcs{id(state), {arc}});
  CHECK(state.change->arcs[arc].phase == ArcPhase::write_both);
  done(state, DropBucket{"one"});
  CHECK(state.change->arcs[arc].phase == ArcPhase::read_new);
}

TEST_CASE("more replicas than nodes are allowed: lists are shorter") {
  State state = founded(2);
  CHECK(ArcLists(state).lists(0, 3).old_list.size() == 2);
  done(state, join(9, "n9"));
  done(state, plan(state));
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc)
    CHECK(ArcLists(state).receivers(arc) == std::set<NodeId>{NodeId(3)});
  carry_through(state);
}

TEST_CASE("where lists get shorter the nodes that stay must catch up with those that go") {
  // {1,2,3} took a write at {2,3}; {1} alone would never have seen it.
  State state = founded(3);
  done(state, StageLeave{NodeId(2)});
  done(state, StageLeave{NodeId(3)});
  done(state, plan(state));
  const ring::Arc arc = 0;
  CHECK(ArcLists(state).arrivals(arc, 3).empty());
  CHECK(ArcLists(state).receivers(arc, 3) == std::vector{NodeId(1)});
  done(state, StartArcs{id(state), {arc}});
  CHECK(state.change->arcs[arc].phase == ArcPhase::write_both);
  cover(state, arc);
  CHECK(state.change->arcs[arc].phase == ArcPhase::read_new);
  carry_through(state);
}

TEST_CASE("doubling the arcs moves nothing and fences all") {
  State state = founded(3);
  const std::vector<NodeId> owners = state.table.owners;
  done(state, DoubleArcs{32});
  unchanged(state, DoubleArcs{32});
  CHECK(refused(state, DoubleArcs{128}).code == ErrorCode::invalid_argument);
  for (ring::Arc arc = 0; arc < 32; ++arc) {
    CHECK(state.table.owners[arc] == owners[arc / 2]);
    CHECK(state.changed_at[arc] == state.epoch);
  }
}

}  // namespace
}  // namespace ouro::cluster
