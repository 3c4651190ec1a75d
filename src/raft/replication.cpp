// How a leader brings its log to the others and learns what is committed: 3.5, 3.6, 10.2.
#include "raft/core.hpp"
#include "raft/quorum.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace ouro::raft {

void Core::append(EntryKind kind, SharedBytes data) {
  Entry entry{log_.last() + 1, hard_.term, kind, std::move(data)};
  pending_bytes_ += cost(entry);
  log_.append(std::move(entry));
}

void Core::broadcast_append() {
  std::vector<NodeId> nodes;
  for (const auto& [node, progress] : progress_) nodes.push_back(node);
  for (const NodeId node : nodes) feed(node, true);
}

void Core::broadcast_heartbeat() {
  heartbeat_elapsed_ = 0;
  for (const auto& [node, progress] : progress_) {
    Packet heartbeat = packet(PacketKind::heartbeat, node);
    // What lies beyond may be of another leader there.
    heartbeat.commit = std::min(hard_.commit, progress.match());
    heartbeat.round = reads_.round();
    send(std::move(heartbeat));
  }
}

// Sends what there is, as far as the window allows. `even_empty`: at least one message, which tells
// the commit index and finds out what was lost.
void Core::feed(NodeId to, bool even_empty) {
  const auto found = progress_.find(to);
  if (found == progress_.end()) return;
  Progress& progress = found->second;
  while (!progress.is_waiting() && send_append(to, progress, even_empty)) even_empty = false;
}

// Whether there may be more to send.
bool Core::send_append(NodeId to, Progress& progress, bool even_empty) {
  const Index before = progress.next() - 1;
  const auto term = log_.term(before);
  if (!term || before + 1 < log_.first()) {
    send_snapshot(to, progress);
    return false;
  }
  Packet request = packet(PacketKind::append, to);
  if (!progress.is_full(options_.window))
    request.entries = log_.range(before + 1, log_.last(), options_.append_bytes_max);
  if (request.entries.empty() && !even_empty) return false;
  request.index = before;
  request.index_term = *term;
  request.commit = hard_.commit;
  const bool more = !request.entries.empty();
  std::size_t bytes = 0;
  for (const Entry& entry : request.entries) bytes += cost(entry);
  progress.sent(more ? before + request.entries.size() : 0, bytes);
  send(std::move(request));
  return more;
}

void Core::send_snapshot(NodeId to, Progress& progress) {
  if (!progress.recently_active) return;  // large, and it may not be there at all
  Packet request = packet(PacketKind::install_snapshot, to);
  request.snapshot = log_.snapshot();
  progress.sent_snapshot(request.snapshot.index);
  send(std::move(request));
}

void Core::on_append_answer(const Packet& answer) {
  const auto found = progress_.find(answer.from);
  if (role_ != Role::leader || found == progress_.end() || answer.index > log_.last()) return;
  Progress& progress = found->second;
  progress.recently_active = true;
  if (!answer.granted) {
    const Index hint = log_.last_at_most(answer.hint, answer.index_term);
    if (progress.refused(answer.index, hint)) feed(answer.from, true);
    return;
  }
  if (!progress.accepted(answer.index)) return feed(answer.from, false);
  if (advance_commit()) {
    broadcast_append();  // those who have the entry learn that it is committed
  } else {
    feed(answer.from, false);
  }
  try_transfer();
}

void Core::on_heartbeat_answer(const Packet& answer) {
  const auto found = progress_.find(answer.from);
  if (role_ != Role::leader || found == progress_.end()) return;
  Progress& progress = found->second;
  progress.recently_active = true;
  progress.heard();
  // Nothing else finds out that the last message of a burst was lost.
  if (progress.match() < log_.last() || progress.state() == Progress::State::probe)
    feed(answer.from, true);
  if (answer.round <= reads_.round())
    progress.confirmed_round = std::max(progress.confirmed_round, answer.round);
  confirm_reads();
}

bool Core::advance_commit() {
  std::map<NodeId, std::uint64_t> matches{{options_.self, log_.stable()}};
  for (const auto& [node, progress] : progress_) matches[node] = progress.match();
  const Index reached = reached_by_majority(log_.configuration(), matches);
  // An older term's entry may be on a majority and yet be replaced (3.6.2, figure 3.7).
  if (reached <= hard_.commit || log_.term(reached) != hard_.term) return false;
  for (Index index = hard_.commit + 1; index <= reached; ++index)
    pending_bytes_ -= cost(log_.at(index));
  hard_.commit = reached;
  after_commit();
  return role_ == Role::leader;
}

}  // namespace ouro::raft
