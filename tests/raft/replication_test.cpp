// How logs become equal and what is committed: sections 3.5, 3.6, 10.2 of the dissertation.
#include "tests/raft/cores.hpp"

namespace ouro::raft {
namespace {

const Members three{{id(1), id(2), id(3)}, {}};
using Terms = std::vector<Term>;

CoreOptions self(unsigned number) {
  CoreOptions options;
  options.self = id(number);
  return options;
}

Packet append(Term term, Index before, Term before_term, Terms entries, Index commit = 1) {
  Packet request = packet(PacketKind::append, 2, term);
  request.index = before;
  request.index_term = before_term;
  request.commit = commit;
  for (const Term each : entries) {
    const Index index = ++before;
    request.entries.push_back({index, each, EntryKind::command,
                               SharedBytes(std::to_string(index) + "@" + std::to_string(each))});
  }
  return request;
}

TEST_CASE("a new leader makes every log of figure 3.6 its own") {
  const Terms leader{1, 1, 1, 4, 4, 5, 5, 6, 6, 6};
  const std::vector<Terms> followers{
      {1, 1, 1, 4, 4, 5, 5, 6, 6},           // a
      {1, 1, 1, 4},                          // b
      {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6},     // c
      {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7},  // d
      {1, 1, 1, 4, 4, 4, 4},                 // e
      {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3},     // f
  };
  for (std::size_t i = 0; i < followers.size(); ++i) {
    CAPTURE(i);
    Cores cores;
    cores.add(id(1), stored(three, leader, 7));
    cores.add(id(2), stored(three, {}, 7));
    cores.add(id(3), stored(three, followers[i], 7));
    cores.cut(3);  // some of them would not vote for it
    cores.elect(1);
    cores.mend();
    cores.tick(3);
    CHECK(cores[1].role() == Role::leader);
    Terms all = leader;
    all.push_back(cores[1].term());
    CHECK(terms(cores[3]) == all);
    CHECK(terms(cores[2]) == all);
    CHECK(cores[3].commit() == cores[1].log().last());
  }
}

TEST_CASE("a leader does not count copies of older terms' entries") {
  // Figure 3.7: entry 2 of term 2 is on a majority, which alone commits nothing.
  SeededRandom random(1);
  Core core(self(1), random, stored(three, {2}, 3));
  for (int i = 0; i < 20; ++i) core.tick();
  Packet yes = packet(PacketKind::pre_vote_answer, 2, 4);
  yes.granted = true;
  core.step(yes);
  yes.kind = PacketKind::vote_answer;
  core.step(yes);
  REQUIRE(core.role() == Role::leader);
  settle(core);
  Packet has = packet(PacketKind::append_answer, 2, 4);
  has.granted = true;
  has.index = 2;
  core.step(has);
  CHECK(core.commit() == 1);
  has.index = 3;  // the leader's own first entry
  core.step(has);
  CHECK(core.commit() == 3);
}

TEST_CASE("what a follower acknowledges is durable") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three));
  core.step(append(1, 1, 1, {1, 1}));
  CHECK(core.take_packets().empty());
  const auto ready = core.take_ready();
  REQUIRE(ready);
  CHECK(ready->must_sync);
  CHECK(ready->entries.size() == 2);
  core.step(append(1, 3, 1, {1}));
  CHECK(core.take_packets().empty());
  core.persisted();
  const auto answers = core.take_packets();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].index == 3);  // not what came while it was written
}

TEST_CASE("a leader's own copy counts when it is durable, though others had it first") {
  Cores cores({{id(1), id(2)}, {}});
  cores.elect(1);
  Core& leader = cores[1];
  const Index commit = leader.commit();
  const auto placed = leader.propose(SharedBytes(std::string("x")));
  REQUIRE(placed);
  const auto early = leader.take_packets();
  REQUIRE(early.size() == 1);  // before its own disk
  CHECK(early[0].entries.size() == 1);
  Packet has = packet(PacketKind::append_answer, 2, leader.term());
  has.granted = true;
  has.index = *placed;
  leader.step(has);
  CHECK(leader.commit() == commit);
  REQUIRE(leader.take_ready());
  leader.persisted();
  CHECK(leader.commit() == *placed);
}

TEST_CASE("a new leader says nothing in a term that is not durable") {
  Cores cores({{id(1)}, {id(2)}});
  Core& core = cores[1];
  for (int i = 0; i < 20; ++i) core.tick();
  CHECK(core.role() == Role::leader);
  CHECK(core.take_packets().empty());
  REQUIRE(core.take_ready());
  core.persisted();
  CHECK(!core.take_packets().empty());
}

TEST_CASE("a conflict replaces the rest of a follower's log") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three, {1, 2, 2, 2}, 2));
  core.step(append(3, 2, 1, {3}));
  CHECK(terms(core) == Terms{1, 3});
  const auto ready = core.take_ready();
  REQUIRE(ready);
  CHECK(ready->last == 3);
  CHECK(ready->entries.size() == 1);
}

TEST_CASE("an old, short append undoes nothing") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three));
  core.step(append(1, 1, 1, {1, 1, 1}));
  core.step(append(1, 1, 1, {1}));
  CHECK(terms(core) == Terms{1, 1, 1});
}

TEST_CASE("a gap is refused with a hint where the logs may be equal") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three, {1, 1, 2, 2}, 2));
  core.step(append(3, 9, 3, {3}));
  auto answers = settle(core);
  REQUIRE(answers.size() == 1);
  CHECK(!answers[0].granted);
  CHECK(answers[0].hint == 5);
  core.step(append(3, 5, 1, {3}));  // a whole term is skipped
  answers = settle(core);
  REQUIRE(answers.size() == 1);
  CHECK(!answers[0].granted);
  CHECK(answers[0].hint == 3);
  CHECK(terms(core) == Terms{1, 1, 2, 2});
}

TEST_CASE("a follower commits no further than its log is surely equal") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three, {1, 1, 1}, 1));
  core.step(append(2, 2, 1, {}, 4));
  CHECK(core.commit() == 2);
  Packet heartbeat = packet(PacketKind::heartbeat, 2, 2);
  heartbeat.commit = 99;
  core.step(heartbeat);
  CHECK(core.commit() == 2);
}

TEST_CASE("an append whose terms cannot be is ignored") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three, {}, 5));
  core.step(append(5, 1, 1, {3, 2}));
  core.step(append(5, 1, 1, {6}));
  CHECK(terms(core).empty());
  CHECK(settle(core).empty());
}

TEST_CASE("a new leader replaces what was not committed") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three));
  core.step(append(1, 1, 1, {1, 1}, 2));
  CHECK(core.commit() == 2);
  core.step(append(2, 2, 1, {2}, 3));
  CHECK(core.commit() == 3);
  CHECK(terms(core) == Terms{1, 2});
  core.step(append(3, 1, 1, {3, 3}, 3));  // what is committed is not even looked at
  CHECK(terms(core) == Terms{1, 2});
}

TEST_CASE("commands are applied in order by everybody, once") {
  Cores cores(three);
  cores.elect(1);
  for (const char* command : {"a", "b", "c"}) cores.propose(1, command);
  cores.tick(2);
  for (const unsigned number : {1u, 2u, 3u})
    CHECK(cores.applied(number) == std::vector<std::string>{"s", "a", "b", "c"});
}

TEST_CASE("what is committed but not durable here is not applied yet") {
  SeededRandom random(1);
  Core core(self(1), random, stored(three));
  core.take_committed(SIZE_MAX);
  core.step(append(1, 1, 1, {1}, 2));
  CHECK(core.commit() == 2);
  CHECK(core.take_committed(SIZE_MAX).entries.empty());
  REQUIRE(core.take_ready());
  core.persisted();
  CHECK(core.take_committed(SIZE_MAX).entries.size() == 1);
}

TEST_CASE("a follower gets as much as its window holds and no more until it answers") {
  CoreOptions options;
  options.window.messages = 3;
  Cores cores({{id(1), id(2)}, {}}, options);
  cores.elect(1);
  cores.propose(1, "so that it is fed ahead of its answers");
  std::size_t sent = 0;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(cores[1].propose(SharedBytes(std::string("x"))));
    for (const Packet& each : cores[1].take_packets()) sent += each.entries.size();
  }
  CHECK(sent == 3);
}

TEST_CASE("a follower that cannot be reached is probed with one message a heartbeat") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(3);
  cores[1].unreachable(id(3));
  for (int i = 0; i < 5; ++i) cores.propose(1, "x");
  for (const FollowerStatus& follower : cores[1].status().followers)
    if (follower.node == id(3)) CHECK(follower.state == FollowerStatus::State::probe);
  cores.mend();
  cores.tick(3);
  CHECK(cores[3].log().last() == cores[1].log().last());
}

TEST_CASE("a lost message is found out by the next heartbeat") {
  Cores cores(three);
  cores.elect(1);
  cores.propose(1, "a");
  cores.cut(3);
  cores.propose(1, "b");
  cores.mend();
  cores.tick(2);
  CHECK(cores.applied(3).back() == "b");
}

TEST_CASE("proposals beyond the bound are refused while none is committed") {
  CoreOptions options;
  options.pending_bytes_max = 1000;
  Cores cores({{id(1), id(2)}, {}}, options);
  cores.elect(1);
  cores.cut(2);
  REQUIRE(cores[1].propose(SharedBytes(std::string(800, 'x'))));
  const auto refused = cores[1].propose(SharedBytes(std::string(800, 'x')));
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::busy);
  cores.mend();
  cores.tick(3);
  CHECK(cores[1].propose(SharedBytes(std::string(800, 'x'))));
  const auto too_long = cores[1].propose(SharedBytes(std::string(command_size_max + 1, 'x')));
  CHECK(too_long.error().code == ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ouro::raft
