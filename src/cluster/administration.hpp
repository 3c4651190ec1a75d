// What an operator may see of the cluster and do to it.
#pragma once

#include "cluster/apply.hpp"
#include "cluster/commands.hpp"
#include "cluster/liveness.hpp"
#include "cluster/state.hpp"
#include "cluster/topology_plan.hpp"
#include "raft/group.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ouro::cluster {

/// An arc on its way to this node.
struct IncomingArc {
  ring::Arc arc = 0;
  Epoch session = 0;
  std::vector<NodeId> sources;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
  Duration since{};     ///< How long ago it was begun.
  std::string problem;  ///< Why it was begun again last; empty: all is well.
};

/// May be used from any loop of the node.
class Administration {
 public:
  virtual ~Administration() = default;

  /// As this node knows them; never null.
  virtual std::shared_ptr<const State> state() const = 0;
  virtual std::shared_ptr<const LivenessView> liveness() const = 0;
  virtual Task<raft::GroupStatus> group() = 0;
  virtual Task<std::vector<IncomingArc>> incoming() = 0;

  /// Has the leader carry a command through. Errors: apply()'s refusals; timeout, while there is no
  /// leader; connection_lost: not known, look at the state.
  virtual Task<Result<Applied>> carry_out(CommandBody body, std::string who, Instant deadline) = 0;

  /// What committing all that is staged would do, made of the newest state. Errors:
  /// plan_change()'s; timeout.
  virtual Task<Result<TopologyPlan>> plan(Instant deadline) = 0;
  /// Commits the plan if it is still the one of that hash; error stale_epoch if it is not.
  virtual Task<Result<Applied>> commit(std::uint64_t hash, std::string who, Instant deadline) = 0;
};

}  // namespace ouro::cluster
