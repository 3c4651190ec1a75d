// Joining, registering, giving up.
#include "tests/cluster/state_fixture.hpp"

namespace ouro::cluster {
namespace {

using namespace testing;

TEST_CASE("a founded cluster is at epoch 1, and every founder has a seat") {
  const State state = founded(3);
  CHECK(problems(state).empty());
  CHECK(state.epoch == 1);
  CHECK(state.table.seats.size() == 3);
  CHECK(state.next_node == NodeId(4));
  CHECK(*status(state, NodeId(2)) == MemberStatus::active);
}

TEST_CASE("a cluster is not founded from what does not fit") {
  const auto refusal = [](auto spoil) {
    Founding founding = testing::founding(3);
    spoil(founding);
    const Result<State> state = found(founding);
    REQUIRE(state.has_error());
    return state.error().message;
  };
  CHECK(refusal([](Founding& f) { f.cluster = 0; }) == "the cluster id is 0: choose another");
  CHECK(refusal([](Founding& f) { f.arcs = 12; }).find("power of two") != std::string::npos);
  CHECK(refusal([](Founding& f) { f.arcs = 2; }).find("at least 4 arcs") != std::string::npos);
  CHECK(refusal([](Founding& f) { f.founders.clear(); }).find("no nodes") != std::string::npos);
  CHECK(refusal([](Founding& f) { f.founders[1].id = NodeId(1); }).find("repeats") !=
        std::string::npos);
  CHECK(refusal([](Founding& f) { f.founders[1].member.name = "n1"; }).find("two nodes") !=
        std::string::npos);
  CHECK(refusal([](Founding& f) { f.founders[1].member.instance = 101; }).find("directory") !=
        std::string::npos);
  CHECK(refusal([](Founding& f) { f.founders[1].seat.weight = 0; }).find("weight is 0") !=
        std::string::npos);
  CHECK(refusal([](Founding& f) { f.founders[1].id = NodeId{}; }).find("id out of") !=
        std::string::npos);
  CHECK(refusal([](Founding& f) { f.defaults.n = 8; }).find("n is 8") != std::string::npos);
}

TEST_CASE("a node that joins gets the next id and waits with a staged join") {
  State state = founded(2);
  const Applied applied = done(state, join(9, "n9", {"z", 2}));
  CHECK(applied.node == NodeId(3));
  CHECK(applied.epoch == 2);
  CHECK(*status(state, NodeId(3)) == MemberStatus::staged);
  CHECK(state.staged.at(NodeId(3)).seat == Seat{"z", 2});
  CHECK(state.members.at(NodeId(3)).registered == 2);
  CHECK(state.audit.back().origin.who == "ann");
}

TEST_CASE("a data directory that joins twice is told the same id") {
  State state = founded(2);
  done(state, join(9, "n9"));
  unchanged(state, join(9, "n9"));
  unchanged(state, join(9, "another"));
  CHECK(apply(state, command(join(9, "n9")))->node == NodeId(3));
}

TEST_CASE("who joins without a name is named by its id") {
  State state = founded(3);
  const Applied joined = done(state, join(9, ""));
  CHECK(state.members.at(joined.node).name == "n4");
}

TEST_CASE("a join that does not fit is refused") {
  State state = founded(2);
  CHECK(refused(state, join(9, "n1")).code == ErrorCode::exists);
  CHECK(refused(state, join(9, "a b")).code == ErrorCode::invalid_argument);
  CHECK(refused(state, join(9, std::string(65, 'x'))).code == ErrorCode::invalid_argument);
  CHECK(refused(state, join(9, "n9", {"", 0})).code == ErrorCode::invalid_argument);
  CHECK(refused(state, join(9, "n9", {"a\nb", 1})).code == ErrorCode::invalid_argument);
  CHECK(refused(state, join(0, "n9")).code == ErrorCode::invalid_argument);
  Join old = join(9, "n9");
  state.feature_level = 2;
  old.registration.features = {1, 1};
  CHECK(refused(state, old).code == ErrorCode::unsupported);
  old.registration.features = {3, 4};
  CHECK(refused(state, old).code == ErrorCode::unsupported);
  old = join(9, "n9");
  old.registration.peer_port = 0;
  CHECK(refused(state, old).code == ErrorCode::invalid_argument);
}

TEST_CASE(
    "ids of nodes that were turned away are not given again, and their directories stay out") {
  State state = founded(2);
  done(state, join(9, "n9"));
  done(state, Unstage{NodeId(3)});
  CHECK(*status(state, NodeId(3)) == MemberStatus::removed);
  CHECK(refused(state, join(9, "n9")).code == ErrorCode::denied);
  CHECK(done(state, join(10, "n9")).node == NodeId(4));
}

TEST_CASE("a greater boot registers, with another address too") {
  State state = founded(2);
  Registration next = registration(101, 2);
  next.host = "10.9.9.9";
  CHECK(done(state, Register{NodeId(1), next}).changed);
  CHECK(state.members.at(NodeId(1)).host == "10.9.9.9");
  CHECK(state.members.at(NodeId(1)).boot == 2);
  CHECK(state.members.at(NodeId(1)).registered == 2);
  unchanged(state, Register{NodeId(1), next});
  next.peer_port = 9999;  // the same run at another port
  done(state, Register{NodeId(1), next});
  CHECK(state.members.at(NodeId(1)).peer_port == 9999);
}

TEST_CASE("a cloned or restored directory is refused") {
  State state = founded(2);
  done(state, Register{NodeId(1), registration(101, 5)});
  Registration clone = registration(101, 5);
  clone.run = 1;
  CHECK(refused(state, Register{NodeId(1), clone}).code == ErrorCode::denied);
  CHECK(refused(state, Register{NodeId(1), registration(101, 4)}).code == ErrorCode::denied);
  Registration same_run = registration(101, 6);
  same_run.run = registration(101, 5).run;
  CHECK(refused(state, Register{NodeId(1), same_run}).code == ErrorCode::denied);
}

TEST_CASE("a wiped directory under an old name is refused") {
  State state = founded(2);
  const Error error = refused(state, Register{NodeId(1), registration(555, 2)});
  CHECK(error.code == ErrorCode::denied);
  CHECK(error.message.find("replace") != std::string::npos);
}

TEST_CASE("nodes that are not members cannot register") {
  State state = founded(2);
  CHECK(refused(state, Register{NodeId(7), registration(7)}).code == ErrorCode::not_found);
  done(state, join(9, "n9"));
  done(state, Register{NodeId(3), registration(9, 2)});  // staged ones can
  done(state, Unstage{NodeId(3)});
  const Error error = refused(state, Register{NodeId(3), registration(9, 3)});
  CHECK(error.code == ErrorCode::denied);
  CHECK(error.message.find("n9 (node 3) was removed at epoch 4") != std::string::npos);
}

TEST_CASE("a build that cannot speak the cluster's feature level does not register") {
  State state = founded(2);
  done(state, SetFeatureLevel{2});
  Registration old = registration(101, 2);
  old.features = {1, 1};
  CHECK(refused(state, Register{NodeId(1), old}).code == ErrorCode::unsupported);
  Registration none = registration(101, 2);
  none.run = 0;
  CHECK(refused(state, Register{NodeId(1), none}).code == ErrorCode::invalid_argument);
}

TEST_CASE("a founder that never ran takes the first directory, but not one of others") {
  Founding founding = testing::founding(2);
  founding.founders[1].member.instance = 0;
  founding.founders[1].member.run = 0;
  founding.founders[1].member.boot = 0;
  State state = *found(founding);
  CHECK(refused(state, Register{NodeId(2), registration(101, 2)}).code == ErrorCode::denied);
  done(state, join(9, "n9"));
  done(state, Unstage{NodeId(3)});
  CHECK(refused(state, Register{NodeId(2), registration(9, 2)}).code == ErrorCode::denied);
  done(state, Register{NodeId(2), registration(102)});
  CHECK(refused(state, Register{NodeId(2), registration(103, 2)}).code == ErrorCode::denied);
}

TEST_CASE("the feature level rises to what all members speak and never falls") {
  State state = founded(2);
  CHECK(refused(state, SetFeatureLevel{3}).code == ErrorCode::unsupported);
  unchanged(state, SetFeatureLevel{1});
  done(state, SetFeatureLevel{2});
  CHECK(refused(state, SetFeatureLevel{1}).code == ErrorCode::invalid_argument);
}

TEST_CASE("one of three nodes can be given up, and stays out") {
  State state = founded(3);
  done(state, ForgetLost{{NodeId(3)}, false});
  CHECK(state.members.at(NodeId(3)).lost);
  unchanged(state, ForgetLost{{NodeId(3)}, false});
  CHECK(refused(state, Register{NodeId(3), registration(103, 2)}).code == ErrorCode::denied);
  CHECK(refused(state, join(103, "n3")).code == ErrorCode::denied);
  CHECK(refused(state, StageWeight{NodeId(3), 2}).code == ErrorCode::denied);
  // Nobody may plan with it.
  done(state, StageWeight{NodeId(1), 2});
  CHECK(refused(state, plan(state)).code == ErrorCode::denied);
  done(state, StageLeave{NodeId(3)});
  done(state, plan(state));
  carry_through(state);
  CHECK(*status(state, NodeId(3)) == MemberStatus::removed);
}

TEST_CASE("giving up a write's only holders takes saying so") {
  State state = founded(3);
  const Error error = refused(state, ForgetLost{{NodeId(2), NodeId(3)}, false});
  CHECK(error.code == ErrorCode::denied);
  CHECK(error.message.find("acknowledged") != std::string::npos);
  done(state, ForgetLost{{NodeId(2)}, false});
  CHECK(refused(state, ForgetLost{{NodeId(3)}, false}).code == ErrorCode::denied);
  done(state, ForgetLost{{NodeId(2), NodeId(3)}, true});
}

TEST_CASE("a bucket with w=1 makes any owner one that may hold a write alone") {
  State state = founded(3);
  BucketProperties properties;
  properties.w = 1;
  done(state, SetBucket{"b", properties});
  CHECK(refused(state, ForgetLost{{NodeId(3)}, false}).code == ErrorCode::denied);
}

TEST_CASE("giving up nobody, everybody, or a stranger is refused") {
  State state = founded(2);
  CHECK(refused(state, ForgetLost{{}, true}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, ForgetLost{{NodeId(9)}, true}).code == ErrorCode::not_found);
  CHECK(refused(state, ForgetLost{{NodeId(2), NodeId(1)}, true}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, ForgetLost{{NodeId(1), NodeId(1)}, true}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, ForgetLost{{NodeId(1), NodeId(2)}, true}).code ==
        ErrorCode::invalid_argument);
}

TEST_CASE("the audit keeps the newest thousand changes") {
  State state = founded(1);
  for (Boot boot = 2; boot <= 1102; ++boot) {
    const auto applied = apply(state, command(Register{NodeId(1), registration(101, boot)}));
    REQUIRE(applied.has_value());
  }
  CHECK(state.audit.size() == 1000);
  CHECK(state.audit.back().epoch == state.epoch);
  CHECK(state.audit.back().what == "n1 (node 1) began run 1102 at 10.0.0.1:7170");
  CHECK(problems(state).empty());
}

TEST_CASE("who asks has a name of bounded length") {
  State state = founded(1);
  Command long_name = command(SetFeatureLevel{2});
  long_name.origin.who = std::string(257, 'x');
  CHECK(apply(state, long_name).has_error());
  CHECK(state.epoch == 1);
}

}  // namespace
}  // namespace ouro::cluster
