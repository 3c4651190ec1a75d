// Who votes in the metadata group.
#include "cluster/voters.hpp"
#include "base/random.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <map>

namespace ouro::cluster {
namespace {

using Nodes = std::vector<NodeId>;

std::vector<VoterCandidate> candidates(std::string_view zones) {
  std::vector<VoterCandidate> all;
  for (std::uint32_t i = 0; i < zones.size(); ++i)
    all.push_back({NodeId(i + 1), std::string(1, zones[i]), VoterHealth::healthy, false});
  return all;
}

void vote(std::vector<VoterCandidate>& all, const Nodes& voters) {
  for (VoterCandidate& candidate : all)
    candidate.votes = std::ranges::find(voters, candidate.node) != voters.end();
}

Nodes nodes(std::vector<std::uint32_t> numbers) {
  Nodes all;
  for (const std::uint32_t number : numbers) all.push_back(NodeId(number));
  return all;
}

TEST_CASE("there are one, three or five voters") {
  CHECK(choose_voters({}).empty());
  for (const auto& [members, voters] :
       std::map<std::size_t, std::size_t>{{1, 1}, {2, 1}, {3, 3}, {4, 3}, {5, 5}, {6, 5}, {50, 5}})
    CHECK(choose_voters(candidates(std::string(members, 'a'))).size() == voters);
}

TEST_CASE("voters spread over zones") {
  CHECK(choose_voters(candidates("aaaabbc")) == nodes({1, 2, 5, 6, 7}));
  CHECK(choose_voters(candidates("aabc")) == nodes({1, 3, 4}));
}

TEST_CASE("a healthy voter keeps its vote") {
  auto all = candidates("aaaaaaa");
  vote(all, nodes({3, 4, 5, 6, 7}));
  CHECK(choose_voters(all) == nodes({3, 4, 5, 6, 7}));
  all = candidates("aabb");
  vote(all, nodes({2, 3, 4}));
  CHECK(choose_voters(all) == nodes({2, 3, 4}));
}

TEST_CASE("a voter gives way to a zone that has none") {
  auto all = candidates("aaabc");
  all.pop_back();
  vote(all, nodes({1, 2, 3}));
  CHECK(choose_voters(all).back() == NodeId(4));
}

TEST_CASE("a voter that is away keeps its vote until it is gone") {
  auto all = candidates("aaaa");
  vote(all, nodes({1, 2, 3}));
  all[0].health = VoterHealth::away;
  CHECK(choose_voters(all) == nodes({1, 2, 3}));
  all[0].health = VoterHealth::gone;
  CHECK(choose_voters(all) == nodes({2, 3, 4}));
  all[0].health = VoterHealth::degraded;
  CHECK(choose_voters(all) == nodes({2, 3, 4}));
}

TEST_CASE("who is gone votes only if there is nobody else") {
  auto all = candidates("abc");
  vote(all, nodes({1, 2, 3}));
  all[0].health = VoterHealth::gone;
  CHECK(choose_voters(all) == nodes({1, 2, 3}));
  auto more = candidates("abbb");
  vote(more, nodes({1, 2, 3}));
  more[0].health = VoterHealth::gone;
  CHECK(choose_voters(more) == nodes({2, 3, 4}));
}

TEST_CASE("a choice given back is repeated") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::vector<VoterCandidate> all;
    for (std::uint32_t i = 0; i < 1 + random.below(12); ++i)
      all.push_back({NodeId(i + 1), std::string(1, static_cast<char>('a' + random.below(4))),
                     VoterHealth(random.below(4)), random.one_in(3)});
    const Nodes chosen = choose_voters(all);
    CHECK(chosen.size() % 2 == 1);
    vote(all, chosen);
    std::ranges::reverse(all);
    CHECK(choose_voters(all) == chosen);
  }
}

}  // namespace
}  // namespace ouro::cluster
