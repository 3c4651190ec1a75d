// Who leads: 3.4, 4.2.3, 6.2, 9.6.
#include "raft/core.hpp"
#include "raft/quorum.hpp"

#include <set>
#include <tuple>
#include <utility>

namespace ouro::raft {

// A leader is heard, or is oneself, and its time is not over.
bool Core::in_lease() const {
  return leader_ != no_node && election_elapsed_ < options_.election_ticks;
}

// Until its removal is committed a voter may be the only one with a log that others need (4.2.2).
bool Core::may_lead() const {
  return log_.configuration().is_voter(options_.self) ||
         log_.configuration_at(hard_.commit).is_voter(options_.self);
}

// A majority by itself waits for nobody.
bool Core::is_alone() const { return is_majority(log_.configuration(), {options_.self}); }

void Core::draw_timeout() {
  election_timeout_ =
      options_.election_ticks + static_cast<unsigned>(random_.below(options_.election_ticks));
}

void Core::tick_leader() {
  if (transferee_ != no_node && ++transfer_elapsed_ >= options_.election_ticks)
    transferee_ = no_node;
  if (election_elapsed_ >= options_.election_ticks) {
    election_elapsed_ = 0;
    std::set<NodeId> active{options_.self};
    for (auto& [node, progress] : progress_) {
      if (progress.recently_active) active.insert(node);
      progress.recently_active = false;
    }
    // Others may have a new leader by now; clients should look for it (6.2).
    if (!is_majority(log_.configuration(), active)) return become_follower(hard_.term, no_node);
  }
  if (++heartbeat_elapsed_ >= options_.heartbeat_ticks) broadcast_heartbeat();
}

// A pre-vote changes nothing durable, so that a node which was cut off does not come back with a
// term that deposes a leader who is fine (9.6).
void Core::campaign(bool pre, bool transfer) {
  role_ = pre ? Role::pre_candidate : Role::candidate;
  leader_ = no_node;
  election_elapsed_ = 0;
  draw_timeout();
  if (!pre) {
    ++hard_.term;
    hard_.vote = options_.self;
  }
  votes_ = {{options_.self, true}};
  if (count_votes(log_.configuration(), votes_) == Tally::won) {
    if (pre) return campaign(false, transfer);
    return become_leader();
  }
  for (const NodeId node : log_.configuration().members()) {
    if (node == options_.self || !log_.configuration().is_voter(node)) continue;
    Packet request = packet(pre ? PacketKind::pre_vote : PacketKind::vote, node);
    request.term = hard_.term + (pre ? 1 : 0);
    request.index = log_.last();
    request.index_term = log_.last_term();
    request.transfer = transfer;
    send(std::move(request));
  }
}

void Core::become_follower(Term term, NodeId leader) {
  if (term > hard_.term) {
    hard_.term = term;
    hard_.vote = no_node;
  }
  // Only hearing of a leader puts one's own candidacy off: a candidate that cannot win must not.
  if (role_ == Role::leader || leader != no_node) election_elapsed_ = 0;
  role_ = Role::follower;
  leader_ = leader;
  votes_.clear();
  progress_.clear();
  transferee_ = no_node;
  pending_bytes_ = 0;
  give_up_reads();
  draw_timeout();
}

void Core::resign() {
  if (role_ == Role::leader) become_follower(hard_.term, no_node);
}

void Core::become_leader() {
  role_ = Role::leader;
  leader_ = options_.self;
  votes_.clear();
  election_elapsed_ = heartbeat_elapsed_ = 0;
  transferee_ = no_node;
  progress_.clear();
  track_members();
  pending_bytes_ = 0;
  for (Index index = hard_.commit + 1; index <= log_.last(); ++index)
    pending_bytes_ += cost(log_.at(index));
  // Only an entry of its own term tells a leader what is committed (3.6.2).
  append(EntryKind::empty, {});
  broadcast_append();
}

void Core::on_vote(const Packet& request) {
  const bool pre = request.kind == PacketKind::pre_vote;
  const bool free = hard_.vote == request.from || (hard_.vote == no_node && leader_ == no_node) ||
                    (pre && request.term > hard_.term);
  // The restriction that makes elected leaders complete (3.6.1).
  const bool up_to_date =
      std::tuple(request.index_term, request.index) >= std::tuple(log_.last_term(), log_.last());
  Packet answer = packet(pre ? PacketKind::pre_vote_answer : PacketKind::vote_answer, request.from);
  answer.granted = free && up_to_date;
  if (answer.granted && pre) answer.term = request.term;
  if (answer.granted && !pre) {
    hard_.vote = request.from;
    election_elapsed_ = 0;
  }
  send(std::move(answer));
}

void Core::on_vote_answer(const Packet& answer) {
  const bool pre = answer.kind == PacketKind::pre_vote_answer;
  if (role_ != (pre ? Role::pre_candidate : Role::candidate)) return;
  if (pre && answer.granted && answer.term != hard_.term + 1) return;
  votes_.emplace(answer.from, answer.granted);
  const Tally tally = count_votes(log_.configuration(), votes_);
  if (tally == Tally::lost) become_follower(hard_.term, no_node);
  if (tally != Tally::won) return;
  if (pre)
    campaign(false, false);
  else
    become_leader();
}

}  // namespace ouro::raft
