#include "kv/read_quorum.hpp"

#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

namespace ouro::kv {
namespace {

using Dots = std::vector<Dot>;
using Nodes = std::vector<NodeId>;

const Dot a = dot(n0, 1), b = dot(n0, 2), c = dot(n1, 1);

std::vector<ReadReplica> three() { return {{n0, true, true}, {n1}, {n2}}; }

std::uint64_t digest_of(const Dots& dots) { return digest(object(dots)); }

TEST_CASE("data and an equal digest make a quorum of two") {
  ReadQuorum read(three(), 2);
  CHECK(read.state() == ReadState::waiting);
  read.add_data(n0, object({a}), DotSet{a});
  CHECK(read.state() == ReadState::waiting);
  read.add_digest(n1, digest_of({a}), DotSet{a, c});
  CHECK(read.state() == ReadState::done);
  CHECK(dots_of(read.answer().live) == Dots{a});
  CHECK(read.context() == DotSet{a, c});
  CHECK(read.answered() == 2);
  CHECK(read.primaries_answered() == 2);
  CHECK(read.repairs().empty());
}

TEST_CASE("a different digest asks for that node's data, and both are merged") {
  ReadQuorum read(three(), 2);
  read.add_digest(n1, digest_of({c}), DotSet{c});
  read.add_data(n0, object({a}), DotSet{a});
  CHECK(read.state() == ReadState::need_data);
  CHECK(read.needed() == Nodes{n1});
  read.add_data(n1, object({c}), DotSet{c});
  REQUIRE(read.state() == ReadState::done);
  CHECK(dots_of(read.answer().live) == Dots{a, c});
  CHECK(read.context() == DotSet{a, c});
}

TEST_CASE("a newer value beats the one that its context covers, and the stale node is repaired") {
  ReadQuorum read(three(), 2);
  read.add_data(n0, object({a}), DotSet{a});
  read.add_data(n1, object({b}), DotSet{a, b});
  REQUIRE(read.state() == ReadState::done);
  CHECK(dots_of(read.answer().live) == Dots{b});
  const auto repairs = read.repairs();
  REQUIRE(repairs.size() == 1);
  CHECK(repairs[0].first == n0);
  CHECK(dots_of(repairs[0].second.live) == Dots{b});
  CHECK(repairs[0].second.context == DotSet{a, b});
  CHECK(repairs[0].second.names.empty());
}

TEST_CASE("an absence beats a value that its context covers") {
  ReadQuorum read(three(), 2);
  read.add_data(n0, object({a}), DotSet{a});
  read.add_data(n1, Object(), DotSet{a, b});
  REQUIRE(read.state() == ReadState::done);
  CHECK(read.answer().live.empty());
  REQUIRE(read.repairs().size() == 1);
  CHECK(read.repairs()[0].first == n0);
}

TEST_CASE("an absence does not beat a value that its context does not know") {
  ReadQuorum read(three(), 2);
  read.add_data(n1, Object(), DotSet{c});
  read.add_data(n0, object({a}), DotSet{a});
  REQUIRE(read.state() == ReadState::done);
  CHECK(dots_of(read.answer().live) == Dots{a});
  REQUIRE(read.repairs().size() == 1);
  CHECK(read.repairs()[0].first == n1);
}

TEST_CASE("the digest of an absent key needs no data") {
  ReadQuorum read(three(), 2);
  read.add_digest(n1, digest_of({}), DotSet{a, b});
  read.add_digest(n2, digest_of({}), DotSet{c});
  REQUIRE(read.state() == ReadState::done);
  CHECK(read.answer().live.empty());
  CHECK(read.context() == DotSet{a, b, c});
}

TEST_CASE("of equal digests one is asked for data, the local one first") {
  ReadQuorum read({{n1}, {n0, true, true}, {n2}, {n3}}, 3);
  read.add_digest(n1, digest_of({a}), DotSet{a});
  read.add_digest(n0, digest_of({a}), DotSet{a});
  CHECK(read.state() == ReadState::waiting);
  read.add_digest(n3, digest_of({c}), DotSet{c});
  CHECK(read.state() == ReadState::need_data);
  CHECK(read.needed() == Nodes{n0, n3});
  read.add_data(n0, object({a}), DotSet{a});
  CHECK(read.state() == ReadState::need_data);
  CHECK(read.needed() == Nodes{n3});
  read.add_data(n3, object({c}), DotSet{c});
  CHECK(read.state() == ReadState::done);
}

TEST_CASE("data that changed since its digest leaves equal digests open") {
  ReadQuorum read(three(), 2);
  read.add_digest(n1, digest_of({a}), DotSet{a});
  read.add_digest(n2, digest_of({a}), DotSet{a});
  CHECK(read.needed() == Nodes{n1});
  read.add_data(n1, object({b}), DotSet{a, b});
  CHECK(read.state() == ReadState::need_data);
  CHECK(read.needed() == Nodes{n2});
}

TEST_CASE("a digest equal to what the others give together agrees") {
  ReadQuorum read(three(), 3);
  read.add_digest(n2, digest_of({a, c}), DotSet{a, c});
  read.add_data(n0, object({a}), DotSet{a});
  read.add_data(n1, object({c}), DotSet{c});
  REQUIRE(read.state() == ReadState::done);
  const auto repairs = read.repairs();
  REQUIRE(repairs.size() == 2);
  CHECK(repairs[0].first == n0);
  CHECK(repairs[1].first == n1);
}

TEST_CASE("the context of a digest whose data is unknown stays out of answer and repairs") {
  ReadQuorum read(three(), 2);
  read.add_data(n0, object({a}), DotSet{a});
  read.add_data(n1, object({b}), DotSet{a, b});
  read.add_digest(n2, digest_of({c}), DotSet{c});
  REQUIRE(read.state() == ReadState::done);
  CHECK(read.context() == DotSet{a, b});
  const auto repairs = read.repairs();
  REQUIRE(repairs.size() == 2);
  CHECK(repairs[1].first == n2);
  // With c in the context the repair would kill the only copy of c.
  CHECK_FALSE(repairs[1].second.context.contains(c));
}

TEST_CASE("a late answer still counts for repairs") {
  ReadQuorum read(three(), 2);
  read.add_data(n0, object({b}), DotSet{a, b});
  read.add_digest(n1, digest_of({b}), DotSet{a, b});
  CHECK(read.state() == ReadState::done);
  CHECK(read.repairs().empty());
  read.add_data(n2, object({a}), DotSet{a});
  CHECK(read.state() == ReadState::done);
  CHECK(dots_of(read.answer().live) == Dots{b});
  REQUIRE(read.repairs().size() == 1);
  CHECK(read.repairs()[0].first == n2);
}

TEST_CASE("a fallback that has nothing has no vote, but what it knows dead is dead") {
  ReadQuorum read({{n0}, {n1}, {n3, false}}, 2);
  read.add_data(n3, Object(), DotSet{a});
  read.add_data(n0, object({a, c}), DotSet{a, c});
  CHECK(read.state() == ReadState::waiting);
  read.add_failure(n1);
  CHECK(read.state() == ReadState::lost);
  CHECK(dots_of(read.answer().live) == Dots{c});
  CHECK(read.answered() == 1);
}

TEST_CASE("a fallback that has a value counts and is never repaired") {
  ReadQuorum read({{n0}, {n1}, {n3, false}}, 2);
  read.add_data(n3, object({a}), DotSet{a});
  read.add_data(n0, object({b}), DotSet{a, b});
  REQUIRE(read.state() == ReadState::done);
  CHECK(read.answered() == 2);
  CHECK(read.primaries_answered() == 1);
  CHECK(read.repairs().empty());
}

TEST_CASE("a read is lost as soon as too many failed") {
  ReadQuorum read(three(), 2);
  read.add_failure(n0);
  CHECK(read.state() == ReadState::waiting);
  read.add_failure(n1);
  CHECK(read.state() == ReadState::lost);
  CHECK(read.repairs().empty());
  read.add_data(n1, object({a}), DotSet{a});  // late, but not too late
  CHECK(read.state() == ReadState::waiting);
}

TEST_CASE("a node that gave its digest and not its data has failed") {
  ReadQuorum read(three(), 2);
  read.add_data(n0, object({a}), DotSet{a});
  read.add_digest(n1, digest_of({c}), DotSet{c});
  read.add_failure(n1);
  CHECK(read.state() == ReadState::waiting);
  read.add_digest(n2, digest_of({a}), DotSet{a});
  CHECK(read.state() == ReadState::done);
}

TEST_CASE("strangers and second answers are ignored") {
  ReadQuorum read(three(), 2);
  read.add_data(n0, object({a}), DotSet{a});
  read.add_data(n0, object({b}), DotSet{a, b});
  read.add_digest(n0, digest_of({b}), DotSet{a, b});
  read.add_data(n3, object({c}), DotSet{c});
  read.add_failure(n0);
  CHECK(read.state() == ReadState::waiting);
  CHECK(dots_of(read.answer().live) == Dots{a});
  CHECK(read.answered() == 1);
}

TEST_CASE("the answer does not depend on the order in which replicas answer") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::vector<Replica> replicas{Replica(n0), Replica(n1), Replica(n2)};
    std::vector<SentMessage> network;
    for (int i = 0; i < 12; ++i) {
      Replica& replica = replicas[random.below(3)];
      std::optional<DotSet> context;
      if (random.one_in(2)) context = replicas[random.below(3)].context(0);
      if (random.one_in(2))
        network.push_back(random.one_in(3) ? replica.remove(0, context) : replica.put(0, context));
      else if (!network.empty())
        replica.deliver(network[random.below(network.size())]);
    }
    ReadQuorum forward(three(), 3), backward(three(), 3);
    const NodeId nodes[] = {n0, n1, n2};
    for (std::size_t i = 0; i < 3; ++i) {
      forward.add_data(nodes[i], replicas[i].object(0), replicas[i].context(0));
      const std::size_t j = 2 - i;
      backward.add_digest(nodes[j], digest(replicas[j].object(0)), replicas[j].context(0));
    }
    while (backward.state() == ReadState::need_data)
      for (const NodeId node : backward.needed()) {
        const Replica& replica = replicas[to_integer(node) - to_integer(n0)];
        backward.add_data(node, replica.object(0), replica.context(0));
      }
    REQUIRE(forward.state() == ReadState::done);
    REQUIRE(backward.state() == ReadState::done);
    REQUIRE(dots_of(forward.answer().live) == dots_of(backward.answer().live));
    REQUIRE(forward.context() == backward.context());
    // After the repairs all hold what was answered.
    for (const auto& [node, frame] : forward.repairs())
      replicas[to_integer(node) - to_integer(n0)].deliver({0, frame});
    for (const Replica& replica : replicas)
      REQUIRE(replica.live(0) == dots_of(forward.answer().live));
  }
}

}  // namespace
}  // namespace ouro::kv
