// The change of topology that runs: begun, moved on arc by arc, turned round, ended.
#include "cluster/apply_parts.hpp"
#include "cluster/arc_lists.hpp"
#include "cluster/plan_hash.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ouro::cluster::apply_parts {
namespace {

Error stale(std::string message) { return refuse(ErrorCode::stale_epoch, std::move(message)); }

std::string text(ring::Arc arc) { return "arc " + std::to_string(arc); }

// Error stale_epoch unless the change that runs has this id.
Status check_change(const State& state, Epoch id) {
  if (!state.change)
    return stale("change " + std::to_string(id) + " is over: no change is running");
  if (state.change->id == id) return {};
  return stale("this is for change " + std::to_string(id) + ", but change " +
               std::to_string(state.change->id) + " is running: look at its state again");
}

// All arcs exist, are in order, and have come to `phase`.
Status check_arcs(const State& state, const std::vector<ring::Arc>& arcs, ArcPhase phase,
                  std::string_view needed) {
  if (arcs.empty()) return refuse(ErrorCode::invalid_argument, "no arc is named");
  if (std::ranges::adjacent_find(arcs, std::ranges::greater_equal()) != arcs.end())
    return refuse(ErrorCode::invalid_argument, "the arcs are not in order, or one twice");
  if (arcs.back() >= state.arc_count())
    return refuse(ErrorCode::invalid_argument, "there is no " + text(arcs.back()) + ": there are " +
                                                   std::to_string(state.arc_count()));
  for (const ring::Arc arc : arcs)
    if (state.change->arcs[arc].phase != phase)
      return stale(text(arc) + " is not in phase " + std::string(needed) +
                   " (any more): look at its state again");
  return {};
}

void advance(State& state, ring::Arc arc, ArcPhase phase) {
  state.change->arcs[arc].phase = phase;
  state.changed_at[arc] = state.epoch;
}

Status check_target(const State& state, const std::vector<NodeId>& target) {
  const std::map<NodeId, Seat> seats = seats_after(state);
  if (target.size() != state.table.owners.size())
    return refuse(ErrorCode::invalid_argument, "the plan is for " + std::to_string(target.size()) +
                                                   " arcs, the ring has " +
                                                   std::to_string(state.arc_count()));
  if (seats.size() > target.size())
    return refuse(ErrorCode::invalid_argument,
                  "there would be more nodes than arcs: double the arcs first");
  for (const NodeId owner : target)
    if (!seats.contains(owner))
      return refuse(
          ErrorCode::invalid_argument,
          title(state, owner) + " would own an arc but is no member afterwards: plan again");
  for (const auto& [node, seat] : seats)
    if (state.members.at(node).lost)
      return refuse(ErrorCode::denied,
                    title(state, node) +
                        " was declared lost and would stay: stage that it leaves "
                        "or is replaced (a join: unstage it), then plan again");
  if (state.staged.empty() && target == state.table.owners)
    return refuse(ErrorCode::invalid_argument, "nothing is staged and no arc would move");
  return {};
}

// Arcs that the same nodes hold afterwards have nothing to wait for. Their lists may differ in
// order only: every quorum of the one is a quorum of the other.
void skip_unchanged(State& state) {
  const ArcLists lists(state);
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
    ArcMove& move = state.change->arcs[arc];
    if (move.phase == ArcPhase::before && !lists.changes(arc)) move.phase = ArcPhase::after;
  }
}

// The target is in force. Who had a seat and has none now is removed; who was about to join and was
// turned back waits again.
void end_change(State& state) {
  Change change = *std::move(state.change);
  state.change.reset();
  const Table past = std::exchange(state.table, std::move(change.target));
  const std::string began = "the change of epoch " + std::to_string(change.began);
  if (change.aborting) {
    for (auto& [node, action] : change.actions) state.staged.emplace(node, std::move(action));
    state.staged_at = state.epoch;
    told(state, change.origin, began + " was rolled back");
    return;
  }
  for (const auto& [node, seat] : past.seats)
    if (!state.table.seats.contains(node)) remove_member(state, node);
  told(state, change.origin, began + " is complete");
}

}  // namespace

bool settle(State& state) {
  if (!state.change) return false;
  const ArcLists lists(state);
  bool over = true;
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
    const ArcPhase phase = state.change->arcs[arc].phase;
    over = over && phase == ArcPhase::after;
    if (phase == ArcPhase::write_both && uncovered(state, lists, arc).empty())
      advance(state, arc, ArcPhase::read_new);
  }
  if (over) end_change(state);
  return over;
}

Result<Applied> carry_out(State& state, const CommitPlan& commit, const Origin& origin) {
  if (state.change)
    return refuse(ErrorCode::busy, "the change of epoch " + std::to_string(state.change->began) +
                                       " is running: wait for its end or abort it");
  if (plan_hash(state, commit.target) != commit.hash)
    return stale("plan " + plan_hash_text(commit.hash) +
                 " was made from another state of the cluster: look at the plan again");
  if (const Status checked = check_target(state, commit.target); !checked) return checked.error();

  const Epoch epoch = begin(state);
  Change change;
  change.id = epoch;
  change.began = epoch;
  change.plan = commit.hash;
  change.target = Table{commit.target, seats_after(state)};
  change.actions = std::exchange(state.staged, {});
  change.arcs.resize(state.arc_count());
  change.origin = origin;
  state.staged_at = epoch;
  state.change = std::move(change);
  skip_unchanged(state);
  Applied applied = told(state, origin, "plan " + plan_hash_text(commit.hash) + " was committed");
  applied.change_ended = settle(state);
  return applied;
}

Result<Applied> carry_out(State& state, const StartArcs& start, const Origin&) {
  if (const Status checked = check_change(state, start.change); !checked) return checked.error();
  if (const Status checked = check_arcs(state, start.arcs, ArcPhase::before, "before"); !checked)
    return checked.error();

  const Epoch epoch = begin(state);
  for (const ring::Arc arc : start.arcs) {
    advance(state, arc, ArcPhase::write_both);
    state.change->arcs[arc].session = epoch;
  }
  settle(state);
  return untold(state, std::to_string(start.arcs.size()) + " arcs are written in both places");
}

Result<Applied> carry_out(State& state, const Covered& covered, const Origin&) {
  if (const Status checked = check_change(state, covered.change); !checked) return checked.error();
  if (covered.arc >= state.arc_count())
    return refuse(ErrorCode::invalid_argument, "there is no " + text(covered.arc));
  if (const Status known = check_member(state, covered.node); !known) return known.error();
  ArcMove& move = state.change->arcs[covered.arc];
  if (move.session == 0 || move.session != covered.session)
    return stale("session " + std::to_string(covered.session) + " of " + text(covered.arc) +
                 " is over: pull again from what the state says now");
  if (const auto known = move.covered.find(covered.node); known != move.covered.end()) {
    if (known->second == covered.hash) return already(state, "it is covered", covered.node);
    return refuse(ErrorCode::exists, title(state, covered.node) + " has covered " +
                                         text(covered.arc) + " with another hash");
  }
  if (move.phase != ArcPhase::write_both)
    return stale(text(covered.arc) + " is not in phase write_both (any more)");
  if (state.members.at(covered.node).lost)
    return refuse(ErrorCode::denied, title(state, covered.node) + " was declared lost");
  if (!ArcLists(state).receivers(covered.arc).contains(covered.node))
    return refuse(ErrorCode::invalid_argument, title(state, covered.node) + " does not receive " +
                                                   text(covered.arc) + " in this change");

  begin(state);
  move.covered.emplace(covered.node, covered.hash);
  Applied applied = untold(state, title(state, covered.node) + " has " + text(covered.arc));
  settle(state);
  return applied;
}

Result<Applied> carry_out(State& state, const FinishArcs& finish, const Origin&) {
  if (const Status checked = check_change(state, finish.change); !checked) return checked.error();
  if (const Status checked = check_arcs(state, finish.arcs, ArcPhase::read_new, "read_new");
      !checked)
    return checked.error();

  begin(state);
  for (const ring::Arc arc : finish.arcs) advance(state, arc, ArcPhase::after);
  Applied applied = untold(state, std::to_string(finish.arcs.size()) + " arcs have moved");
  applied.change_ended = settle(state);
  return applied;
}

// An arc in write_both reads by the old list and writes by both; turned round that is read_new, and
// the other way about. So no quorum changes with the turn itself; what the outgoing nodes of before
// must receive again, they receive in a new session.
Result<Applied> carry_out(State& state, const Abort& abort, const Origin& origin) {
  if (const Status checked = check_change(state, abort.change); !checked) return checked.error();

  const Epoch epoch = begin(state);
  Change& change = *state.change;
  std::swap(state.table, change.target);
  change.aborting = !change.aborting;
  change.id = epoch;
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
    ArcMove& move = change.arcs[arc];
    const auto turned = ArcPhase(3 - static_cast<int>(move.phase));
    const bool moving = turned == ArcPhase::write_both || turned == ArcPhase::read_new;
    move = ArcMove{turned, moving ? epoch : 0, {}};
    if (moving) state.changed_at[arc] = epoch;
  }
  skip_unchanged(state);
  Applied applied = told(state, origin,
                         "the change of epoch " + std::to_string(change.began) +
                             (change.aborting ? " is being rolled back" : " goes forward again"));
  applied.change_ended = settle(state);
  return applied;
}

Result<Applied> carry_out(State& state, const DoubleArcs& twice, const Origin& origin) {
  if (twice.arcs == state.arc_count())
    return already(state, "there are " + std::to_string(twice.arcs) + " arcs");
  if (state.change)
    return refuse(ErrorCode::busy, "a change is running: arcs are doubled when it is over");
  if (twice.arcs != 2 * state.arc_count() || twice.arcs > ring::arc_count_max)
    return refuse(ErrorCode::invalid_argument, "there are " + std::to_string(state.arc_count()) +
                                                   " arcs: they can only be doubled, up to " +
                                                   std::to_string(ring::arc_count_max));

  const Epoch epoch = begin(state);
  std::vector<NodeId> owners;
  owners.reserve(twice.arcs);
  for (const NodeId owner : state.table.owners) owners.insert(owners.end(), 2, owner);
  state.table.owners = std::move(owners);
  state.changed_at.assign(twice.arcs, epoch);
  return told(state, origin, "there are now " + std::to_string(twice.arcs) + " arcs");
}

}  // namespace ouro::cluster::apply_parts
