#include "cluster/apply.hpp"

#include "cluster/apply_parts.hpp"
#include "cluster/rules.hpp"

#include <variant>

namespace ouro::cluster {

Result<Applied> apply(State& state, const Command& command) {
  if (const Status checked = check_origin(command.origin); !checked) return checked.error();
  return std::visit(
      [&](const auto& body) { return apply_parts::carry_out(state, body, command.origin); },
      command.body);
}

namespace apply_parts {

Applied told(State& state, const Origin& origin, std::string what) {
  what.resize(std::min(what.size(), StateLimits::what_bytes));
  state.audit.push_back({state.epoch, what, origin});
  if (state.audit.size() > StateLimits::audit) state.audit.pop_front();
  return untold(state, std::move(what));
}

Applied untold(const State& state, std::string what) {
  Applied applied;
  applied.epoch = state.epoch;
  applied.changed = true;
  applied.what = std::move(what);
  return applied;
}

Applied already(const State& state, std::string what, NodeId node) {
  Applied applied;
  applied.epoch = state.epoch;
  applied.node = node;
  applied.what = std::move(what);
  return applied;
}

Status check_member(const State& state, NodeId node) {
  if (state.members.contains(node)) return {};
  const auto removed = state.removed.find(node);
  if (removed != state.removed.end())
    return refuse(ErrorCode::denied,
                  title(state, node) + " was removed at epoch " +
                      std::to_string(removed->second.removed) +
                      " and cannot come back: join with an empty data directory");
  return refuse(ErrorCode::not_found,
                "there is no " + title(state, node) + ": see the members of the cluster");
}

void remove_member(State& state, NodeId node) {
  const auto at = state.members.find(node);
  state.removed.emplace(node, RemovedMember{at->second.name, at->second.instance, state.epoch});
  state.members.erase(at);
}

}  // namespace apply_parts
}  // namespace ouro::cluster
