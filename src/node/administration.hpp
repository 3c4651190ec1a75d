// The operator's door of a node: from any loop to the control loop.
#pragma once

#include "base/lane.hpp"
#include "cluster/administration.hpp"
#include "node/control.hpp"

namespace ouro::node {

/// Borrows its parts; plans are made on `lane`, for they take up to seconds.
class NodeAdministration final : public cluster::Administration {
 public:
  NodeAdministration(Loop& control_loop, Control& control, Lane& lane)
      : loop_(control_loop), control_(control), lane_(lane) {}

  std::shared_ptr<const cluster::State> state() const override;
  std::shared_ptr<const cluster::LivenessView> liveness() const override;
  Task<raft::GroupStatus> group() override;
  Task<std::vector<cluster::IncomingArc>> incoming() override;
  Task<Result<cluster::Applied>> carry_out(cluster::CommandBody body, std::string who,
                                           Instant deadline) override;
  Task<Result<cluster::TopologyPlan>> plan(Instant deadline) override;
  Task<Result<cluster::Applied>> commit(std::uint64_t hash, std::string who,
                                        Instant deadline) override;

 private:
  // On the control loop.
  Task<raft::GroupStatus> group_here();
  Task<std::vector<cluster::IncomingArc>> incoming_here();
  Task<Result<cluster::Applied>> propose_here(cluster::CommandBody body, std::string who,
                                              Instant deadline);
  Task<Result<cluster::TopologyPlan>> plan_here(Instant deadline);
  Task<Result<cluster::Applied>> commit_here(std::uint64_t hash, std::string who, Instant deadline);

  Loop& loop_;
  Control& control_;
  Lane& lane_;
};

}  // namespace ouro::node
