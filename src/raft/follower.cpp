// What a follower does with its leader's messages: 3.5, 5.3.
#include "raft/core.hpp"

#include <algorithm>
#include <utility>

namespace ouro::raft {
namespace {

// A leader's log has terms that never fall, and none above its own.
bool is_sound(const Packet& request) {
  Index index = request.index;
  Term term = request.index_term;
  for (const Entry& entry : request.entries) {
    if (entry.index != ++index || entry.term < term || entry.term > request.term) return false;
    term = entry.term;
  }
  return true;
}

}  // namespace

void Core::on_append(Packet& request) {
  if (!is_sound(request)) return;
  Packet answer = packet(PacketKind::append_answer, request.from);
  if (request.index < hard_.commit) {  // an old message; what is committed is equal
    answer.granted = true;
    answer.index = hard_.commit;
    return send(std::move(answer));
  }
  if (!log_.matches(request.index, request.index_term)) {
    // Skips a term at a time instead of an entry (3.5, end).
    answer.index = request.index;
    answer.hint = log_.last_at_most(request.index, request.index_term);
    answer.index_term = log_.term(answer.hint).value_or(0);
    return send(std::move(answer));
  }
  const Index last = request.index + request.entries.size();
  take_entries(request.entries);
  commit_to(std::min(request.commit, last));
  answer.granted = true;
  answer.index = last;
  send(std::move(answer));
}

// Entries after one that matches. Only a conflict truncates: an old, short message must not undo
// what a newer one brought. All are behind the commit index.
void Core::take_entries(std::vector<Entry>& entries) {
  for (Entry& entry : entries) {
    if (log_.matches(entry.index, entry.term)) continue;
    if (entry.index <= log_.last()) log_.truncate(entry.index);
    log_.append(std::move(entry));
  }
}

void Core::on_heartbeat(const Packet& request) {
  if (request.commit <= log_.last()) commit_to(request.commit);
  Packet answer = packet(PacketKind::heartbeat_answer, request.from);
  answer.round = request.round;
  send(std::move(answer));
}

void Core::on_snapshot(Packet& request) {
  Packet answer = packet(PacketKind::append_answer, request.from);
  answer.granted = true;
  Snapshot& snapshot = request.snapshot;
  if (snapshot.term > request.term) return;  // no leader's
  if (snapshot.index > hard_.commit) {
    const Index index = snapshot.index;
    if (!log_.matches(index, snapshot.term)) {
      log_.install(std::move(snapshot));
      snapshot_unsaved_ = true;
    }
    commit_to(index);
  }
  answer.index = hard_.commit;
  send(std::move(answer));
}

void Core::commit_to(Index index) { hard_.commit = std::max(hard_.commit, index); }

}  // namespace ouro::raft
