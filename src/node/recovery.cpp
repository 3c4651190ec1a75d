#include "node/recovery.hpp"

#include "cluster/apply.hpp"
#include "cluster/command_codec.hpp"
#include "cluster/state_codec.hpp"
#include "node/storage.hpp"
#include "raft/storage.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ouro::node {
namespace {

// What the node would have applied if all of its log were committed.
Result<std::optional<cluster::State>> replay(engine::Db& meta) {
  std::optional<cluster::State> state;
  auto stored = raft::Storage(meta, raft_table).load();
  if (!stored) return stored.error();
  if (!*stored || (*stored)->snapshot.index == 0) return state;
  Result<cluster::State> begun = cluster::decode_state((*stored)->snapshot.state);
  if (!begun) return begun.error();
  for (const raft::Entry& entry : (*stored)->entries) {
    if (entry.kind != raft::EntryKind::command || entry.index <= (*stored)->snapshot.index)
      continue;
    const Result<cluster::Command> command = cluster::decode_command(entry.data);
    if (!command) return command.error();
    // A refusal is an outcome like others: the state is as before.
    static_cast<void>(cluster::apply(*begun, *command));
  }
  state = std::move(*begun);
  return state;
}

Status is_still_member(const Standing& standing) {
  if (!standing.state) return {};
  const cluster::Member* const own = member(*standing.state, standing.identity.node);
  if (own != nullptr && !own->lost) return {};
  return Error{ErrorCode::denied,
               "this node was removed or declared lost: it has no part in the cluster any more"};
}

std::vector<cluster::Contact> contacts_of(const Standing& standing) {
  std::vector<cluster::Contact> contacts;
  for (const auto& [id, member] : standing.state->members)
    if (id != standing.identity.node && !member.lost)
      contacts.push_back({id, member.host, member.peer_port});
  return contacts;
}

}  // namespace

Result<Standing> look(engine::Db& meta) {
  Standing standing;
  const auto identity = cluster::read_identity(meta, system_table);
  if (!identity) return identity.error();
  if (!*identity)
    return Error{ErrorCode::not_found, "the directory belongs to no node: it was never started"};
  standing.identity = **identity;
  const Result<raft::Survey> log = raft::survey(meta, raft_table);
  if (!log && log.error().code != ErrorCode::not_found) return log.error();
  if (log) standing.log = *log;
  auto state = replay(meta);
  if (!state) return state.error();
  standing.state = std::move(*state);
  return standing;
}

Status may_take_over(const Standing& standing) {
  if (const Status member = is_still_member(standing); !member) return member;
  const raft::Configuration& now = standing.log.configuration;
  const NodeId self = standing.identity.node;
  if (!standing.state || !now.is_member(self))
    return Error{ErrorCode::not_found,
                 "this node has no metadata log of its own to lead with: choose another survivor"};
  if (!now.is_joint() && now.voters == std::vector<NodeId>{self})
    return Error{ErrorCode::denied,
                 "nothing to do: this node is the only voter already, so start it"};
  return {};
}

Status may_wait_for(const Standing& standing, const Takeover& leader, bool accept_log_loss) {
  if (const Status member = is_still_member(standing); !member) return member;
  const raft::Survey& log = standing.log;
  if (log.group == leader.group)
    return Error{ErrorCode::denied,
                 "nothing to do: this node belongs to that group already, so start it"};
  if (accept_log_loss) return {};
  if (std::pair(log.last_term, log.last) <= std::pair(leader.last_term, leader.last)) return {};
  return Error{ErrorCode::stale_epoch,
               "this node's log says more than that of the survivor that shall lead: let this one "
               "lead instead, or what only its log says is lost"};
}

Result<Takeover> take_over(engine::Db& meta, raft::GroupId group) {
  const Result<Standing> before = look(meta);
  if (!before) return before.error();
  if (const Status may = may_take_over(*before); !may) return may.error();
  raft::ForcedMembers forced;
  forced.self = before->identity.node;
  forced.others = before->log.configuration.members();
  std::erase(forced.others, forced.self);
  forced.group = group;
  forced.dry_run = false;
  const auto done = raft::force_members(meta, raft_table, forced);
  if (!done) return done.error();
  return Takeover{group, before->log.last_term, before->log.last};
}

Status wait_for(engine::Db& meta, const Takeover& leader, bool accept_log_loss) {
  const Result<Standing> before = look(meta);
  if (!before) return before.error();
  if (const Status may = may_wait_for(*before, leader, accept_log_loss); !may) return may;
  // First: without the log nothing else tells where the others are.
  if (before->state) {
    const Status noted = write_contacts(meta, system_table, contacts_of(*before));
    if (!noted) return noted;
  }
  return raft::forget_log(meta, raft_table, leader.group);
}

}  // namespace ouro::node
