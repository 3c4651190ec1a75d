// How the log is kept short and who is behind it catches up: section 5 of the dissertation.
#include "tests/raft/cores.hpp"

namespace ouro::raft {
namespace {

const Members three{{id(1), id(2), id(3)}, {}};

SharedBytes bytes(std::string text) { return SharedBytes(std::move(text)); }

TEST_CASE("a snapshot takes the place of the log, but for a tail for slow followers") {
  Cores cores(three);
  cores.elect(1);
  for (int i = 0; i < 20; ++i) cores.propose(1, std::string(100, 'x'));
  Core& core = cores[1];
  const Index last = core.log().last();
  REQUIRE(core.compact(bytes("state"), 5 * (100 + entry_overhead)));
  CHECK(core.log().snapshot().index == last);
  CHECK(core.log().first() == last - 4);
  CHECK(core.log().last() == last);
  const auto ready = core.take_ready();
  REQUIRE(ready);
  REQUIRE(ready->snapshot);
  CHECK(ready->snapshot->state.view() == "state");
  CHECK(ready->first == last - 4);
}

TEST_CASE("a state that is too large leaves the log as it is") {
  Cores cores(three);
  cores.elect(1);
  const auto done = cores[1].compact(bytes(std::string(snapshot_size_max + 1, 'x')), 0);
  REQUIRE(!done);
  CHECK(done.error().code == ErrorCode::invalid_argument);
  CHECK(cores[1].log().first() == 2);
}

TEST_CASE("a follower behind the log gets the snapshot, then what follows") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(3);
  for (const char* command : {"a", "b", "c"}) cores.propose(1, command);
  REQUIRE(cores[1].compact(bytes("abc"), 0));
  cores.propose(1, "d");
  cores.mend();
  cores.tick(4);
  CHECK(cores.applied(3) == std::vector<std::string>{"abc", "d"});
  CHECK(cores[3].log().first() == cores[1].log().snapshot().index + 1);
  CHECK(cores.sent(PacketKind::install_snapshot) == 1);
}

TEST_CASE("a follower within the kept tail gets entries") {
  Cores cores(three);
  cores.elect(1);
  cores.propose(1, "a");
  cores.cut(3);
  cores.propose(1, "b");
  cores.propose(1, "c");
  REQUIRE(cores[1].compact(bytes("abc"), 1000));
  cores.mend();
  cores.tick(4);
  CHECK(cores.applied(3) == std::vector<std::string>{"s", "a", "b", "c"});
  CHECK(cores.sent(PacketKind::install_snapshot) == 0);
}

TEST_CASE("a snapshot that did not arrive is sent again") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(3);
  cores.propose(1, "a");
  REQUIRE(cores[1].compact(bytes("a"), 0));
  cores.mend();
  Packet refused = packet(PacketKind::append_answer, 3, cores[1].term());
  refused.index = cores[1].log().last();
  refused.hint = 1;
  cores[1].step(refused);
  cores.cut(3);  // on its way
  cores.exchange();
  cores.mend();
  cores.tick(4);
  CHECK(cores.applied(3) == std::vector<std::string>{"a"});
}

TEST_CASE("a snapshot within the log replaces nothing, an old one is not looked at") {
  SeededRandom random(1);
  CoreOptions options;
  options.self = id(1);
  Core core(options, random, stored(three, {1, 1, 1}, 1));
  Packet install = packet(PacketKind::install_snapshot, 2, 1);
  install.snapshot = {3, 1, {three.voters, {}, {}}, bytes("x")};
  core.step(install);
  CHECK(core.log().last() == 4);
  CHECK(core.commit() == 3);
  install.snapshot.index = 2;
  install.snapshot.state = bytes("older");
  core.step(install);
  CHECK(core.log().snapshot().index == 1);
  const auto answers = settle(core);
  REQUIRE(answers.size() == 2);
  CHECK(answers[1].index == 3);
}

TEST_CASE("a snapshot of a later term than its sender's is no leader's") {
  SeededRandom random(1);
  CoreOptions options;
  options.self = id(1);
  Core core(options, random, stored(three));
  Packet install = packet(PacketKind::install_snapshot, 2, 4);
  install.snapshot = {9, 5, {three.voters, {}, {}}, bytes("x")};
  core.step(install);
  CHECK(core.log().last() == 1);
}

TEST_CASE("a snapshot beyond the log replaces all of it, durably before it is answered") {
  SeededRandom random(1);
  CoreOptions options;
  options.self = id(1);
  Core core(options, random, stored(three, {1, 1, 1}, 1));
  Packet install = packet(PacketKind::install_snapshot, 2, 4);
  const Configuration members{{id(1), id(2)}, {}, {}};
  install.snapshot = {9, 3, members, bytes("x")};
  core.step(install);
  CHECK(core.take_packets().empty());
  const auto ready = core.take_ready();
  REQUIRE(ready);
  CHECK(ready->must_sync);
  CHECK(ready->snapshot->index == 9);
  CHECK(ready->first == 10);
  CHECK(ready->last == 9);
  core.persisted();
  CHECK(core.take_packets().at(0).index == 9);
  CHECK(core.log().configuration() == members);
  const Committed committed = core.take_committed(SIZE_MAX);
  REQUIRE(committed.snapshot);
  CHECK(committed.snapshot->state.view() == "x");
}

}  // namespace
}  // namespace ouro::raft
