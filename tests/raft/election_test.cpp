// Who may lead, and when: sections 3.4, 3.6.1, 4.2.3, 6.2, 9.6 of the dissertation.
#include "tests/raft/cores.hpp"

namespace ouro::raft {
namespace {

const Members three{{id(1), id(2), id(3)}, {}};

struct One {
  explicit One(Stored state) : core(options(), random, std::move(state)) { settle(core); }
  static CoreOptions options() {
    CoreOptions options;
    options.self = id(1);
    return options;
  }
  SeededRandom random{1};
  Core core;
};

Packet vote(unsigned from, Term term, Index last, Term last_term) {
  Packet request = packet(PacketKind::vote, from, term);
  request.index = last;
  request.index_term = last_term;
  return request;
}

TEST_CASE("who hears no leader asks whether it would be elected, in no new term") {
  One one(stored(three));
  for (int i = 0; i < 20; ++i) one.core.tick();
  CHECK(one.core.role() == Role::pre_candidate);
  CHECK(one.core.term() == 1);
  CHECK(!one.core.take_ready());
  const auto packets = one.core.take_packets();
  REQUIRE(packets.size() >= 2);
  CHECK(packets[0].kind == PacketKind::pre_vote);
  CHECK(packets[0].term == 2);
}

TEST_CASE("a candidate asks for votes only when its own vote is durable") {
  One one(stored(three));
  for (int i = 0; i < 20; ++i) one.core.tick();
  one.core.take_packets();
  Packet yes = packet(PacketKind::pre_vote_answer, 2, 2);
  yes.granted = true;
  one.core.step(yes);
  CHECK(one.core.role() == Role::candidate);
  CHECK(one.core.take_packets().empty());
  const auto ready = one.core.take_ready();
  REQUIRE(ready);
  CHECK(ready->must_sync);
  CHECK(ready->hard == HardState{test_group, 2, id(1), 1});
  CHECK(one.core.take_packets().empty());
  one.core.persisted();
  const auto packets = one.core.take_packets();
  REQUIRE(packets.size() == 2);
  CHECK(packets[0].kind == PacketKind::vote);
}

TEST_CASE("a vote is told only when it is durable, and is not given twice in a term") {
  One one(stored(three));
  one.core.step(vote(2, 5, 1, 1));
  CHECK(one.core.take_packets().empty());
  const auto ready = one.core.take_ready();
  REQUIRE(ready);
  CHECK(ready->must_sync);
  CHECK(ready->hard->vote == id(2));
  one.core.persisted();
  auto answers = one.core.take_packets();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].granted);

  one.core.step(vote(3, 5, 9, 4));
  answers = settle(one.core);
  REQUIRE(answers.size() == 1);
  CHECK(!answers[0].granted);
  one.core.step(vote(2, 5, 1, 1));  // its first answer may be lost
  CHECK(settle(one.core).at(0).granted);
}

TEST_CASE("a node remembers after a restart whom it voted for") {
  Stored state = stored(three, {}, 5);
  state.hard.vote = id(2);
  One one(std::move(state));
  one.core.step(vote(3, 5, 9, 4));
  CHECK(!settle(one.core).at(0).granted);
}

TEST_CASE("votes go only to candidates whose log is at least as up to date") {
  struct Case {
    Index last;
    Term last_term;
    bool granted;
  };
  // The voter's log ends with index 4, term 3.
  for (const Case& each : {Case{4, 3, true}, Case{5, 3, true}, Case{3, 3, false}, Case{9, 2, false},
                           Case{2, 4, true}}) {
    CAPTURE(each.last, each.last_term);
    One one(stored(three, {2, 2, 3}, 3));
    one.core.step(vote(2, 7, each.last, each.last_term));
    CHECK(settle(one.core).at(0).granted == each.granted);
    CHECK(one.core.term() == 7);
  }
}

TEST_CASE("who hears a leader does not help to depose it, unless the leader wants it") {
  One one(stored(three));
  one.core.step(packet(PacketKind::heartbeat, 2, 1));
  settle(one.core);
  one.core.step(vote(3, 9, 9, 9));
  CHECK(one.core.term() == 1);
  CHECK(settle(one.core).empty());
  Packet asked = vote(3, 9, 9, 9);
  asked.transfer = true;
  one.core.step(asked);
  CHECK(one.core.term() == 9);
  CHECK(settle(one.core).at(0).granted);
}

TEST_CASE("a node that was cut off comes back without deposing the leader") {
  Cores cores(three);
  cores.elect(1);
  const Term term = cores[1].term();
  cores.cut(3);
  cores.tick(100);
  CHECK(cores[3].term() == term);
  cores.mend();
  cores.tick(3);
  CHECK(cores[1].role() == Role::leader);
  CHECK(cores[1].term() == term);
  CHECK(cores[3].leader() == id(1));
}

TEST_CASE("a leader that reaches no majority steps down") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(1);
  cores.tick_one(1, 20);
  CHECK(cores[1].role() != Role::leader);
  CHECK(cores[1].leader() == no_node);
}

TEST_CASE("a leader goes on while a majority answers") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(3);
  cores.tick(50);
  CHECK(cores[1].role() == Role::leader);
}

TEST_CASE("a deposed leader that comes back follows") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(1);
  cores.tick(40);
  CHECK((cores[2].role() == Role::leader || cores[3].role() == Role::leader));
  cores.mend();
  cores.tick(5);
  CHECK(cores[1].role() == Role::follower);
  CHECK(cores[1].leader() != no_node);
}

TEST_CASE("who belongs to another group is not heard") {
  One one(stored(three));
  Packet request = vote(2, 9, 9, 9);
  request.group = test_group + 1;
  one.core.step(request);
  CHECK(one.core.term() == 1);
  CHECK(settle(one.core).empty());
}

TEST_CASE("a node that joins asks for nothing by itself, but votes") {
  Cores cores;
  cores.add(id(1), Stored{});
  cores.tick(100);
  CHECK(cores[1].role() == Role::follower);
  cores[1].step(vote(2, 3, 1, 1));
  const auto answers = settle(cores[1]);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].granted);
}

TEST_CASE("two leaders of one term stop the group here: a disk has forgotten") {
  Cores cores({{id(1)}, {}});
  cores.elect(1);
  cores[1].step(packet(PacketKind::heartbeat, 2, cores[1].term()));
  CHECK(!cores[1].problem().empty());
  CHECK(cores[1].role() == Role::follower);
}

}  // namespace
}  // namespace ouro::raft
