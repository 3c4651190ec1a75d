// What operators want done, until it is committed.
#include "tests/cluster/state_fixture.hpp"

namespace ouro::cluster {
namespace {

using namespace testing;

TEST_CASE("a leave is staged once and can be taken back") {
  State state = founded(3);
  done(state, StageLeave{NodeId(2)});
  unchanged(state, StageLeave{NodeId(2)});
  CHECK(seats_after(state).size() == 2);
  done(state, Unstage{NodeId(2)});
  CHECK(seats_after(state).size() == 3);
  CHECK(refused(state, Unstage{NodeId(2)}).code == ErrorCode::not_found);
}

TEST_CASE("the last node cannot leave, unless another joins") {
  State state = founded(1);
  CHECK(refused(state, StageLeave{NodeId(1)}).code == ErrorCode::invalid_argument);
  done(state, join(9, "n9"));
  done(state, StageLeave{NodeId(1)});
  done(state, Unstage{NodeId(2)});  // now nobody would be left
  CHECK(refused(state, CommitPlan{plan_hash(state, state.table.owners), state.table.owners}).code ==
        ErrorCode::invalid_argument);
}

TEST_CASE("strangers, removed nodes and nodes that wait to join cannot leave") {
  State state = founded(2);
  CHECK(refused(state, StageLeave{NodeId(5)}).code == ErrorCode::not_found);
  done(state, join(9, "n9"));
  CHECK(refused(state, StageLeave{NodeId(3)}).code == ErrorCode::invalid_argument);
  done(state, Unstage{NodeId(3)});
  CHECK(refused(state, StageLeave{NodeId(3)}).code == ErrorCode::denied);
}

TEST_CASE("a replacement takes the seat of one node and goes back to a join when taken back") {
  State state = founded(3);
  done(state, join(9, "n9"));
  done(state, StageReplace{NodeId(2), NodeId(4)});
  unchanged(state, StageReplace{NodeId(2), NodeId(4)});
  CHECK_FALSE(seats_after(state).contains(NodeId(2)));
  CHECK(seats_after(state).contains(NodeId(4)));
  CHECK(refused(state, StageLeave{NodeId(2)}).code == ErrorCode::exists);
  CHECK(refused(state, StageWeight{NodeId(2), 3}).code == ErrorCode::exists);
  SECTION("named by the old node") { done(state, Unstage{NodeId(2)}); }
  SECTION("named by the new node") { done(state, Unstage{NodeId(4)}); }
  CHECK(seats_after(state).size() == 4);
  CHECK(state.staged.at(NodeId(4)).kind == ActionKind::join);
}

TEST_CASE("replacements that make no sense are refused") {
  State state = founded(3);
  done(state, join(9, "n9"));
  done(state, join(10, "n10"));
  CHECK(refused(state, StageReplace{NodeId(1), NodeId(1)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, StageReplace{NodeId(1), NodeId(2)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, StageReplace{NodeId(4), NodeId(5)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, StageReplace{NodeId(1), NodeId(8)}).code == ErrorCode::not_found);
  CHECK(refused(state, StageReplace{NodeId(8), NodeId(4)}).code == ErrorCode::not_found);
  done(state, StageReplace{NodeId(1), NodeId(4)});
  CHECK(refused(state, StageReplace{NodeId(2), NodeId(4)}).code == ErrorCode::exists);
  CHECK(refused(state, StageReplace{NodeId(1), NodeId(5)}).code == ErrorCode::exists);
  done(state, StageLeave{NodeId(3)});
  CHECK(refused(state, StageReplace{NodeId(3), NodeId(5)}).code == ErrorCode::exists);
  done(state, ForgetLost{{NodeId(5)}, false});
  CHECK(refused(state, StageReplace{NodeId(2), NodeId(5)}).code == ErrorCode::denied);
}

TEST_CASE("weight and zone are wished for together, and wishing for what is takes it back") {
  State state = founded(3);
  done(state, StageWeight{NodeId(1), 4});
  done(state, StageZone{NodeId(1), "east"});
  CHECK(seats_after(state).at(NodeId(1)) == Seat{"east", 4});
  CHECK(state.table.seats.at(NodeId(1)) == Seat{"", 1});
  unchanged(state, StageZone{NodeId(1), "east"});
  done(state, StageWeight{NodeId(1), 1});
  done(state, StageZone{NodeId(1), ""});
  CHECK(state.staged.empty());
}

TEST_CASE("a node that waits to join is given another weight and zone at once") {
  State state = founded(2);
  done(state, join(9, "n9"));
  done(state, StageWeight{NodeId(3), 4});
  done(state, StageZone{NodeId(3), "west"});
  CHECK(seats_after(state).at(NodeId(3)) == Seat{"west", 4});
  CHECK(state.staged.at(NodeId(3)).kind == ActionKind::join);
}

TEST_CASE("weights and zones out of bounds are refused") {
  State state = founded(2);
  CHECK(refused(state, StageWeight{NodeId(1), 0}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, StageWeight{NodeId(1), 65536}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, StageZone{NodeId(1), std::string(65, 'z')}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, StageZone{NodeId(9), "z"}).code == ErrorCode::not_found);
  done(state, StageLeave{NodeId(1)});
  CHECK(refused(state, StageWeight{NodeId(1), 2}).code == ErrorCode::exists);
}

TEST_CASE("a leave or a replacement makes a staged weight pointless") {
  State state = founded(3);
  done(state, StageWeight{NodeId(1), 4});
  done(state, StageLeave{NodeId(1)});
  CHECK(state.staged.at(NodeId(1)).kind == ActionKind::leave);
  done(state, StageWeight{NodeId(2), 4});
  done(state, join(9, "n9"));
  done(state, StageReplace{NodeId(2), NodeId(4)});
  CHECK_FALSE(state.staged.contains(NodeId(2)));
}

TEST_CASE("nothing is staged for nodes of the running change, but for others") {
  State state = founded(3);
  done(state, join(9, "n9"));
  done(state, join(10, "n10"));
  done(state, StageReplace{NodeId(2), NodeId(5)});
  done(state, plan(state));
  for (const NodeId node : {NodeId(2), NodeId(4), NodeId(5)}) {
    CHECK(refused(state, StageLeave{node}).code == ErrorCode::busy);
    CHECK(refused(state, StageWeight{node, 2}).code == ErrorCode::busy);
    CHECK(refused(state, Unstage{node}).code == ErrorCode::busy);
  }
  done(state, join(11, "n11"));
  CHECK(refused(state, StageReplace{NodeId(2), NodeId(6)}).code == ErrorCode::busy);
  CHECK(refused(state, StageReplace{NodeId(1), NodeId(4)}).code == ErrorCode::busy);
  done(state, StageReplace{NodeId(1), NodeId(6)});
  done(state, StageLeave{NodeId(3)});
  carry_through(state);
  CHECK(state.staged.size() == 2);
}

}  // namespace
}  // namespace ouro::cluster
