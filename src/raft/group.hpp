// How does a node propose to the group's log, read after it, and change who is in it?
//
// The shell around raft::Core: gives it time, makes what it decides durable, carries its messages
// over Peers and applies what is committed. Everything that needs thought is in core.hpp.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"
#include "raft/status.hpp"
#include "raft/types.hpp"
#include "runtime/clock.hpp"
#include "runtime/message.hpp"
#include "runtime/task.hpp"
#include "runtime/world.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::raft {

/// Kinds of the messages that Group::answer() takes (Message::kind).
constexpr std::uint16_t message_kind_min = 100;
constexpr std::uint16_t message_kind_max = 119;

/// What the log is for. Called on the group's loop, never within a call of Group from that loop
/// that returns a Task; must not block. Equal commands in equal order must give equal states.
class StateMachine {
 public:
  virtual ~StateMachine() = default;
  /// The next committed command. Indexes ascend, with gaps where Raft's own entries are.
  virtual void apply(Index index, Term term, std::string_view command) = 0;
  /// The whole state; at most snapshot_size_max bytes, or the log cannot be compacted.
  virtual std::string snapshot() = 0;
  /// Replaces the state. `index` is the last entry in it. An error stops the group for good.
  virtual Status restore(std::string_view snapshot, Index index) = 0;
};

struct GroupOptions {
  Duration tick = std::chrono::milliseconds(100);
  unsigned heartbeat_ticks = 1;
  unsigned election_ticks = 10;  ///< At least; drawn anew up to twice that for each wait.
  std::size_t append_bytes_max = std::size_t{256} << 10;   ///< Of one message, or one entry.
  std::size_t in_flight_bytes_max = std::size_t{4} << 20;  ///< To one follower, unanswered.
  std::size_t pending_bytes_max = std::size_t{16} << 20;   ///< Proposed and not committed.
  /// Entries kept behind a snapshot for slow followers. A snapshot is made when the log holds twice
  /// that.
  std::size_t log_bytes_kept = std::size_t{4} << 20;
};

/// How a node begins when its table holds nothing.
struct Initial {
  /// Drawn at random by whoever founds the cluster, the same for all founders. A node that joins
  /// gives what it was told, or 0 to take that of the first member that contacts it.
  GroupId group = 0;
  /// For founders, all of whom must give the same: the members and the first state. Nothing: a node
  /// that joins; it waits to be contacted.
  struct Foundation {
    Members members;
    std::string state;
  };
  std::optional<Foundation> foundation;
};

/// For use on its loop only. Owns what it spawns: close() before it is destroyed (in a simulated
/// kill: after Machine::kill and after the Db, as sim/sim_world.hpp says).
class Group {
 public:
  /// What a group stands on; all of it outlives the group. Only the group writes to `table`.
  struct Parts {
    engine::Db& db;
    engine::TableId table;
    Loop& loop;
    NodeId self;
    StateMachine& machine;
  };
  Group(Parts parts, GroupOptions options);
  ~Group();

  /// Loads, or begins as `initial` says if the table is empty; then restores the state machine and
  /// applies what is known to be committed. A founder whose disk was lost must not be opened again:
  /// it may have voted, so it comes back under another NodeId. Waits for the disk: at start only.
  /// Errors: corruption (gaps in the log, damaged records: says what to do), unsupported,
  /// invalid_argument (a foundation without voters or with a node twice), those of the engine and
  /// of restore().
  Status open(const Initial& initial);
  /// Begins to tick, to answer and to send. After open().
  void start();
  /// Ends all that wait (connection_lost) and waits for what is being written.
  Task<void> close();

  /// Appends a command and waits until it is applied here: its index. Errors that mean it was not
  /// and never will be applied: not_leader (status().leader is the hint, and the message names it),
  /// busy (too much is pending, or leadership is being handed over), invalid_argument (longer than
  /// command_size_max), closed. The outcome is not known after timeout and connection_lost.
  Task<Result<Index>> propose(std::string command, Instant deadline);

  /// Waits until everything that any node's propose() had acknowledged before this call is applied
  /// here (6.4: read index, confirmed by a majority): the index. On any member. Error timeout.
  Task<Result<Index>> read_barrier(Instant deadline);

  /// Waits until entry `index` is applied here: true, or false once `deadline` has passed.
  Task<bool> wait_applied(Index index, Instant deadline);

  /// Replaces the members, by joint consensus where voters change (4.3), and waits until that is
  /// committed. A voter should have been a learner that caught up (status().followers). Errors:
  /// not_leader, busy (another change is under way, or this leader is too new), invalid_argument;
  /// timeout and connection_lost: not known.
  Task<Status> change_members(Members members, Instant deadline);

  /// Asks a voter to take over (3.10) and waits until this node knows a new leader. Errors:
  /// not_leader, invalid_argument (no voter), timeout (it stays leader, or does not know).
  Task<Status> transfer_leadership(NodeId to, Instant deadline);

  /// Answers kinds message_kind_min .. message_kind_max: at once and empty, whatever they say.
  Task<Message> answer(NodeId from, Message message, Instant deadline);

  GroupStatus status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ouro::raft
