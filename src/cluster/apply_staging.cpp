// What operators want done, until a plan is committed.
#include "cluster/apply_parts.hpp"
#include "cluster/rules.hpp"

#include <utility>

namespace ouro::cluster::apply_parts {
namespace {

Error exists(std::string message) { return refuse(ErrorCode::exists, std::move(message)); }

// Error busy if the running change does something with the node: what it will be is not known yet.
Status check_at_rest(const State& state, NodeId node) {
  if (const Status known = check_member(state, node); !known) return known;
  if (running_action(state, node) == nullptr) return {};
  return refuse(
      ErrorCode::busy,
      title(state, node) + " is part of the running change: wait for its end or abort it");
}

// Error unless the node has a seat that nothing staged gives up, so that something may be staged.
Status check_seated(const State& state, NodeId node) {
  if (const Status rest = check_at_rest(state, node); !rest) return rest;
  if (!state.table.seats.contains(node))
    return refuse(ErrorCode::invalid_argument,
                  title(state, node) + " has not joined yet: unstage its join instead");
  const Action* action = staged_action(state, node);
  if (action != nullptr && action->kind == ActionKind::replace)
    return exists(title(state, node) + " is staged to be replaced: unstage that first");
  return {};
}

bool leaves(const Action* action) { return action != nullptr && action->kind == ActionKind::leave; }

// Stages that a node has another seat. Where that is the seat it has, the wish is taken back.
Result<Applied> adjust(State& state, NodeId node, const Seat& wanted, const Origin& origin) {
  const auto seated = state.table.seats.find(node);
  const auto staged = state.staged.find(node);
  const Seat& present = staged != state.staged.end() ? staged->second.seat : seated->second;
  const std::string what = title(state, node) + " shall have weight " +
                           std::to_string(wanted.weight) + " and zone \"" + wanted.zone + "\"";
  if (wanted == present) return already(state, what, node);

  state.staged_at = begin(state);
  if (seated == state.table.seats.end())
    staged->second.seat = wanted;  // waits to join
  else if (wanted == seated->second)
    state.staged.erase(node);
  else
    state.staged[node] = Action{ActionKind::adjust, NodeId{}, wanted, origin};
  return told(state, origin, what);
}

// The seat that a node is meant to have by now, or why none may be staged.
Result<Seat> adjustable(const State& state, NodeId node) {
  if (const Status rest = check_at_rest(state, node); !rest) return rest.error();
  if (state.members.at(node).lost)
    return refuse(ErrorCode::denied,
                  title(state, node) + " was declared lost: it can only leave or be replaced");
  if (const auto staged = state.staged.find(node); staged != state.staged.end()) {
    if (!leaves(&staged->second)) return staged->second.seat;
    return exists(title(state, node) + " is staged to leave: unstage that first");
  }
  if (const Status seated = check_seated(state, node); !seated) return seated.error();
  return state.table.seats.at(node);
}

Status check_replacement(const State& state, const StageReplace& replace) {
  const auto [old, node] = std::pair(replace.old, replace.node);
  if (old == node)
    return refuse(ErrorCode::invalid_argument, title(state, old) + " cannot replace itself");
  if (const Status rest = check_at_rest(state, node); !rest) return rest;
  if (const Status rest = check_at_rest(state, old); !rest) return rest;
  if (state.members.at(node).lost)
    return refuse(ErrorCode::denied, title(state, node) + " was declared lost: name another");
  const auto action = state.staged.find(node);
  if (state.table.seats.contains(node) || action == state.staged.end())
    return refuse(
        ErrorCode::invalid_argument,
        title(state, node) + " has joined already: a replacement is a node that waits to join");
  if (action->second.kind == ActionKind::replace && action->second.replaces != old)
    return exists(title(state, node) + " is staged to replace " +
                  title(state, action->second.replaces) + ": unstage that first");
  if (leaves(staged_action(state, old)))
    return exists(title(state, old) + " is staged to leave: unstage that first");
  return {};
}

}  // namespace

Result<Applied> carry_out(State& state, const StageLeave& leave, const Origin& origin) {
  if (const Status seated = check_seated(state, leave.node); !seated) return seated.error();
  const std::string what = title(state, leave.node) + " shall leave";
  if (leaves(staged_action(state, leave.node))) return already(state, what, leave.node);
  std::map<NodeId, Seat> rest = seats_after(state);
  rest.erase(leave.node);
  if (rest.empty())
    return refuse(
        ErrorCode::invalid_argument,
        title(state, leave.node) + " is the last node: let another join before it leaves");

  state.staged_at = begin(state);
  state.staged[leave.node] = Action{ActionKind::leave, NodeId{}, Seat{}, origin};
  return told(state, origin, what);
}

Result<Applied> carry_out(State& state, const StageReplace& replace, const Origin& origin) {
  if (const Status checked = check_replacement(state, replace); !checked) return checked.error();
  const std::string what =
      title(state, replace.node) + " shall replace " + title(state, replace.old);
  Action& action = state.staged.at(replace.node);
  if (action.kind == ActionKind::replace) return already(state, what, replace.node);
  if (const Status seated = check_seated(state, replace.old); !seated) return seated.error();

  state.staged_at = begin(state);
  action.kind = ActionKind::replace;
  action.replaces = replace.old;
  action.origin = origin;
  state.staged.erase(replace.old);  // its weight or zone no longer matters
  return told(state, origin, what);
}

Result<Applied> carry_out(State& state, const StageWeight& weight, const Origin& origin) {
  Result<Seat> seat = adjustable(state, weight.node);
  if (!seat) return seat.error();
  seat->weight = weight.weight;
  if (const Status checked = check_seat(*seat); !checked) return checked.error();
  return adjust(state, weight.node, *seat, origin);
}

Result<Applied> carry_out(State& state, const StageZone& zone, const Origin& origin) {
  Result<Seat> seat = adjustable(state, zone.node);
  if (!seat) return seat.error();
  seat->zone = zone.zone;
  if (const Status checked = check_seat(*seat); !checked) return checked.error();
  return adjust(state, zone.node, *seat, origin);
}

Result<Applied> carry_out(State& state, const Unstage& unstage, const Origin& origin) {
  if (const Status rest = check_at_rest(state, unstage.node); !rest) return rest.error();
  if (staged_action(state, unstage.node) == nullptr)
    return refuse(ErrorCode::not_found, "nothing is staged for " + title(state, unstage.node));
  auto at = state.staged.find(unstage.node);
  if (at == state.staged.end())  // it is what another replaces
    for (at = state.staged.begin(); at->second.replaces != unstage.node;) ++at;

  state.staged_at = begin(state);
  const NodeId node = at->first;
  if (at->second.kind == ActionKind::replace) {
    const NodeId old = std::exchange(at->second.replaces, NodeId{});
    at->second.kind = ActionKind::join;
    return told(state, origin,
                title(state, node) + " shall not replace " + title(state, old) + " but join");
  }
  const bool joins = at->second.kind == ActionKind::join;
  const std::string who = title(state, node);
  state.staged.erase(at);
  if (!joins) return told(state, origin, "nothing is staged for " + who + " any more");
  remove_member(state, node);
  return told(state, origin, who + " shall not join and was removed");
}

}  // namespace ouro::cluster::apply_parts
