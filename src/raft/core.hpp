// What does a member of a Raft group decide? No clock, no I/O: ticks and packets go in, packets,
// things to write and things to apply come out.
//
// After Ongaro's dissertation: elections (3.4) with pre-vote (9.6) and a leader that steps down
// without a majority (6.2), replication (3.5) pipelined and with the leader's own disk in parallel
// (10.2.1), leadership transfer (3.10), joint consensus (4.3) and learners (4.2.1), snapshots (5),
// read index (6.4). A configuration is in force from when it is appended (4.1). No leases.
//
// Durability is enforced here: what a packet promises (a vote, entries, a term) is durable before
// take_packets() hands it out. The caller's part: whoever lost its disk comes back under a new
// NodeId, since it may have voted.
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "raft/log.hpp"
#include "raft/packet.hpp"
#include "raft/progress.hpp"
#include "raft/read_queue.hpp"
#include "raft/status.hpp"
#include "raft/types.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ouro::raft {

struct CoreOptions {
  NodeId self{};
  unsigned heartbeat_ticks = 1;
  unsigned election_ticks = 10;
  std::size_t append_bytes_max = std::size_t{256} << 10;
  Window window;
  std::size_t pending_bytes_max = std::size_t{16} << 20;
};

/// What a node finds on its disk. Entries without gaps, reaching at least to the snapshot.
struct Stored {
  HardState hard;
  Snapshot snapshot;
  std::vector<Entry> entries;
};

/// What to write, all of it at one moment. Entries replace those of the same index.
struct Ready {
  std::optional<HardState> hard;
  std::optional<Snapshot> snapshot;
  std::vector<Entry> entries;
  Index first = 0, last = 0;  ///< Stored entries outside of this range go away.
  bool must_sync = false;     ///< False: loss of power may undo it.
};

/// What to apply, the snapshot first.
struct Committed {
  std::optional<Snapshot> snapshot;
  std::vector<Entry> entries;
};

struct ReadResult {
  std::uint64_t id;
  std::optional<Index> index;  ///< Nothing: no leader confirmed it; ask again.
};

/// One member of one group. For one thread.
class Core {
 public:
  /// `random` draws election timeouts and outlives the core.
  Core(CoreOptions options, Random& random, Stored stored);

  // In.
  void tick();
  /// Packets of others, which may be lost, repeated, late and out of order.
  void step(Packet packet);
  /// Appends a command: where. Errors as Group::propose.
  Result<Index> propose(SharedBytes command);
  /// Appends a configuration: the index of the last one needed so far. Errors as
  /// Group::change_members. Done when configuration() equals `members` and is committed.
  Result<Index> change_members(const Members& members);
  Status transfer(NodeId to);
  /// Leads no more: for a leader whose disk takes nothing.
  void resign();
  /// Asks for a read index; take_reads() tells, unless packets are lost.
  void read(std::uint64_t id);
  /// A packet to `node` was certainly or perhaps not delivered.
  void unreachable(NodeId node);
  /// An install_snapshot was taken in or not: one call for each that take_packets() gave.
  void snapshot_ended(NodeId node, bool arrived);
  /// Puts the state after applied() in place of the log up to there, but for a tail of
  /// `bytes_kept`. Error invalid_argument: larger than snapshot_size_max.
  Status compact(SharedBytes state, std::size_t bytes_kept);

  // Out. Ask after each call above, until nothing comes.
  /// Packets that may go now.
  std::vector<Packet> take_packets();
  /// What to write next; nothing while the last one is being written or when nothing changed.
  std::optional<Ready> take_ready();
  /// The Ready taken last is durable.
  void persisted();
  /// Entries that are committed and durable here. Handed out once.
  Committed take_committed(std::size_t bytes_max);
  std::vector<ReadResult> take_reads();

  GroupStatus status() const;
  Role role() const { return role_; }
  Term term() const { return hard_.term; }
  NodeId leader() const { return leader_; }
  Index commit() const { return hard_.commit; }
  Index applied() const { return applied_; }
  const HardState& hard() const { return hard_; }
  const Log& log() const { return log_; }
  /// Why nothing goes on: this node saw what cannot be unless somebody's disk forgot. Empty: all is
  /// well.
  const std::string& problem() const { return problem_; }

 private:
  struct Saving {
    HardState hard;
    Index first, last;
    Term last_term;
    std::vector<Packet> held;
  };

  // core.cpp
  bool is_ours(const Packet& packet);
  bool settle_term(const Packet& packet);
  void dispatch(Packet& packet);
  Packet packet(PacketKind kind, NodeId to) const;
  void send(Packet packet);
  void fail(std::string why);
  Error not_leader() const;

  // election.cpp
  bool in_lease() const;
  bool may_lead() const;
  bool is_alone() const;
  void tick_leader();
  void campaign(bool pre, bool transfer);
  void become_follower(Term term, NodeId leader);
  void become_leader();
  void on_vote(const Packet& request);
  void on_vote_answer(const Packet& answer);
  void draw_timeout();

  // follower.cpp
  void on_append(Packet& request);
  void on_heartbeat(const Packet& request);
  void on_snapshot(Packet& request);
  void take_entries(std::vector<Entry>& entries);
  void commit_to(Index index);

  // replication.cpp
  void append(EntryKind kind, SharedBytes data);
  void broadcast_append();
  void broadcast_heartbeat();
  void feed(NodeId to, bool even_empty);
  bool send_append(NodeId to, Progress& progress, bool even_empty);
  void send_snapshot(NodeId to, Progress& progress);
  void on_append_answer(const Packet& answer);
  void on_heartbeat_answer(const Packet& answer);
  bool advance_commit();

  // membership.cpp
  void track_members();
  void after_commit();
  void hand_over();
  void try_transfer();

  // reads.cpp
  void on_read(const Packet& request);
  void begin_reads();
  void confirm_reads();
  void give_up_reads();
  void answer_read(const ReadQueue::Read& read, bool confirmed);

  CoreOptions options_;
  Random& random_;
  Log log_;
  HardState hard_;
  HardState saved_;  // as on disk for sure
  Index saved_first_ = 0, saved_last_ = 0;
  std::optional<Saving> saving_;
  bool snapshot_unsaved_ = false;
  Index applied_ = 0;

  Role role_ = Role::follower;
  NodeId leader_ = no_node;
  std::map<NodeId, bool> votes_;
  unsigned election_elapsed_ = 0, heartbeat_elapsed_ = 0, transfer_elapsed_ = 0;
  unsigned election_timeout_ = 0;

  // Of a leader.
  std::map<NodeId, Progress> progress_;
  NodeId transferee_ = no_node;
  std::size_t pending_bytes_ = 0;
  ReadQueue reads_;

  std::vector<Packet> packets_;  // may go
  std::vector<Packet> held_;     // once all that is decided so far is durable
  std::vector<ReadResult> read_results_;
  std::string problem_;
};

}  // namespace ouro::raft
