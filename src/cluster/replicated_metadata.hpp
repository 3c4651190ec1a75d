// The cluster's metadata as one node has it: its replica of the one Raft log, and the way to change
// what the log says.
//
// The log's commands make a State (apply.hpp), the State makes a View, and the View is what the
// rest of the node works with. A node that is cut off from the leader goes on with the View it has.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "cluster/apply.hpp"
#include "cluster/cluster_wire.hpp"
#include "cluster/view.hpp"
#include "engine/db.hpp"
#include "raft/group.hpp"
#include "runtime/clock.hpp"
#include "runtime/message.hpp"
#include "runtime/task.hpp"
#include "runtime/world.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace ouro::cluster {

/// For use on the control loop only, except view() and state(), which any thread may call.
class ReplicatedMetadata final : public Metadata {
 public:
  struct Parts {
    engine::Db& db;  ///< The metadata database.
    engine::TableId raft_table;
    Loop& loop;  ///< The control loop.
    NodeId self;
    std::uint64_t run = 0;  ///< Names this process.
  };
  explicit ReplicatedMetadata(Parts parts);
  ~ReplicatedMetadata() override;

  /// Reads the log, before the loops run. `founding` is the first state where this node is one of
  /// the founders, all of whom must give the same; nothing: it joins a cluster that exists. Errors
  /// as raft::Group::open has them.
  Status open(const std::optional<State>& founding);

  /// Takes part from now on. `changed` is called on the control loop after every change of the
  /// state, and once now.
  void start(std::function<void()> changed);
  Task<void> close();

  /// Null only on a node that joins and has not heard from the leader yet, in its whole life.
  std::shared_ptr<const View> view() const override;
  std::shared_ptr<const State> state() const;

  /// An error if the log has an entry that this build cannot carry out: the node must stop.
  Status health() const;

  /// Has the leader carry a command through, wherever it is, and waits until it is applied here.
  /// The log's own refusals are those of apply(); timeout and connection_lost leave the outcome
  /// open.
  Task<Result<Applied>> propose(Command command, Instant deadline);

  /// Everything that was acknowledged anywhere before the call is in state() after it. Error
  /// timeout while there is no leader.
  Task<Status> catch_up(Instant deadline);

  /// Waits until `node` has applied `epoch`, and answers what it has applied then. Errors as those
  /// of Peers::call; timeout too when the node is behind for so long.
  Task<Result<Epoch>> ask_applied(NodeId node, Epoch epoch, Instant deadline);

  /// Answers Raft's messages and those of cluster_wire.hpp. A stranger (node 0) may only join.
  Task<Message> answer(NodeId from, Message request, Instant deadline);

  raft::Group& group();
  const raft::Group& group() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Who shall vote at first: up to five founders, spread over zones.
raft::Members first_members(const State& founding);

}  // namespace ouro::cluster
