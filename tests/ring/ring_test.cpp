#include "ring/ring.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>

namespace ouro::ring {
namespace {

constexpr NodeId ant{1}, bee{2}, cat{3}, dog{4};
using Nodes = std::vector<NodeId>;

const std::vector<Member> no_zones{{ant, "", 1}, {bee, "", 1}, {cat, "", 1}};

TEST_CASE("replicas are the first distinct nodes met clockwise") {
  const Ring ring(1, {ant, ant, bee, cat}, no_zones);
  CHECK(ring.preference_list(0, 2) == Nodes{ant, bee});
  CHECK(ring.preference_list(1, 2) == Nodes{ant, bee});
  CHECK(ring.preference_list(2, 3) == Nodes{bee, cat, ant});
}

TEST_CASE("past the last arc the circle begins again") {
  const Ring ring(1, {ant, bee, cat, cat}, no_zones);
  CHECK(ring.preference_list(3, 2) == Nodes{cat, ant});
}

TEST_CASE("asking for more nodes than exist returns them all") {
  const Ring ring(1, {ant, bee}, {{ant, "", 1}, {bee, "", 1}});
  CHECK(ring.preference_list(0, 9) == Nodes{ant, bee});
  CHECK(ring.fallbacks(0, 9).empty());
}

TEST_CASE("a member that owns nothing is on no list") {
  const Ring ring(1, {ant, bee}, no_zones);
  CHECK(ring.preference_list(0, 3) == Nodes{ant, bee});
}

TEST_CASE("zones not yet in the list come first, then the nearest nodes fill it up") {
  const std::vector<Member> zoned{{ant, "x", 1}, {bee, "x", 1}, {cat, "y", 1}, {dog, "y", 1}};
  const Ring ring(1, {ant, bee, cat, dog}, zoned);
  CHECK(ring.preference_list(0, 2) == Nodes{ant, cat});
  CHECK(ring.preference_list(0, 3) == Nodes{ant, cat, bee});
  CHECK(ring.fallbacks(0, 2) == Nodes{bee, dog});
}

TEST_CASE("list and fallbacks together are every owner once") {
  const Ring ring(1, {ant, bee, cat, ant}, no_zones);
  for (Arc arc = 0; arc < ring.arc_count(); ++arc) {
    Nodes all = ring.preference_list(arc, 2);
    for (const NodeId node : ring.fallbacks(arc, 2)) all.push_back(node);
    std::sort(all.begin(), all.end());
    CHECK(all == Nodes{ant, bee, cat});
  }
}

TEST_CASE("a node knows its vnodes") {
  const Ring ring(1, {ant, bee, ant, bee}, no_zones);
  CHECK(ring.arcs_of(bee) == std::vector<Arc>{1, 3});
  CHECK(ring.arcs_of(cat).empty());
}

}  // namespace
}  // namespace ouro::ring
