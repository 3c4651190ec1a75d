// How is a member of a group doing?
#pragma once

#include "raft/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ouro::raft {

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

/// How far a follower is, as its leader knows.
struct FollowerStatus {
  NodeId node;
  Index match = 0;  ///< The last entry that it is known to have durably.
  enum class State : std::uint8_t { probe, replicate, snapshot } state = State::probe;
  bool recently_active = false;  ///< Answered within the last election timeout or two.
};

struct GroupStatus {
  Role role = Role::follower;
  GroupId group = 0;
  Term term = 0;
  NodeId leader = no_node;  ///< As known here: the hint for those who were refused. May be old.
  Index commit = 0, applied = 0, first = 0, last = 0;
  Configuration configuration;            ///< The newest in the log.
  Index configuration_index = 0;          ///< Committed when commit >= this.
  std::vector<FollowerStatus> followers;  ///< On a leader: all members but itself.
  /// Why the group has stopped for good (a failed disk, a snapshot of a newer format), or why the
  /// log cannot be compacted. Empty: all is well.
  std::string problem;
  bool stopped = false;
};

}  // namespace ouro::raft
