// Who belongs to the group, and who should lead it next: 3.10, 4.
#include "raft/core.hpp"
#include "raft/format.hpp"

#include <algorithm>
#include <utility>

namespace ouro::raft {

// Keeps what is known of those who stay.
void Core::track_members() {
  std::map<NodeId, Progress> tracked;
  for (const NodeId node : log_.configuration().members()) {
    if (node == options_.self) continue;
    const auto known = progress_.find(node);
    tracked.emplace(
        node, known == progress_.end() ? Progress(log_.last() + 1) : std::move(known->second));
  }
  progress_ = std::move(tracked);
}

Result<Index> Core::change_members(const Members& members) {
  if (role_ != Role::leader) return not_leader();
  if (const Status sound = check_members(members); !sound) return sound.error();
  const Configuration& now = log_.configuration();
  if (now.is_joint() || log_.configuration_index() > hard_.commit)
    return Error{ErrorCode::busy, "another change of the members is under way: wait for its end"};
  if (log_.term(hard_.commit) != hard_.term)
    return Error{ErrorCode::busy,
                 "the leader is new and does not know yet what is committed: try "
                 "again"};
  Configuration next{members.voters, {}, members.learners};
  if (next == now) return log_.configuration_index();
  if (next.voters != now.voters) next.outgoing = now.voters;
  append(EntryKind::configuration, SharedBytes(encode_configuration(next)));
  track_members();
  broadcast_append();
  return log_.last();
}

void Core::after_commit() {
  const Configuration& now = log_.configuration();
  if (log_.configuration_index() <= hard_.commit) {
    if (now.is_joint()) {
      const Configuration next{now.voters, {}, now.learners};
      append(EntryKind::configuration, SharedBytes(encode_configuration(next)));
      track_members();
    } else if (!now.is_voter(options_.self)) {
      return hand_over();  // (4.2.2)
    }
  }
  begin_reads();
}

// A leader that is no member any more steps down once that is committed, and does not leave the
// others to a timeout.
void Core::hand_over() {
  broadcast_append();
  broadcast_heartbeat();
  NodeId best = no_node;
  Index match = 0;
  for (const auto& [node, progress] : progress_) {
    if (!log_.configuration().is_voter(node) || progress.match() <= match) continue;
    best = node;
    match = progress.match();
  }
  if (best != no_node) send(packet(PacketKind::take_over, best));
  become_follower(hard_.term, no_node);
}

Status Core::transfer(NodeId to) {
  if (role_ != Role::leader) return not_leader();
  const auto& voters = log_.configuration().voters;
  if (std::find(voters.begin(), voters.end(), to) == voters.end())
    return Error{ErrorCode::invalid_argument,
                 "node " + std::to_string(to_integer(to)) + " is no voter: it cannot lead"};
  if (to == options_.self) return {};
  transferee_ = to;
  transfer_elapsed_ = 0;
  try_transfer();
  feed(to, true);
  return {};
}

void Core::try_transfer() {
  const auto found = progress_.find(transferee_);
  if (role_ != Role::leader || found == progress_.end()) return;
  if (found->second.match() == log_.last()) send(packet(PacketKind::take_over, transferee_));
}

}  // namespace ouro::raft
