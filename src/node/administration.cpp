#include "node/administration.hpp"

#include "runtime/reply.hpp"

#include <utility>

namespace ouro::node {

using Planned = Result<cluster::TopologyPlan>;

std::shared_ptr<const cluster::State> NodeAdministration::state() const {
  return control_.metadata().state();
}

std::shared_ptr<const cluster::LivenessView> NodeAdministration::liveness() const {
  return control_.liveness().view();
}

Task<raft::GroupStatus> NodeAdministration::group() {
  return on_executor(loop_.executor(), group_here());
}

Task<std::vector<cluster::IncomingArc>> NodeAdministration::incoming() {
  return on_executor(loop_.executor(), incoming_here());
}

Task<Result<cluster::Applied>> NodeAdministration::carry_out(cluster::CommandBody body,
                                                             std::string who, Instant deadline) {
  return on_executor(loop_.executor(), propose_here(std::move(body), std::move(who), deadline));
}

Task<Planned> NodeAdministration::plan(Instant deadline) {
  return on_executor(loop_.executor(), plan_here(deadline));
}

Task<Result<cluster::Applied>> NodeAdministration::commit(std::uint64_t hash, std::string who,
                                                          Instant deadline) {
  return on_executor(loop_.executor(), commit_here(hash, std::move(who), deadline));
}

Task<raft::GroupStatus> NodeAdministration::group_here() {
  co_return control_.metadata().group().status();
}

Task<std::vector<cluster::IncomingArc>> NodeAdministration::incoming_here() {
  std::vector<cluster::IncomingArc> arcs;
  const Instant now = loop_.clock().now();
  for (const kv::Transfer& transfer : control_.mover().transfers())
    arcs.push_back({transfer.arc, transfer.session, transfer.sources, transfer.keys, transfer.bytes,
                    now - transfer.since, transfer.problem});
  co_return arcs;
}

Task<Result<cluster::Applied>> NodeAdministration::propose_here(cluster::CommandBody body,
                                                                std::string who, Instant deadline) {
  cluster::Command command;
  command.body = std::move(body);
  command.origin = {std::move(who), loop_.clock().wall()};
  co_return co_await control_.metadata().propose(std::move(command), deadline);
}

Task<Planned> NodeAdministration::plan_here(Instant deadline) {
  const Status caught_up = co_await control_.metadata().catch_up(deadline);
  if (!caught_up) co_return caught_up.error();
  cluster::PlanKnowledge knowledge;
  for (const cluster::MemberLiveness& member : liveness()->members)
    if (member.state == cluster::swim::State::dead) knowledge.silent.insert(member.id);
  auto start = [this, &knowledge](Reply<Planned> reply) {
    lane_.post([state = state(), knowledge, reply = std::move(reply)]() mutable {
      reply(plan_change(*state, knowledge));
    });
  };
  auto planning = await_reply<Planned>(start);
  co_return co_await std::move(planning);
}

Task<Result<cluster::Applied>> NodeAdministration::commit_here(std::uint64_t hash, std::string who,
                                                               Instant deadline) {
  const Planned plan = co_await plan_here(deadline);
  if (!plan) co_return plan.error();
  if (plan->hash != hash)
    co_return Error{ErrorCode::stale_epoch,
                    "the cluster or what is staged has changed since that plan was made: look at "
                    "the new plan and commit that"};
  cluster::CommandBody body = commit_of(*plan);
  co_return co_await propose_here(std::move(body), std::move(who), deadline);
}

}  // namespace ouro::node
