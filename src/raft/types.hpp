// What is a log entry, a configuration, a snapshot: the words of Raft.
//
// Raft as in D. Ongaro, "Consensus: Bridging Theory and Practice" (dissertation, Stanford, 2014);
// section numbers in src/raft are those of the dissertation. All of it plain values.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "base/shared_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ouro::raft {

/// Elections so far, as a node knows (3.3). A group's first term is 1.
using Term = std::uint64_t;
/// A place in the log; 0 is before the first.
using Index = std::uint64_t;
/// Names the history that a log belongs to. Messages of another group are dropped, so that nodes
/// given up by force_members() cannot come back and outvote those that went on. 0: not known yet.
using GroupId = std::uint64_t;

/// Terms and indexes read from network or disk are at most that, so that counting on is safe.
constexpr std::uint64_t number_max = std::uint64_t{1} << 62;

/// No node: NodeIds are never zero.
constexpr NodeId no_node{};

/// A command is at most that long, in bytes.
constexpr std::size_t command_size_max = std::size_t{1} << 20;
/// The state machine's bytes in a snapshot: what fits one message and one value of the engine.
constexpr std::size_t snapshot_size_max = std::size_t{60} << 20;
/// Nodes in one configuration, learners included.
constexpr std::size_t members_max = 4096;

/// Who belongs to the group. Each list ascending, no node twice.
struct Members {
  std::vector<NodeId> voters;
  std::vector<NodeId> learners;  ///< Get the log, count for nothing (4.2.1).
  bool operator==(const Members&) const = default;
};

/// invalid_argument unless there is a voter, both lists ascend, no node is in them twice and none
/// is no_node.
Status check_members(const Members& members);

/// Members as an entry of the log states them. While `outgoing` is not empty the configuration is
/// joint (4.3): whatever needs a majority needs one of `voters` and one of `outgoing`.
struct Configuration {
  std::vector<NodeId> voters;
  std::vector<NodeId> outgoing;
  std::vector<NodeId> learners;
  bool operator==(const Configuration&) const = default;

  bool is_joint() const { return !outgoing.empty(); }
  bool is_voter(NodeId node) const;     ///< In either half.
  bool is_member(NodeId node) const;    ///< Voter or learner.
  std::vector<NodeId> members() const;  ///< All, ascending, each once.
};

enum class EntryKind : std::uint8_t {
  command = 1,        ///< For the state machine; opaque.
  empty = 2,          ///< A leader's first (3.6.2, 6.4).
  configuration = 3,  ///< In force from when it is appended (4.1).
};

struct Entry {
  Index index = 0;
  Term term = 0;
  EntryKind kind = EntryKind::command;
  SharedBytes data;
};

/// What a node must not forget (3.4): written before anything that depends on it is said.
struct HardState {
  GroupId group = 0;
  Term term = 0;
  NodeId vote = no_node;  ///< Whom it voted for in `term`.
  Index commit = 0;       ///< May be written late: a leader tells it again.
  bool operator==(const HardState&) const = default;
};

/// The state machine after `index`, in place of the log up to there (5.1).
struct Snapshot {
  Index index = 0;
  Term term = 0;
  Configuration configuration;  ///< The newest one at or before `index`.
  SharedBytes state;
};

}  // namespace ouro::raft
