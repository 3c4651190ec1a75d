// How the group changes its members and its leader: sections 3.10 and 4 of the dissertation.
#include "tests/raft/cores.hpp"

#include "raft/format.hpp"
#include "raft/quorum.hpp"

namespace ouro::raft {
namespace {

using Nodes = std::vector<NodeId>;

TEST_CASE("a majority is more than half, in a joint configuration of each half") {
  const Configuration three{{id(1), id(2), id(3)}, {}, {id(4)}};
  CHECK(reached_by_majority(three, {{id(1), 5}, {id(2), 7}, {id(3), 9}, {id(4), 99}}) == 7);
  CHECK(reached_by_majority(three, {{id(1), 5}}) == 0);
  CHECK(reached_by_majority({{id(1), id(2)}, {}, {}}, {{id(1), 5}, {id(2), 7}}) == 5);
  CHECK(reached_by_majority({{id(1)}, {id(2), id(3)}, {}}, {{id(1), 9}, {id(2), 3}, {id(3), 4}}) ==
        3);
  CHECK(reached_by_majority({}, {{id(1), 9}}) == 0);

  CHECK(is_majority(three, {id(1), id(2)}));
  CHECK(!is_majority(three, {id(1), id(4)}));
  CHECK(!is_majority({{id(1)}, {id(2), id(3)}, {}}, {id(2), id(3)}));
  CHECK(!is_majority({}, {id(1)}));
}

TEST_CASE("an election is open until a majority said yes, or can no more") {
  const Configuration four{{id(1), id(2), id(3), id(4)}, {}, {}};
  CHECK(count_votes(four, {{id(1), true}, {id(2), true}}) == Tally::open);
  CHECK(count_votes(four, {{id(1), true}, {id(2), true}, {id(3), true}}) == Tally::won);
  CHECK(count_votes(four, {{id(1), true}, {id(2), false}, {id(3), false}}) == Tally::lost);
  const Configuration joint{{id(1)}, {id(2)}, {}};
  CHECK(count_votes(joint, {{id(1), true}}) == Tally::open);
  CHECK(count_votes(joint, {{id(1), true}, {id(2), false}}) == Tally::lost);
  CHECK(count_votes(joint, {{id(2), false}}) == Tally::lost);
  CHECK(count_votes(joint, {{id(1), true}, {id(2), true}}) == Tally::won);
}

TEST_CASE("lists of members that make no sense are refused") {
  CHECK(check_members({{id(1)}, {id(2), id(3)}}));
  CHECK(!check_members({{}, {id(2)}}));
  CHECK(!check_members({{id(1)}, {id(1)}}));
  CHECK(!check_members({{id(2), id(1)}, {}}));
  CHECK(!check_members({{no_node}, {}}));
}

struct Joining {
  Joining() : cores({{id(1)}, {}}) {
    for (const unsigned number : {2u, 3u, 4u, 5u}) cores.add(id(number), Stored{});
    cores.elect(1);
  }
  void change(Members members) {
    REQUIRE(cores[1].change_members(members));
    cores.exchange();
    cores.tick(3);
  }
  Cores cores;
};

TEST_CASE("a learner gets everything and counts for nothing") {
  Joining group;
  Cores& cores = group.cores;
  group.change({{id(1)}, {id(2), id(3)}});
  cores.propose(1, "a");
  CHECK(cores.applied(2) == std::vector<std::string>{"s", "a"});
  cores.cut(2);
  cores.cut(3);
  cores.propose(1, "b");
  CHECK(cores.applied(1).back() == "b");
  cores.tick(50);
  CHECK(cores[1].role() == Role::leader);
  CHECK(cores[2].role() == Role::follower);
}

TEST_CASE("a change of learners alone needs no joint configuration") {
  Joining group;
  REQUIRE(group.cores[1].change_members({{id(1)}, {id(2)}}));
  CHECK(!group.cores[1].log().configuration().is_joint());
}

TEST_CASE("voters change through a joint configuration, which the leader ends by itself") {
  Joining group;
  Cores& cores = group.cores;
  group.change({{id(1)}, {id(2), id(3)}});
  REQUIRE(cores[1].change_members({{id(1), id(2), id(3)}, {}}));
  CHECK(cores[1].log().configuration().is_joint());
  CHECK(cores[1].log().configuration().outgoing == Nodes{id(1)});
  cores.exchange();
  cores.tick(2);
  for (const unsigned number : {1u, 2u, 3u}) {
    CHECK(cores[number].log().configuration() == Configuration{{id(1), id(2), id(3)}, {}, {}});
    CHECK(cores[number].commit() == cores[1].log().last());
  }
}

TEST_CASE("a joint configuration commits nothing without a majority of both halves") {
  Joining group;
  Cores& cores = group.cores;
  group.change({{id(1), id(2), id(3)}, {id(4), id(5)}});
  cores.cut(4);
  cores.cut(5);
  REQUIRE(cores[1].change_members({{id(1), id(4), id(5)}, {}}));
  cores.exchange();
  const Index commit = cores[1].commit();
  CHECK(cores[1].log().configuration().is_joint());
  cores.propose(1, "a");  // on 1, 2, 3: a majority of the old half only
  CHECK(cores[1].commit() == commit);
  cores.mend();
  cores.tick(3);
  CHECK(cores[1].commit() == cores[1].log().last());
  CHECK(!cores[1].log().configuration().is_joint());
}

TEST_CASE("a leader without the new half steps down") {
  Joining group;
  Cores& cores = group.cores;
  group.change({{id(1), id(2), id(3)}, {}});
  cores.cut(4);
  cores.cut(5);
  REQUIRE(cores[1].change_members({{id(1), id(4), id(5)}, {}}));
  cores.exchange();
  cores.tick_one(1, 30);
  CHECK(cores[1].role() != Role::leader);
}

TEST_CASE("one change at a time") {
  Joining group;
  Cores& cores = group.cores;
  cores.cut(2);
  REQUIRE(cores[1].change_members({{id(1), id(2)}, {}}));
  cores.exchange();
  const auto second = cores[1].change_members({{id(1), id(3)}, {}});
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::busy);
  CHECK(cores[2].change_members({{id(2)}, {}}).error().code == ErrorCode::not_leader);
}

TEST_CASE("a leader that leaves leads until that is committed, then another takes over at once") {
  Joining group;
  Cores& cores = group.cores;
  group.change({{id(1), id(2), id(3)}, {}});
  REQUIRE(cores[1].change_members({{id(2), id(3)}, {}}));
  cores.exchange();
  CHECK(cores[1].role() == Role::follower);
  CHECK((cores[2].role() == Role::leader || cores[3].role() == Role::leader));
  cores.tick(100);
  CHECK(cores[1].role() != Role::leader);
}

TEST_CASE("a voter that is being removed stands for election while the others need its log") {
  // Node 2 alone has the entry that removes it; node 1 is in the joint configuration before it and
  // cannot win against the longer log.
  Stored joint = stored({{id(1)}, {id(2)}});
  joint.snapshot.configuration.outgoing = {id(1), id(2)};
  Stored left = joint;
  left.entries = {
      {2, 1, EntryKind::configuration, SharedBytes(encode_configuration({{id(1)}, {}, {id(2)}}))}};
  Cores cores;
  cores.add(id(1), std::move(joint));
  cores.add(id(2), std::move(left));
  cores.tick(60);
  CHECK(cores[1].role() == Role::leader);
  CHECK(cores[1].commit() == cores[1].log().last());
  CHECK(cores[1].log().configuration() == Configuration{{id(1)}, {}, {id(2)}});
}

TEST_CASE("a configuration goes away with the entry that held it") {
  Joining group;
  Cores& cores = group.cores;
  group.change({{id(1), id(2), id(3)}, {}});
  cores.cut(1);
  REQUIRE(cores[1].change_members({{id(1)}, {}}));
  cores.exchange();
  CHECK(cores[1].log().configuration().is_joint());
  cores.tick(40);
  cores.mend();
  cores.tick(5);
  CHECK(cores[1].log().configuration() == Configuration{{id(1), id(2), id(3)}, {}, {}});
}

TEST_CASE("leadership is handed over without a timeout, and comes back if it is not taken") {
  Cores cores({{id(1), id(2), id(3)}, {}});
  cores.elect(1);
  cores.propose(1, "a");
  CHECK(cores[1].transfer(id(4)).error().code == ErrorCode::invalid_argument);
  REQUIRE(cores[1].transfer(id(2)));
  cores.exchange();
  CHECK(cores[2].role() == Role::leader);
  CHECK(cores[1].leader() == id(2));

  cores.cut(3);
  REQUIRE(cores[2].transfer(id(3)));
  cores.exchange();
  CHECK(cores[2].propose(SharedBytes(std::string("b"))).error().code == ErrorCode::busy);
  cores.tick(15);
  CHECK(cores[2].role() == Role::leader);
  cores.propose(2, "b");
  CHECK(cores.applied(1).back() == "b");
}

TEST_CASE("who is to take over gets what it misses first") {
  Cores cores({{id(1), id(2), id(3)}, {}});
  cores.elect(1);
  cores.cut(3);
  cores.propose(1, "a");
  cores.mend();
  REQUIRE(cores[1].transfer(id(3)));
  cores.tick(3);
  CHECK(cores[3].role() == Role::leader);
  CHECK(cores.applied(3).back() == "a");
}

}  // namespace
}  // namespace ouro::raft
