#include "raft/core.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ouro::raft {
namespace {

bool is_from_leader(PacketKind kind) {
  return kind == PacketKind::append || kind == PacketKind::heartbeat ||
         kind == PacketKind::install_snapshot;
}

// Promises about this node's disk. The others say only what term it is.
bool is_promise(PacketKind kind) {
  return kind == PacketKind::vote || kind == PacketKind::vote_answer ||
         kind == PacketKind::append_answer;
}

void move_to_end(std::vector<Packet>& to, std::vector<Packet>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

Core::Core(CoreOptions options, Random& random, Stored stored)
    : options_(options),
      random_(random),
      log_(std::move(stored.snapshot), std::move(stored.entries)),
      hard_(stored.hard),
      saved_(stored.hard),
      saved_first_(log_.first()),
      saved_last_(log_.last()) {
  hard_.commit = std::max(hard_.commit, log_.snapshot().index);
  check(hard_.commit <= log_.last());
  draw_timeout();
}

void Core::tick() {
  if (!problem_.empty()) return;
  ++election_elapsed_;
  if (role_ == Role::leader) {
    tick_leader();
  } else if (may_lead() && (election_elapsed_ >= election_timeout_ || is_alone())) {
    campaign(true, false);
  }
}

void Core::step(Packet packet) {
  if (!problem_.empty() || packet.from == options_.self || !is_ours(packet)) return;
  if (settle_term(packet)) dispatch(packet);
}

bool Core::is_ours(const Packet& packet) {
  if (packet.group == 0) return false;
  // A node that joins without being told belongs to the first group that contacts it. It must vote
  // too: the leader that made it a voter may be gone.
  if (hard_.group == 0) hard_.group = packet.group;
  return packet.group == hard_.group;
}

// Whether the packet is of this node's term, perhaps of a new one, and has a meaning in it.
bool Core::settle_term(const Packet& packet) {
  const bool asks_vote = packet.kind == PacketKind::vote || packet.kind == PacketKind::pre_vote;
  if (packet.term > hard_.term) {
    // Who hears a leader does not help to depose it (4.2.3).
    if (asks_vote && !packet.transfer && in_lease()) return false;
    const bool only_asks = packet.kind == PacketKind::pre_vote ||
                           (packet.kind == PacketKind::pre_vote_answer && packet.granted);
    if (!only_asks)
      become_follower(packet.term, is_from_leader(packet.kind) ? packet.from : no_node);
    return true;
  }
  if (packet.term == hard_.term) return true;
  // Tell those behind that there is a newer term: a leader that was cut off, and one whose term
  // grew no further than a pre-vote would otherwise ask for ever (9.6).
  if (is_from_leader(packet.kind)) send(this->packet(PacketKind::heartbeat_answer, packet.from));
  if (packet.kind == PacketKind::pre_vote)
    send(this->packet(PacketKind::pre_vote_answer, packet.from));
  return false;
}

void Core::dispatch(Packet& packet) {
  if (is_from_leader(packet.kind)) {
    if (role_ == Role::leader)
      return fail("nodes " + std::to_string(to_integer(packet.from)) + " and " +
                  std::to_string(to_integer(options_.self)) + " both lead term " +
                  std::to_string(hard_.term));
    if (role_ != Role::follower || leader_ != packet.from) become_follower(hard_.term, packet.from);
    election_elapsed_ = 0;
  }
  switch (packet.kind) {
    case PacketKind::pre_vote:
    case PacketKind::vote:
      return on_vote(packet);
    case PacketKind::pre_vote_answer:
    case PacketKind::vote_answer:
      return on_vote_answer(packet);
    case PacketKind::append:
      return on_append(packet);
    case PacketKind::heartbeat:
      return on_heartbeat(packet);
    case PacketKind::install_snapshot:
      return on_snapshot(packet);
    case PacketKind::append_answer:
      return on_append_answer(packet);
    case PacketKind::heartbeat_answer:
      return on_heartbeat_answer(packet);
    case PacketKind::take_over:
      if (role_ == Role::follower && may_lead()) campaign(false, true);
      return;
    case PacketKind::read:
      return on_read(packet);
    case PacketKind::read_answer:
      read_results_.push_back(
          {packet.round, packet.granted ? std::optional(packet.index) : std::nullopt});
      return;
  }
}

Result<Index> Core::propose(SharedBytes command) {
  if (role_ != Role::leader) return not_leader();
  if (command.size() > command_size_max)
    return Error{ErrorCode::invalid_argument,
                 "a command of " + std::to_string(command.size()) + " bytes: at most " +
                     std::to_string(command_size_max) + " are allowed"};
  if (transferee_ != no_node)
    return Error{ErrorCode::busy, "leadership is being handed over: try again"};
  if (pending_bytes_ > 0 && pending_bytes_ + command.size() > options_.pending_bytes_max)
    return Error{ErrorCode::busy, "too many proposals wait for a majority: try again later"};
  append(EntryKind::command, std::move(command));
  broadcast_append();
  return log_.last();
}

void Core::unreachable(NodeId node) {
  const auto found = progress_.find(node);
  if (found != progress_.end()) found->second.unreachable();
}

void Core::snapshot_ended(NodeId node, bool arrived) {
  const auto found = progress_.find(node);
  if (found != progress_.end()) found->second.snapshot_ended(arrived);
}

Status Core::compact(SharedBytes state, std::size_t bytes_kept) {
  if (state.size() > snapshot_size_max)
    return Error{ErrorCode::invalid_argument,
                 "the Raft log cannot be compacted: the state has " + std::to_string(state.size()) +
                     " bytes, at most " + std::to_string(snapshot_size_max) + " fit a snapshot"};
  if (applied_ <= log_.snapshot().index) return {};
  Snapshot snapshot{applied_, *log_.term(applied_), log_.configuration_at(applied_),
                    std::move(state)};
  log_.compact(std::move(snapshot), bytes_kept);
  snapshot_unsaved_ = true;
  return {};
}

std::vector<Packet> Core::take_packets() { return std::exchange(packets_, {}); }

std::vector<ReadResult> Core::take_reads() { return std::exchange(read_results_, {}); }

std::optional<Ready> Core::take_ready() {
  if (saving_) return std::nullopt;
  Ready ready;
  if (hard_ != saved_) ready.hard = hard_;
  if (snapshot_unsaved_) ready.snapshot = log_.snapshot();
  ready.first = log_.first();
  ready.last = log_.last();
  ready.entries = log_.range(log_.stable() + 1, log_.last(), SIZE_MAX);
  const bool new_vote =
      hard_.group != saved_.group || hard_.term != saved_.term || hard_.vote != saved_.vote;
  ready.must_sync = new_vote || ready.snapshot || !ready.entries.empty();
  if (!ready.hard && !ready.must_sync && ready.first == saved_first_ && ready.last == saved_last_) {
    move_to_end(packets_, held_);
    return std::nullopt;
  }
  saving_ = Saving{hard_, ready.first, ready.last, log_.term(ready.last).value_or(0),
                   std::exchange(held_, {})};
  snapshot_unsaved_ = false;
  return ready;
}

void Core::persisted() {
  check(saving_.has_value());
  saved_ = saving_->hard;
  saved_first_ = saving_->first;
  saved_last_ = saving_->last;
  log_.set_stable(saving_->last, saving_->last_term);
  move_to_end(packets_, saving_->held);
  saving_.reset();
  if (role_ == Role::leader && advance_commit()) broadcast_append();
}

Committed Core::take_committed(std::size_t bytes_max) {
  Committed committed;
  if (applied_ < log_.snapshot().index) {
    committed.snapshot = log_.snapshot();
    applied_ = log_.snapshot().index;
  }
  const Index to = std::min(hard_.commit, log_.stable());
  if (to > applied_) committed.entries = log_.range(applied_ + 1, to, bytes_max);
  applied_ += committed.entries.size();
  return committed;
}

GroupStatus Core::status() const {
  GroupStatus status;
  status.role = role_;
  status.group = hard_.group;
  status.term = hard_.term;
  status.leader = leader_;
  status.commit = hard_.commit;
  status.applied = applied_;
  status.first = log_.first();
  status.last = log_.last();
  status.configuration = log_.configuration();
  status.configuration_index = log_.configuration_index();
  for (const auto& [node, progress] : progress_)
    status.followers.push_back({node, progress.match(),
                                static_cast<FollowerStatus::State>(progress.state()),
                                progress.recently_active});
  status.problem = problem_;
  status.stopped = !problem_.empty();
  return status;
}

Packet Core::packet(PacketKind kind, NodeId to) const {
  Packet packet;
  packet.kind = kind;
  packet.from = options_.self;
  packet.to = to;
  packet.group = hard_.group;
  packet.term = hard_.term;
  return packet;
}

// A leader's appends need not wait for its own disk (10.2.1), but for its term's: else it could
// lead the same term again after a crash and say something else.
void Core::send(Packet packet) {
  const bool term_is_durable = saved_.term == hard_.term && saved_.group == hard_.group;
  if (is_promise(packet.kind) || !term_is_durable)
    held_.push_back(std::move(packet));
  else
    packets_.push_back(std::move(packet));
}

void Core::fail(std::string why) {
  if (role_ == Role::leader) become_follower(hard_.term, no_node);
  role_ = Role::follower;
  leader_ = no_node;
  problem_ = "Raft stopped: " + std::move(why) +
             ". Some node's disk has forgotten what it promised: replace that node.";
}

Error Core::not_leader() const {
  const std::string who = leader_ == no_node ? "no leader is known, try again later"
                                             : "ask node " + std::to_string(to_integer(leader_));
  return Error{ErrorCode::not_leader, "this node does not lead the metadata group: " + who};
}

}  // namespace ouro::raft
