// Which members vote in the metadata group.
#pragma once

#include "base/node_id.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ouro::cluster {

/// How a member looks, best first. The caller measures how long: `gone` and `degraded` are for what
/// has lasted, so that a short pause moves no vote.
enum class VoterHealth : std::uint8_t {
  healthy,
  away,      ///< Does not answer, but not for long enough to give its vote to another.
  degraded,  ///< Slow for long, but alive.
  gone,      ///< Has not answered for so long that another shall vote.
};

struct VoterCandidate {
  NodeId node{};
  std::string zone;
  VoterHealth health = VoterHealth::healthy;
  bool votes = false;  ///< At present.
};

constexpr std::size_t voters_max = 5;

/// One voter for one or two candidates, three for three or four, five for more; ascending. Zones
/// have as equal numbers as their candidates allow. A healthy voter, or one that is away for a
/// moment, keeps its vote unless zones need another; then healthy members come before degraded
/// ones, and who is gone only votes if there is nobody else. Its own result, given back as who
/// votes, it repeats. Candidates: all members but removed and lost ones, each once.
std::vector<NodeId> choose_voters(std::vector<VoterCandidate> candidates);

}  // namespace ouro::cluster
