// Swim's probes: asking members whether they are there, and helping others to ask.
#include "cluster/swim/swim.hpp"

#include <algorithm>
#include <utility>

namespace ouro::cluster::swim {
namespace {

constexpr std::size_t probes_max = 16;
constexpr std::size_t failed_max = 16;
constexpr std::size_t relays_max = 64;
constexpr std::size_t rechecks_max = 32;

}  // namespace

void Swim::probe_next(Instant now) {
  next_probe_ = now + stretched(settings_.probe_interval);
  // Every other turn at most, so that no member waits for ever because of another.
  while (!rechecked_ && !rechecks_.empty()) {
    const NodeId node = rechecks_.front();
    rechecks_.pop_front();
    rechecked_ = start_probe(node, now);
    if (rechecked_) return;
  }
  rechecked_ = false;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    if (next_in_order_ == 0)
      for (std::size_t k = order_.size(); k > 1; --k)
        std::swap(order_[k - 1], order_[random_.below(k)]);
    const NodeId node = order_[next_in_order_];
    next_in_order_ = (next_in_order_ + 1) % order_.size();
    if (start_probe(node, now)) return;
  }
}

bool Swim::start_probe(NodeId node, Instant now) {
  const Member* const member = members_.find(node);
  if (member == nullptr || member->state == State::dead || probes_.size() >= probes_max)
    return false;
  for (const Probe& probe : probes_)
    if (probe.target == node) return false;
  const int patience = member->degraded() ? static_cast<int>(settings_.degraded_patience) : 1;
  Probe& probe = probes_.emplace_back();
  probe.target = node;
  probe.sequence = ++last_sequence_;
  probe.sent = now;
  probe.indirect_due = now + stretched(settings_.probe_timeout) * patience;
  probe.end = now + stretched(settings_.probe_interval) * patience;
  ping(node, probe.sequence, probe.end + 2 * settings_.probe_interval);
  return true;
}

void Swim::ping(NodeId node, std::uint32_t sequence, Instant deadline) {
  send(node, {PacketKind::ping, sequence, NodeId{}, {}}, deadline, true);
}

void Swim::probe_now(NodeId node, Instant now) {
  const Member* const member = members_.find(node);
  if (member == nullptr) return;
  if (member->state == State::dead)
    ping(node, ++last_sequence_, now + settings_.probe_interval);
  else
    start_probe(node, now);
}

// One of the dead at a time: it refutes if it hears that it is dead.
void Swim::reconnect(Instant now) {
  next_reconnect_ = now + settings_.reconnect_interval;
  std::vector<NodeId> dead;
  for (const Member& member : members_.all())
    if (member.state == State::dead) dead.push_back(member.id);
  if (!dead.empty()) probe_now(dead[random_.below(dead.size())], now);
}

void Swim::ask_others(Probe& probe, Instant now) {
  probe.indirect = true;
  const NodeId target = probe.target;
  const std::uint32_t sequence = probe.sequence;
  const Instant deadline = std::max(probe.end, now + settings_.probe_timeout);
  const std::vector<NodeId> helpers = draw(settings_.indirect_probes, State::alive, target);
  probe.helpers = static_cast<unsigned>(helpers.size());
  for (const NodeId helper : helpers)
    send(helper, {PacketKind::ping_req, sequence, target, {}}, deadline, false);
}

void Swim::check_probes(Instant now) {
  for (Probe& probe : probes_)
    if (!probe.indirect && (probe.unreachable || now >= probe.indirect_due)) ask_others(probe, now);
  const auto over = std::stable_partition(probes_.begin(), probes_.end(), [now](const Probe& p) {
    return now < p.end && !(p.unreachable && p.indirect && p.nacks >= p.helpers);
  });
  const std::vector<Probe> failed(over, probes_.end());
  probes_.erase(over, probes_.end());
  for (const Probe& probe : failed) probe_failed(probe, now);

  const auto late = std::stable_partition(relays_.begin(), relays_.end(),
                                          [now](const Relay& r) { return now < r.nack_due; });
  const std::vector<Relay> unanswered(late, relays_.end());
  relays_.erase(late, relays_.end());
  for (const Relay& relay : unanswered) refuse(relay, now);
}

// Helpers that do not even say no, and a silence that only this node has heard, are reasons to look
// for the fault here (Lifeguard's LHA-Probe).
void Swim::probe_failed(const Probe& probe, Instant now) {
  if (probe.helpers > 0)
    adjust_local_health(static_cast<int>(probe.helpers - probe.nacks));
  else if (!probe.unreachable)
    adjust_local_health(1);
  failed_.push_back(probe);
  if (failed_.size() > failed_max) failed_.pop_front();
  Member* const member = members_.find(probe.target);
  if (member != nullptr && member->state != State::dead) suspect(*member, now);
}

void Swim::suspect(Member& member, Instant now) {
  Record accusation = member.record();
  accusation.state = State::suspect;
  accusation.accusers.add(self_);
  take_in(member, members_.merge(member, accusation, now));
  // It hears of it in this ping, and can answer for itself (Lifeguard's buddy system).
  ping(member.id, ++last_sequence_, now + 2 * settings_.probe_interval);
  recheck(member.id);
}

void Swim::answered(NodeId from, const Packet& packet, Instant now) {
  const auto matches = [&packet](const Probe& probe) {
    return probe.sequence == packet.sequence && probe.target == packet.target;
  };
  Member* const member = members_.find(packet.target);
  if (const auto probe = std::find_if(probes_.begin(), probes_.end(), matches);
      probe != probes_.end()) {
    const bool direct = from == probe->target;
    if (direct && probe->timed && member != nullptr) time_answer(*member, now - probe->sent);
    if (!direct) recheck(probe->target);  // how long does it take itself?
    adjust_local_health(-1);
    probes_.erase(probe);
    return;
  }
  if (const auto probe = std::find_if(failed_.begin(), failed_.end(), matches);
      probe != failed_.end() && from == probe->target) {
    if (probe->timed && member != nullptr) time_answer(*member, now - probe->sent);
    failed_.erase(probe);
    return;
  }
  const auto relay = std::find_if(relays_.begin(), relays_.end(), [&](const Relay& waiting) {
    return waiting.sequence == packet.sequence && waiting.target == from;
  });
  if (relay == relays_.end()) return;
  const Relay done = *relay;
  relays_.erase(relay);
  send(done.asked_by, {PacketKind::ack, done.their_sequence, done.target, {}}, now, false);
}

void Swim::refused(NodeId from, const Packet& packet, Instant now) {
  for (Probe& probe : probes_)
    if (probe.sequence == packet.sequence && probe.target == packet.target && from != probe.target)
      probe.nacks = std::min(probe.nacks + 1, probe.helpers);
  check_probes(now);
}

void Swim::undelivered(NodeId to, std::uint32_t sequence, Instant now) {
  for (Probe& probe : probes_) {
    if (probe.sequence != sequence) continue;
    if (probe.target == to)
      probe.unreachable = true;
    else if (probe.helpers > probe.nacks)
      --probe.helpers;
  }
  for (Relay& relay : relays_)
    if (relay.sequence == sequence && relay.target == to) relay.nack_due = now;
  check_probes(now);
  expected_ = std::max(expected_, next_due());
}

void Swim::help(NodeId from, const Packet& packet, Instant now) {
  Relay relay;
  relay.asked_by = from;
  relay.target = packet.target;
  relay.their_sequence = packet.sequence;
  relay.nack_due = now + settings_.probe_timeout;
  if (packet.target == self_)
    return send(from, {PacketKind::ack, packet.sequence, self_, {}}, now, false);
  if (members_.find(packet.target) == nullptr || relays_.size() >= relays_max)
    return refuse(relay, now);
  relay.sequence = ++last_sequence_;
  relays_.push_back(relay);
  ping(relay.target, relay.sequence, relay.nack_due);
}

void Swim::refuse(const Relay& relay, Instant now) {
  send(relay.asked_by, {PacketKind::nack, relay.their_sequence, relay.target, {}}, now, false);
}

void Swim::time_answer(Member& member, Duration time) {
  if ((own_.report.health & health_loop_lag) != 0) return;  // perhaps it is only us
  const bool degraded = member.degraded();
  if (!member.round_trips) member.round_trips = std::make_unique<RoundTrips>();
  member.round_trips->add(time, settings_);
  if (member.round_trips->undecided(settings_)) recheck(member.id);
  if (member.degraded() != degraded) report_change(member);
}

void Swim::recheck(NodeId node) {
  if (rechecks_.size() < rechecks_max &&
      std::find(rechecks_.begin(), rechecks_.end(), node) == rechecks_.end())
    rechecks_.push_back(node);
}

void Swim::adjust_local_health(int by) {
  const int score = static_cast<int>(local_health_) + by;
  local_health_ =
      static_cast<unsigned>(std::clamp(score, 0, static_cast<int>(settings_.local_health_max)));
}

}  // namespace ouro::cluster::swim
