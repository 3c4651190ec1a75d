// What do two members of a group say to each other?
#pragma once

#include "raft/types.hpp"

#include <cstdint>
#include <vector>

namespace ouro::raft {

/// Also the Message::kind on the wire: numbers are for ever.
enum class PacketKind : std::uint16_t {
  pre_vote = 100,  ///< Would you vote for me? (9.6)
  pre_vote_answer = 101,
  vote = 102,  ///< RequestVote (3.4)
  vote_answer = 103,
  append = 104,         ///< AppendEntries (3.5)
  append_answer = 105,  ///< To append and install_snapshot.
  heartbeat = 106,      ///< I lead; also confirms reads (6.4).
  heartbeat_answer = 107,
  install_snapshot = 108,  ///< (5.3) in one message
  take_over = 109,         ///< TimeoutNow (3.10)
  read = 110,              ///< A follower asks for a read index (6.4).
  read_answer = 111,
};

struct Packet {
  PacketKind kind = PacketKind::heartbeat;
  NodeId from = no_node;
  NodeId to = no_node;
  GroupId group = 0;
  Term term = 0;  ///< The sender's; in pre_vote and where it is granted, the one asked for.

  /// pre_vote, vote: the candidate's last entry. append: the one before `entries`. append_answer:
  /// the last entry that is surely equal, or the one that was refused. read_answer: the read index.
  Index index = 0;
  Term index_term = 0;  ///< Of the entry at `index` in requests, at `hint` in an append_answer.
  Index commit = 0;  ///< append, heartbeat: the leader's, heartbeat: as far as it is surely there.
  Index hint = 0;    ///< append_answer, refused: where the logs may still be equal.
  std::uint64_t round = 0;  ///< heartbeat and answer: of the reads; read and answer: whose.
  bool granted = false;     ///< Answers to votes and appends.
  bool transfer = false;    ///< vote: the leader wants it (3.10), so disregard that there is one.

  std::vector<Entry> entries;  ///< append: without gaps, from index + 1.
  Snapshot snapshot;           ///< install_snapshot.
};

}  // namespace ouro::raft
