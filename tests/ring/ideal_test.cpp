#include "ring/ideal.hpp"

#include "tests/support/catch.hpp"

namespace ouro::ring {
namespace {

// In whole replicas; the rounding to parts is far less than half of one.
std::vector<std::int64_t> loads(const std::vector<Member>& members, std::uint32_t arcs,
                                std::size_t n) {
  std::vector<std::int64_t> whole;
  for (const std::int64_t load : ideal_loads(members, arcs, n).replicas)
    whole.push_back((load + replica_parts / 2) / replica_parts);
  return whole;
}

using Loads = std::vector<std::int64_t>;

TEST_CASE("without limits loads are as the weights") {
  CHECK(loads({{NodeId{1}, "", 1}, {NodeId{2}, "", 2}, {NodeId{3}, "", 1}}, 100, 1) ==
        Loads{25, 50, 25});
}

TEST_CASE("a node holds at most one replica of each arc, and the rest is shared by weight") {
  const std::vector<Member> members{
      {NodeId{1}, "", 100}, {NodeId{2}, "", 1}, {NodeId{3}, "", 1}, {NodeId{4}, "", 2}};
  CHECK(loads(members, 100, 2) == Loads{100, 25, 25, 50});
  CHECK(ideal_loads(members, 100, 2).weights_bind);
}

TEST_CASE("a zone that every list must have holds a replica of each arc") {
  const std::vector<Member> members{
      {NodeId{1}, "x", 1}, {NodeId{2}, "y", 1}, {NodeId{3}, "y", 1}, {NodeId{4}, "y", 2}};
  CHECK(loads(members, 100, 2) == Loads{100, 25, 25, 50});
  CHECK(ideal_loads(members, 100, 2).zones_bind);
}

TEST_CASE("with more zones than replicas no zone holds an arc twice") {
  const std::vector<Member> members{
      {NodeId{1}, "x", 5}, {NodeId{2}, "x", 5}, {NodeId{3}, "y", 1}, {NodeId{4}, "z", 1}};
  CHECK(loads(members, 100, 2) == Loads{50, 50, 50, 50});
}

TEST_CASE("fewer nodes than replicas hold everything") {
  CHECK(loads({{NodeId{1}, "", 1}, {NodeId{2}, "", 9}}, 64, 5) == Loads{64, 64});
}

}  // namespace
}  // namespace ouro::ring
