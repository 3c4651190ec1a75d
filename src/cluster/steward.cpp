#include "cluster/steward.hpp"

#include "cluster/arc_lists.hpp"
#include "cluster/steward_plan.hpp"
#include "cluster/voters.hpp"
#include "runtime/coroutine.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace ouro::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_again = 200ms;
constexpr Duration proposal_time = 5s;
constexpr Duration word_time = 2s;
/// A voter that looks dead for less is waited for: restarts and short cuts are common.
constexpr Duration voter_grace = 30s;
/// So long a removed node is still told what happened to it.
constexpr Duration farewell = 10s;
/// Arcs on their way to one node at a time.
constexpr std::size_t arcs_per_node = 8;
/// A learner that lacks fewer entries may vote.
constexpr raft::Index lag_max = 100;

}  // namespace

Steward::Steward(Parts parts)
    : parts_(parts),
      timer_(parts.loop.clock().make_timer()),
      nursery_(parts.loop.executor(), parts.loop.clock()) {}

void Steward::start() { nursery_.spawn(run()); }

void Steward::wake() { timer_->wake(); }

Task<void> Steward::close() {
  closing_ = true;
  timer_->wake();
  co_await nursery_.close();
}

Task<void> Steward::run() {
  while (!closing_) {
    if (parts_.metadata.group().status().role == raft::Role::leader && parts_.metadata.state()) {
      co_await keep_members();
      co_await carry_on_change();
    }
    if (!closing_) co_await timer_->wait_until(parts_.loop.clock().now() + look_again);
  }
}

// The voters, and everybody else as learner. A node that was removed stays one for a moment, so
// that it hears of it.
Task<void> Steward::keep_members() {
  const raft::GroupStatus status = parts_.metadata.group().status();
  const bool settled = status.configuration_index <= status.commit;
  if (!settled || status.configuration.is_joint()) co_return;
  const std::shared_ptr<const State> state = parts_.metadata.state();
  const Instant now = parts_.loop.clock().now();

  const std::vector<NodeId>& voters = status.configuration.voters;
  const auto caught_up = [&](NodeId node) {
    if (node == parts_.self || status.configuration.is_voter(node)) return true;
    const auto at = std::ranges::find(status.followers, node, &raft::FollowerStatus::node);
    return at != status.followers.end() && at->recently_active &&
           at->match + lag_max >= status.commit;
  };
  const auto votes = [&](NodeId node) { return std::ranges::find(voters, node) != voters.end(); };
  std::vector<VoterCandidate> candidates;
  for (const auto& [id, member] : state->members) {
    if (!caught_up(id)) continue;
    // Whoever waits to be let in does not decide about it.
    if (member.lost || (*cluster::status(*state, id) == MemberStatus::staged && !votes(id)))
      continue;
    VoterCandidate candidate;
    candidate.node = id;
    if (const Seat* const place = seat(*state, id)) candidate.zone = place->zone;
    candidate.health = health_of(id, now);
    candidate.votes = votes(id);
    candidates.push_back(std::move(candidate));
  }

  raft::Members members;
  members.voters = choose_voters(std::move(candidates));
  std::set<NodeId> all;
  for (const auto& [id, member] : state->members) all.insert(id);
  for (const NodeId node : status.configuration.members()) {
    if (all.contains(node)) {
      gone_since_.erase(node);
    } else if (now - gone_since_.try_emplace(node, now).first->second < farewell) {
      all.insert(node);
    }
  }
  for (const NodeId node : all)
    if (!std::ranges::binary_search(members.voters, node)) members.learners.push_back(node);
  const bool same = members.voters == status.configuration.voters &&
                    members.learners == status.configuration.learners;
  if (same || members.voters.empty()) co_return;
  // An error shows in the group's status, and the next look tries again.
  static_cast<void>(
      co_await parts_.metadata.group().change_members(std::move(members), now + proposal_time));
}

VoterHealth Steward::health_of(NodeId node, Instant now) const {
  const auto liveness = parts_.liveness.view();
  const MemberLiveness* const seen = liveness->find(node);
  if (seen == nullptr || seen->state == swim::State::alive)
    return seen != nullptr && seen->degraded() && now - seen->since >= voter_grace
               ? VoterHealth::degraded
               : VoterHealth::healthy;
  return now - seen->since >= voter_grace ? VoterHealth::gone : VoterHealth::away;
}

Task<void> Steward::carry_on_change() {
  const std::shared_ptr<const State> state = parts_.metadata.state();
  if (!state->change) {
    applied_.clear();
    co_return;
  }
  const ArcLists lists(*state);
  std::vector<ring::Arc> finish = arcs_to_finish(*state, lists, applied_);
  if (!finish.empty()) {
    CommandBody body = FinishArcs{state->change->id, std::move(finish)};
    co_await propose(std::move(body));
    co_return;
  }
  std::vector<ring::Arc> start = arcs_to_start(*state, lists, arcs_per_node);
  if (!start.empty()) {
    CommandBody body = StartArcs{state->change->id, std::move(start)};
    co_await propose(std::move(body));
  }
  ask_for_words(words_needed(*state, lists));
}

void Steward::ask_for_words(const std::map<NodeId, Epoch>& needed) {
  for (const auto& [node, epoch] : needed) {
    if (node == parts_.self) applied_[node] = parts_.metadata.state()->epoch;
    if (applied_[node] >= epoch || !asked_.insert(node).second) continue;
    nursery_.spawn(ask_for_word(node, epoch));
  }
}

Task<void> Steward::ask_for_word(NodeId node, Epoch epoch) {
  const Instant deadline = parts_.loop.clock().now() + word_time;
  const Result<Epoch> applied = co_await parts_.metadata.ask_applied(node, epoch, deadline);
  asked_.erase(node);
  if (!applied) co_return;
  applied_[node] = std::max(applied_[node], *applied);
  wake();
}

Task<void> Steward::propose(CommandBody body) {
  Command command;
  command.body = std::move(body);
  command.origin.wall_us = parts_.loop.clock().wall();
  const Instant deadline = parts_.loop.clock().now() + proposal_time;
  // Refused or not known: the next look sees what became of it.
  static_cast<void>(co_await parts_.metadata.propose(std::move(command), deadline));
}

}  // namespace ouro::cluster
