#include "cluster/swim/swim.hpp"

#include "base/check.hpp"
#include "cluster/swim/coding.hpp"
#include "cluster/swim/suspicion.hpp"

#include <algorithm>
#include <utility>

namespace ouro::cluster::swim {
namespace {

bool contains(const std::vector<Record>& records, NodeId node) {
  return std::any_of(records.begin(), records.end(),
                     [node](const Record& record) { return record.id == node; });
}

}  // namespace

Swim::Swim(Settings settings, NodeId self, Boot boot, Random& random, Instant now)
    : settings_(settings),
      self_(self),
      random_(random),
      last_sequence_(static_cast<std::uint32_t>(random.next())),
      last_tick_(now),
      late_until_(now),
      next_gossip_(now) {
  check(boot != 0);
  own_.id = self;
  own_.incarnation = first_incarnation(boot);
  own_.report.version = 1;
  // Nodes that start together need not speak at once.
  const auto spread = [&random](Duration most) {
    return Duration(
        static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
  };
  next_probe_ = now + spread(settings.probe_interval);
  next_reconnect_ = now + spread(settings.reconnect_interval);
  expected_ = next_due();
}

void Swim::set_members(std::vector<NodeId> nodes, Instant now) {
  std::erase(nodes, self_);
  const Members::Difference difference = members_.set(std::move(nodes), now);
  const auto is_gone = [this](NodeId node) {
    return node != self_ && members_.find(node) == nullptr;
  };
  if (!difference.removed.empty()) {
    std::erase_if(rechecks_, is_gone);
    std::erase_if(suspects_, is_gone);
    std::erase_if(probes_, [&](const Probe& probe) { return is_gone(probe.target); });
    std::erase_if(failed_, [&](const Probe& probe) { return is_gone(probe.target); });
    std::erase_if(relays_, [&](const Relay& relay) { return is_gone(relay.target); });
    for (const NodeId node : difference.removed) rumours_.remove(node);
    // Those that have had their turn stay in front of those that have not.
    const auto turn = order_.begin() + static_cast<std::ptrdiff_t>(next_in_order_);
    next_in_order_ -= static_cast<std::size_t>(std::count_if(order_.begin(), turn, is_gone));
    std::erase_if(order_, is_gone);
  }
  if (members_.size() == 0) rumours_ = {};  // nobody to tell
  for (const NodeId node : difference.added) {
    const std::size_t left = order_.size() - next_in_order_;
    const std::size_t place = next_in_order_ + random_.below(left + 1);
    order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(place), node);
  }
}

void Swim::set_report(Epoch epoch, std::uint64_t run) {
  if (own_.report.epoch == epoch && own_.report.run == run) return;
  own_.report.epoch = epoch;
  own_.report.run = run;
  announce();
}

void Swim::set_health(Health health) {
  told_health_ = health;
  set_own_health();
}

void Swim::set_own_health() {
  const Health lag = last_tick_ < late_until_ ? health_loop_lag : health_good;
  const auto health = static_cast<Health>(told_health_ | lag);
  if (health == own_.report.health) return;
  own_.report.health = health;
  announce();
}

// Told to a few at once; the others hear of it when the records of all members make their rounds.
void Swim::announce() {
  ++own_.report.version;
  if (members_.size() > 0) rumours_.add(self_);
}

void Swim::tick(Instant now) {
  notice_pause(now);
  last_tick_ = now;
  set_own_health();
  check_probes(now);
  settle_suspicions(now);
  if (now >= next_probe_) probe_next(now);
  if (now >= next_reconnect_) reconnect(now);
  if (!rumours_.empty() && now >= next_gossip_) gossip(now);
  expected_ = next_due();
}

Instant Swim::next_due() const {
  Instant due = std::min({last_tick_ + settings_.probe_interval, next_probe_, next_reconnect_});
  for (const Probe& probe : probes_)
    due = std::min(due, probe.indirect ? probe.end : probe.indirect_due);
  for (const Relay& relay : relays_) due = std::min(due, relay.nack_due);
  for (const NodeId node : suspects_) due = std::min(due, suspicion_end(*members_.find(node)));
  if (!rumours_.empty()) due = std::min(due, next_gossip_);
  return due;
}

// What was to be heard in the meantime may still wait to be read, and nobody had a chance to be
// heard: all time that was given to others stands still while this node does.
void Swim::notice_pause(Instant now) {
  if (settings_.local_health_max == 0 || now <= expected_ + settings_.late_limit) return;
  const Duration late = now - expected_;
  for (Probe& probe : probes_) {
    probe.indirect_due += late;
    probe.end += late;
    probe.timed = false;
  }
  for (const NodeId node : suspects_) members_.find(node)->suspicion->since += late;
  late_until_ = now + settings_.late_memory;
  adjust_local_health(1);
}

void Swim::receive(NodeId from, const Packet& packet, Instant now) {
  take_packet(from, packet, now);
  expected_ = std::max(expected_, next_due());  // what a tick was due for may have come
}

void Swim::take_packet(NodeId from, const Packet& packet, Instant now) {
  for (const Record& record : packet.records) learn(record, now);
  Member* const sender = members_.find(from);
  if (sender != nullptr && contains(packet.records, from)) sender->reported = now;
  switch (packet.kind) {
    case PacketKind::ping:
      return send(from, {PacketKind::ack, packet.sequence, self_, {}}, now, true);
    case PacketKind::ping_req:
      return help(from, packet, now);
    case PacketKind::ack:
      return answered(from, packet, now);
    case PacketKind::nack:
      return refused(from, packet, now);
    case PacketKind::gossip:
      return;
  }
}

void Swim::learn(const Record& record, Instant now) {
  if (record.id == self_) return learn_about_self(record);
  Member* const member = members_.find(record.id);
  if (member == nullptr) return;
  const bool degraded = member->degraded();
  const Change change = members_.merge(*member, record, now);
  take_in(*member, change);
  if (change != Change::state && member->degraded() != degraded) report_change(*member);
  if (change == Change::state && member->state == State::suspect) confirm_by_lot(record.id, now);
}

void Swim::take_in(const Member& member, Change change) {
  if (change == Change::nothing || change == Change::learnt) return;
  rumours_.add(member.id);
  if (change != Change::state) return;
  std::erase(suspects_, member.id);
  if (member.state == State::suspect) suspects_.push_back(member.id);
  report_change(member);
}

void Swim::report_change(const Member& member) {
  events_.push_back({member.id, member.state, member.degraded()});
}

void Swim::learn_about_self(const Record& record) {
  if (record.incarnation < own_.incarnation) return;
  if (boot_of(record.incarnation + 1) != boot_of(own_.incarnation)) {
    superseded_ = true;  // there is no honest answer: only a restart takes another boot number
    return;
  }
  if (record.state == State::alive) return;
  own_.incarnation = record.incarnation + 1;
  rumours_.add(self_);
  adjust_local_health(1);
}

void Swim::confirm_by_lot(NodeId node, Instant now) {
  if (random_.below(cluster_size()) <= settings_.confirmations) probe_now(node, now);
}

void Swim::settle_suspicions(Instant now) {
  const std::vector<NodeId> suspects = suspects_;
  for (const NodeId node : suspects) {
    Member& member = *members_.find(node);
    if (now < suspicion_end(member)) continue;
    Record verdict = member.record();
    verdict.state = State::dead;
    verdict.accusers = {};
    take_in(member, members_.merge(member, verdict, now));
  }
}

Instant Swim::suspicion_end(const Member& member) const {
  const std::size_t accusers = std::max<std::size_t>(member.suspicion->accusers.size(), 1);
  const Duration time = suspicion_time(settings_, cluster_size(), accusers);
  return member.suspicion->since + time * (member.degraded() ? settings_.degraded_patience : 1);
}

void Swim::gossip(Instant now) {
  next_gossip_ = now + settings_.gossip_interval;
  for (const NodeId node : draw(settings_.gossip_fanout, State::suspect, self_))
    send(node, {PacketKind::gossip, 0, NodeId{}, {}}, now + settings_.probe_interval, false);
}

void Swim::send(NodeId to, Packet packet, Instant deadline, bool fill) {
  packet.records.push_back(own_);
  const Member* const target = members_.find(packet.target);
  if (target != nullptr && target->incarnation != 0) packet.records.push_back(target->record());
  add_records(to, packet.records, fill);
  packets_.push_back({to, std::move(packet), deadline});
}

// A suspect hears first of all that it is one; then comes what is new, and then, to fill up, what
// is known of one member after the other.
void Swim::add_records(NodeId to, std::vector<Record>& records, bool fill) {
  const Member* const receiver = members_.find(to);
  if (receiver != nullptr && receiver->state != State::alive && !contains(records, to))
    records.push_back(receiver->record());
  std::size_t room = settings_.record_bytes_max;
  const auto add = [&records, &room](const Record& record) {
    const std::size_t size = encoded_size(record);
    if (size > room) return false;
    room -= size;
    records.push_back(record);
    return true;
  };
  const unsigned limit = transmissions(settings_, cluster_size());
  if (!rumours_.empty()) {
    for (const NodeId node : rumours_.next()) {
      if (node == to && !contains(records, to)) continue;  // who knows better than itself
      if (!contains(records, node) && !add(members_.find(node)->record())) break;
      rumours_.told(node, limit);
    }
  }
  for (std::size_t i = 0; fill && i < members_.size(); ++i) {
    const Member& member = members_.all()[next_fill_ % members_.size()];
    const bool known = member.incarnation != 0 || member.state != State::alive;
    if (member.id != to && known && !contains(records, member.id) && !add(member.record())) break;
    next_fill_ = (next_fill_ + 1) % members_.size();
  }
}

std::vector<NodeId> Swim::draw(std::size_t count, State worst, NodeId except) {
  const std::vector<Member>& all = members_.all();
  const auto fits = [&](const Member& member) {
    return member.state <= worst && member.id != except;
  };
  std::vector<NodeId> drawn;
  constexpr std::size_t few = 32;
  if (all.size() <= few) {
    for (const Member& member : all)
      if (fits(member)) drawn.push_back(member.id);
    for (std::size_t i = 0; i < drawn.size() && i < count; ++i)
      std::swap(drawn[i], drawn[i + random_.below(drawn.size() - i)]);
    if (drawn.size() > count) drawn.resize(count);
    return drawn;
  }
  // Of many members a few tries find enough, unless most are dead.
  for (std::size_t tries = 0; tries < 2 * few && drawn.size() < count; ++tries) {
    const Member& member = all[random_.below(all.size())];
    if (fits(member) && std::find(drawn.begin(), drawn.end(), member.id) == drawn.end())
      drawn.push_back(member.id);
  }
  return drawn;
}

}  // namespace ouro::cluster::swim
