#include "cluster/voters.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace ouro::cluster {
namespace {

// How gladly a candidate is taken, best first.
int tier(const VoterCandidate& candidate) {
  switch (candidate.health) {
    case VoterHealth::healthy:
      return candidate.votes ? 0 : 1;
    case VoterHealth::away:
      return candidate.votes ? 0 : 4;
    case VoterHealth::degraded:
      return candidate.votes ? 2 : 3;
    case VoterHealth::gone:
      break;
  }
  return candidate.votes ? 5 : 6;
}

// Candidates that one would rather not have must not be taken for the sake of a zone.
int rank(int tier) { return tier <= 1 ? 0 : tier <= 3 ? 1 : 2; }

}  // namespace

std::vector<NodeId> choose_voters(std::vector<VoterCandidate> candidates) {
  std::size_t wanted = std::min(voters_max, candidates.size());
  if (wanted % 2 == 0 && wanted > 0) --wanted;
  std::vector<NodeId> voters;
  std::map<std::string, std::size_t> in_zone;
  while (voters.size() < wanted) {
    const auto order = [&](const VoterCandidate& candidate) {
      const int t = tier(candidate);
      return std::tuple(rank(t), in_zone[candidate.zone], t, candidate.node);
    };
    const auto best = std::ranges::min_element(candidates, {}, order);
    ++in_zone[best->zone];
    voters.push_back(best->node);
    candidates.erase(best);
  }
  std::ranges::sort(voters);
  return voters;
}

}  // namespace ouro::cluster
