#include "ring/placement.hpp"

#include "tests/support/catch.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace ouro::ring {
namespace {

std::vector<Member> equal_members(std::uint32_t count, std::uint32_t zones = 1) {
  std::vector<Member> members;
  for (std::uint32_t i = 0; i < count; ++i)
    members.push_back({NodeId(i + 1), std::string(1, static_cast<char>('a' + i % zones)), 1});
  return members;
}

TEST_CASE("every node's share of the arcs is within one of its weight's") {
  for (std::uint32_t count = 1; count <= 20; ++count) {
    std::vector<Member> members = equal_members(count, 1 + count % 4);
    std::uint32_t total = 0;
    for (std::uint32_t i = 0; i < count; ++i) total += members[i].weight = 1 + i % 3;
    const Ring ring = place(1, 256, members);
    for (const Member& member : members) {
      CAPTURE(count, to_integer(member.id));
      const double share = 256.0 * member.weight / total;
      const auto arcs = static_cast<double>(ring.arcs_of(member.id).size());
      CHECK(arcs >= share - 1);
      CHECK(arcs <= share + 1);
    }
  }
}

TEST_CASE("three equal nodes own an even share and every list has all three") {
  const Ring ring = place(1, 256, equal_members(3));
  for (Arc arc = 0; arc < 256; ++arc) {
    const std::vector<NodeId> list = ring.preference_list(arc, 3);
    CHECK(std::set<NodeId>(list.begin(), list.end()).size() == 3);
  }
}

TEST_CASE("neighbouring arcs belong to different nodes and zones") {
  const Ring ring = place(1, 256, equal_members(9, 3));
  const auto zone = [](NodeId id) { return (to_integer(id) - 1) % 3; };
  for (Arc arc = 0; arc + 1 < 256; ++arc) {
    CHECK(ring.owners()[arc] != ring.owners()[arc + 1]);
    CHECK(zone(ring.owners()[arc]) != zone(ring.owners()[arc + 1]));
  }
}

TEST_CASE("lists spread over as many zones as there are") {
  const Ring ring = place(1, 64, equal_members(7, 3));
  for (Arc arc = 0; arc < 64; ++arc) {
    std::set<std::uint32_t> zones;
    for (const NodeId node : ring.preference_list(arc, 3)) zones.insert((to_integer(node) - 1) % 3);
    CHECK(zones.size() == 3);
  }
}

TEST_CASE("the order in which members are named does not matter") {
  std::vector<Member> members = equal_members(5, 2);
  const Ring forward = place(1, 128, members);
  const Ring backward = place(1, 128, {members.rbegin(), members.rend()});
  CHECK(std::vector<NodeId>(forward.owners().begin(), forward.owners().end()) ==
        std::vector<NodeId>(backward.owners().begin(), backward.owners().end()));
}

}  // namespace
}  // namespace ouro::ring
