#include "kv/write_quorum.hpp"

#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

namespace ouro::kv {
namespace {

constexpr NodeId f1{21}, f2{22};

TEST_CASE("a write is met by the required number of primaries") {
  WriteQuorum write({n0, n1, n2}, 2);
  CHECK(write.state() == WriteState::waiting);
  write.acknowledge(n0);
  CHECK(write.state() == WriteState::waiting);
  write.acknowledge(n2);
  CHECK(write.state() == WriteState::met);
  CHECK(write.acknowledged() == 2);
  CHECK(write.primaries_acknowledged() == 2);
  CHECK(write.required() == 2);
  CHECK(write.replicas() == 3);
}

TEST_CASE("a write is lost when the answers to come cannot reach the number") {
  WriteQuorum write({n0, n1, n2}, 2);
  write.refuse(n0);
  CHECK(write.state() == WriteState::waiting);
  write.refuse(n1);
  CHECK(write.state() == WriteState::lost);
  CHECK(write.refused() == 2);
}

TEST_CASE("a node counts once however often it answers, and strangers do not") {
  WriteQuorum write({n0, n1, n2}, 2);
  write.acknowledge(n0);
  write.acknowledge(n0);
  write.acknowledge(f1);
  CHECK(write.acknowledged() == 1);
  write.refuse(n0);
  CHECK(write.acknowledged() == 1);
  CHECK(write.refused() == 0);
}

// T16
TEST_CASE("a hint and its target are one vote") {
  WriteQuorum write({n0, n1, n2}, 2);
  write.acknowledge_hint(n2, f1);
  CHECK(write.acknowledged() == 1);
  CHECK(write.primaries_acknowledged() == 0);
  write.acknowledge(n2);
  CHECK(write.acknowledged() == 1);
  CHECK(write.state() == WriteState::waiting);
}

TEST_CASE("hints for two targets on one disk are one vote, on two disks two") {
  WriteQuorum write({n0, n1, n2}, 2);
  write.acknowledge_hint(n1, f1);
  write.acknowledge_hint(n2, f1);
  CHECK(write.acknowledged() == 1);
  write.acknowledge_hint(n2, f2);
  CHECK(write.acknowledged() == 2);
}

TEST_CASE("a hint's holder is free for another target once its own target answered") {
  WriteQuorum write({n0, n1, n2}, 2);
  write.acknowledge_hint(n1, f1);
  write.acknowledge_hint(n2, f1);
  write.acknowledge(n1);
  CHECK(write.acknowledged() == 2);
}

TEST_CASE("a hint at another primary counts for nothing") {
  WriteQuorum write({n0, n1, n2}, 2);
  write.acknowledge(n0);
  write.acknowledge_hint(n1, n0);
  CHECK(write.acknowledged() == 1);
}

TEST_CASE("refusing after a hint keeps the hint's vote") {
  WriteQuorum write({n0, n1}, 2);
  write.acknowledge(n0);
  write.acknowledge_hint(n1, f1);
  write.refuse(n1);
  CHECK(write.state() == WriteState::met);
}

TEST_CASE("votes never grow fewer, and their number decides the state") {
  const NodeId primaries[] = {n0, n1, n2};
  const NodeId holders[] = {f1, f2, n0, n3};
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const std::size_t required = 1 + random.below(3);
    WriteQuorum write({n0, n1, n2}, required);
    std::size_t before = 0;
    WriteState state = write.state();
    for (int i = 0; i < 12; ++i) {
      const NodeId primary = primaries[random.below(3)];
      switch (random.below(4)) {
        case 0:
          write.acknowledge(primary);
          break;
        case 1:
          if (random.one_in(2)) write.refuse(primary);
          break;
        default:
          write.acknowledge_hint(primary, holders[random.below(4)]);
      }
      REQUIRE(write.acknowledged() >= before);
      REQUIRE(write.acknowledged() <= 3);
      before = write.acknowledged();
      REQUIRE((write.state() == WriteState::met) == (before >= required));
      if (state == WriteState::met) REQUIRE(write.state() == WriteState::met);
      state = write.state();
    }
  }
}

std::vector<NodeId> nodes(std::initializer_list<std::uint32_t> ids) {
  std::vector<NodeId> made;
  for (const std::uint32_t id : ids) made.push_back(NodeId(id));
  return made;
}

TEST_CASE("while an arc moves a write needs a quorum of the old list and one of the new") {
  JointQuorum quorum(WriteQuorum(nodes({1, 2, 3}), 2), WriteQuorum(nodes({1, 2, 4}), 2));
  quorum.acknowledge(NodeId(1));
  quorum.acknowledge(NodeId(3));
  CHECK(quorum.state() == WriteState::waiting);  // readers of {2, 4} would miss it
  CHECK(quorum.critical().acknowledged() == 1);
  SECTION("a node of both lists completes both") { quorum.acknowledge(NodeId(2)); }
  SECTION("the node that takes the arc over completes the new one") {
    quorum.acknowledge(NodeId(4));
  }
  CHECK(quorum.state() == WriteState::met);
}

TEST_CASE("a node that takes an arc over does not count for the old list") {
  JointQuorum quorum(WriteQuorum(nodes({1, 2, 3}), 2), WriteQuorum(nodes({1, 2, 4}), 2));
  quorum.acknowledge(NodeId(1));
  quorum.acknowledge(NodeId(4));
  CHECK(quorum.state() == WriteState::waiting);
}

TEST_CASE("a joint write is lost as soon as one of its quorums is") {
  JointQuorum quorum(WriteQuorum(nodes({1, 2, 3}), 2), WriteQuorum(nodes({1, 2, 4}), 2));
  quorum.acknowledge(NodeId(1));
  quorum.acknowledge(NodeId(3));
  quorum.refuse(NodeId(2));
  CHECK(quorum.state() == WriteState::waiting);
  quorum.refuse(NodeId(4));
  CHECK(quorum.state() == WriteState::lost);
}

}  // namespace
}  // namespace ouro::kv
