// What may be read without a write: section 6.4 of the dissertation.
#include "tests/raft/cores.hpp"

namespace ouro::raft {
namespace {

const Members three{{id(1), id(2), id(3)}, {}};

TEST_CASE("a read is confirmed by a majority and sees all that was committed") {
  Cores cores(three);
  cores.elect(1);
  cores.propose(1, "a");
  cores[1].read(5);
  CHECK(cores[1].take_reads().empty());
  cores.exchange();
  const auto reads = cores[1].take_reads();
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].id == 5);
  CHECK(reads[0].index == cores[1].commit());
}

TEST_CASE("a leader that was cut off confirms nothing, and says so when it steps down") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(1);
  cores[1].read(5);
  cores.tick_one(1, 3);
  CHECK(cores[1].take_reads().empty());
  cores.tick_one(1, 20);
  const auto reads = cores[1].take_reads();
  REQUIRE(reads.size() == 1);
  CHECK(!reads[0].index);
}

TEST_CASE("answers to older heartbeats confirm nothing") {
  Cores cores(three);
  cores.elect(1);
  cores.cut(1);
  cores[1].read(5);
  Packet old = packet(PacketKind::heartbeat_answer, 2, cores[1].term());
  cores[1].step(old);
  CHECK(cores[1].take_reads().empty());
  old.round = 1;
  cores[1].step(old);
  CHECK(cores[1].take_reads().size() == 1);
}

TEST_CASE("a new leader answers no read before it has committed") {
  Cores cores({{id(1), id(2)}, {}});
  for (int i = 0; i < 20; ++i) cores[1].tick();
  Packet yes = packet(PacketKind::pre_vote_answer, 2, 2);
  yes.granted = true;
  cores[1].step(yes);
  yes.kind = PacketKind::vote_answer;
  cores[1].step(yes);
  REQUIRE(cores[1].role() == Role::leader);
  cores[1].read(5);
  Packet alive = packet(PacketKind::heartbeat_answer, 2, 2);
  alive.round = 1;
  cores[1].step(alive);
  CHECK(cores[1].take_reads().empty());
  cores.exchange();
  CHECK(cores[1].take_reads().size() == 1);
}

TEST_CASE("a follower asks its leader") {
  Cores cores(three);
  cores.elect(1);
  cores.propose(1, "a");
  cores[2].read(6);
  cores.exchange();
  const auto reads = cores[2].take_reads();
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].id == 6);
  CHECK(reads[0].index == cores[1].commit());
}

TEST_CASE("who knows no leader says so at once") {
  Cores cores(three);
  cores[2].read(6);
  const auto reads = cores[2].take_reads();
  REQUIRE(reads.size() == 1);
  CHECK(!reads[0].index);
}

TEST_CASE("reads that arrive during a round share the next one") {
  Cores cores(three);
  cores.elect(1);
  const std::size_t before = cores.sent(PacketKind::heartbeat);
  for (std::uint64_t id = 1; id <= 100; ++id) cores[1].read(id);
  cores.exchange();
  CHECK(cores[1].take_reads().size() == 100);
  CHECK(cores.sent(PacketKind::heartbeat) - before == 4);  // two rounds to two followers
}

TEST_CASE("one voter alone needs to ask nobody") {
  Cores cores({{id(1)}, {}});
  cores.elect(1);
  cores[1].read(5);
  CHECK(cores[1].take_reads().size() == 1);
}

TEST_CASE("too many reads are refused") {
  Cores cores(three);
  cores.elect(1);
  for (std::uint64_t id = 1; id <= ReadQueue::reads_max + 2; ++id) cores[1].read(id);
  const auto refused = cores[1].take_reads();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].id == ReadQueue::reads_max + 2);
  CHECK(!refused[0].index);
}

}  // namespace
}  // namespace ouro::raft
