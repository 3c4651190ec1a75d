#include "raft/quorum.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace ouro::raft {
namespace {

std::uint64_t reached_by_half(const std::vector<NodeId>& voters,
                              const std::map<NodeId, std::uint64_t>& values) {
  if (voters.empty()) return 0;
  std::vector<std::uint64_t> reached;
  for (const NodeId voter : voters) {
    const auto found = values.find(voter);
    reached.push_back(found == values.end() ? 0 : found->second);
  }
  std::sort(reached.begin(), reached.end(), std::greater<>());
  return reached[reached.size() / 2];
}

Tally count_half(const std::vector<NodeId>& voters, const std::map<NodeId, bool>& votes) {
  std::size_t yes = 0, no = 0;
  for (const NodeId voter : voters) {
    const auto found = votes.find(voter);
    if (found != votes.end()) ++(found->second ? yes : no);
  }
  const std::size_t majority = voters.size() / 2 + 1;
  if (yes >= majority) return Tally::won;
  return voters.size() - no < majority ? Tally::lost : Tally::open;
}

}  // namespace

std::uint64_t reached_by_majority(const Configuration& configuration,
                                  const std::map<NodeId, std::uint64_t>& values) {
  const std::uint64_t reached = reached_by_half(configuration.voters, values);
  if (!configuration.is_joint()) return reached;
  return std::min(reached, reached_by_half(configuration.outgoing, values));
}

Tally count_votes(const Configuration& configuration, const std::map<NodeId, bool>& votes) {
  const Tally tally = count_half(configuration.voters, votes);
  if (!configuration.is_joint() || tally == Tally::lost) return tally;
  const Tally outgoing = count_half(configuration.outgoing, votes);
  return tally == Tally::won ? outgoing : (outgoing == Tally::lost ? Tally::lost : Tally::open);
}

bool is_majority(const Configuration& configuration, const std::set<NodeId>& nodes) {
  std::map<NodeId, bool> votes;
  for (const NodeId node : nodes) votes[node] = true;
  return count_votes(configuration, votes) == Tally::won;
}

}  // namespace ouro::raft
