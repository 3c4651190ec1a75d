#include "cluster/topology_plan.hpp"

#include "cluster/arc_lists.hpp"
#include "cluster/next_owners.hpp"
#include "cluster/plan_hash.hpp"
#include "cluster/plan_warnings.hpp"

#include <algorithm>
#include <utility>

namespace ouro::cluster {
namespace {

using Shares = std::map<NodeId, NodeShare>;
using Links = std::map<std::pair<NodeId, NodeId>, PlannedLink>;

std::uint64_t size_of(const PlanKnowledge& knowledge, unsigned n, ring::Arc arc) {
  const auto at = knowledge.sizes.find(n);
  return at != knowledge.sizes.end() && arc < at->second.size() ? at->second[arc] : 0;
}

class Explainer {
 public:
  Explainer(const State& state, std::vector<NodeId> target, const PlanKnowledge& knowledge)
      : state_(state),
        knowledge_(knowledge),
        after_{std::move(target), seats_after(state)},
        lists_(state.table, after_, replica_counts(state)) {}

  TopologyPlan run() {
    plan_.hash = plan_hash(state_, after_.owners);
    plan_.epoch = state_.epoch;
    plan_.actions = state_.staged;
    for (const unsigned n : lists_.counts())
      for (ring::Arc arc = 0; arc < state_.arc_count(); ++arc) add(arc, n);
    for (const NodeId owner : state_.table.owners) ++before_shares_[owner].arcs;
    for (const NodeId owner : after_.owners) ++after_shares_[owner].arcs;
    collect();
    plan_.quorums = planned_quorums(state_, lists_, knowledge_.silent);
    plan_.warnings = plan_warnings(state_, after_, lists_, plan_.quorums, knowledge_.silent);
    plan_.target = std::move(after_.owners);
    return std::move(plan_);
  }

 private:
  void add(ring::Arc arc, unsigned n) {
    const ListPair pair = lists_.lists(arc, n);
    const std::uint64_t bytes = size_of(knowledge_, n, arc);
    const auto share = [bytes](NodeShare& of) {
      ++of.replicas;
      of.bytes += bytes;
    };
    for (const NodeId node : pair.old_list) share(before_shares_[node]);
    for (const NodeId node : pair.new_list) share(after_shares_[node]);
    const std::vector<NodeId> arrivals = lists_.arrivals(arc, n);
    const std::vector<NodeId> receivers = lists_.receivers(arc, n);
    const std::vector<NodeId> outgoing = lists_.outgoing(arc, n);
    if (arrivals.empty() && outgoing.empty()) return;

    PlannedArc& planned = arcs_[arc];
    planned.arc = arc;
    planned.receivers.insert(receivers.begin(), receivers.end());
    planned.outgoing.insert(outgoing.begin(), outgoing.end());
    planned.bytes += bytes * arrivals.size();
    for (const NodeId to : arrivals) {
      const NodeId from = source(pair.old_list, to);
      PlannedLink& link = links_[{from, to}];
      link.from = from;
      link.to = to;
      ++link.replicas;
      link.bytes += bytes;
      ++plan_.replicas;
      plan_.bytes += bytes;
    }
  }

  // Of those that seem alive the first in the receiver's zone, or else the first.
  NodeId source(const std::vector<NodeId>& owners, NodeId to) const {
    const std::string& zone = after_.seats.at(to).zone;
    const auto rank = [&](NodeId node) {
      const bool away = knowledge_.silent.contains(node) || state_.members.at(node).lost;
      return std::pair(away, state_.table.seats.at(node).zone != zone);
    };
    return *std::ranges::min_element(owners, {}, rank);
  }

  void collect() {
    for (auto& [arc, planned] : arcs_) plan_.arcs.push_back(std::move(planned));
    for (const auto& [ends, link] : links_) plan_.links.push_back(link);
    std::set<NodeId> nodes;
    for (const auto& [node, seat] : state_.table.seats) nodes.insert(node);
    for (const auto& [node, seat] : after_.seats) nodes.insert(node);
    for (const NodeId node : nodes)
      plan_.nodes.push_back({node, before_shares_[node], after_shares_[node]});
  }

  const State& state_;
  const PlanKnowledge& knowledge_;
  Table after_;
  ArcLists lists_;
  TopologyPlan plan_;
  std::map<ring::Arc, PlannedArc> arcs_;
  Links links_;
  Shares before_shares_;
  Shares after_shares_;
};

}  // namespace

Result<TopologyPlan> plan_change(const State& state, const PlanKnowledge& knowledge) {
  if (state.change)
    return Error{ErrorCode::busy, "a change is running: wait for its end or abort it"};
  for (const auto& [node, seat] : seats_after(state))
    if (state.members.at(node).lost)
      return Error{ErrorCode::denied, title(state, node) +
                                          " was declared lost and would stay: stage that it leaves "
                                          "or is replaced (a join: unstage it)"};
  const auto sizes = knowledge.sizes.find(state.defaults.n);
  const Result<std::vector<NodeId>> target = next_owners(
      state, sizes == knowledge.sizes.end() ? std::vector<std::uint64_t>{} : sizes->second);
  if (!target) return target.error();
  if (state.staged.empty() && *target == state.table.owners)
    return Error{
        ErrorCode::invalid_argument,
        "nothing is staged and no arc would move: stage a join, leave, replacement, weight "
        "or zone first"};
  return explain_plan(state, *target, knowledge);
}

TopologyPlan explain_plan(const State& state, std::vector<NodeId> target,
                          const PlanKnowledge& knowledge) {
  return Explainer(state, std::move(target), knowledge).run();
}

CommitPlan commit_of(const TopologyPlan& plan) { return {plan.hash, plan.target}; }

}  // namespace ouro::cluster
