#include "cluster/liveness.hpp"

#include "cluster/swim/coding.hpp"
#include "runtime/inbox.hpp"

#include <algorithm>
#include <optional>

namespace ouro::cluster {
namespace {

using namespace std::chrono_literals;

/// How often connections are looked at: a break is a hint that saves waiting for a probe's turn.
constexpr Duration look_interval = 200ms;
constexpr Duration publication_interval = 1s;
/// An answer that takes longer is no sign of life, and close() waits for the calls under way.
constexpr Duration call_limit = 5s;
/// Answers that peers may be waiting for at once; whoever asks beyond it waits in vain.
constexpr std::size_t answers_max = 1024;

Message message_of(const swim::Packet& packet) {
  return {static_cast<std::uint16_t>(packet.kind), swim::encode(packet), {}};
}

bool certainly_lost(const Error& error) {
  return error.code == ErrorCode::unreachable || error.code == ErrorCode::connection_lost;
}

MemberLiveness seen(const swim::Member& member) {
  MemberLiveness out;
  out.id = member.id;
  out.state = member.state;
  out.since = member.since;
  out.incarnation = member.incarnation;
  out.slow = member.slow();
  out.health = member.report.health;
  if (member.round_trips) {
    out.round_trip_last = member.round_trips->last();
    out.round_trip_median = member.round_trips->median();
  }
  out.epoch = member.report.epoch;
  out.run = member.report.run;
  out.reported = member.reported;
  return out;
}

}  // namespace

/// Where a peer's question waits for the core's answer. Shared, so that the question may outlive
/// this object.
class Liveness::Answer : public Inbox<Message> {
  using Inbox::Inbox;
};

const MemberLiveness* LivenessView::find(NodeId node) const {
  const auto found =
      std::lower_bound(members.begin(), members.end(), node,
                       [](const MemberLiveness& member, NodeId id) { return member.id < id; });
  return found == members.end() || found->id != node ? nullptr : &*found;
}

Liveness::Liveness(Loop& loop, Self self, swim::Settings settings)
    : loop_(loop),
      self_(self),
      swim_(settings, self.id, self.boot, loop.random(), loop.clock().now()),
      timer_(loop.clock().make_timer()),
      next_look_(loop.clock().now()),
      next_publication_(loop.clock().now()),
      nursery_(loop.executor(), loop.clock()) {
  swim_.set_report(0, self.run);
  publish();
}

void Liveness::set_members(std::vector<NodeId> nodes) {
  swim_.set_members(std::move(nodes), loop_.clock().now());
  std::erase_if(connected_, [this](NodeId node) { return !swim_.members().find(node); });
  publish();
  timer_->wake();
}

void Liveness::set_applied(Epoch epoch) {
  swim_.set_report(epoch, self_.run);
  timer_->wake();
}

void Liveness::set_health(swim::Health health) {
  swim_.set_health(health);
  timer_->wake();
}

void Liveness::start() { nursery_.spawn(run()); }

Task<void> Liveness::close() {
  closing_ = true;
  timer_->wake();
  co_await nursery_.close();
}

Task<void> Liveness::run() {
  while (!closing_) {
    const Instant now = loop_.clock().now();
    if (now >= next_look_) look_at_connections();
    swim_.tick(now);
    flush();
    if (now >= next_publication_) publish();
    const Instant due = std::min({swim_.next_due(), next_look_, next_publication_});
    co_await timer_->wait_until(due);
  }
}

void Liveness::look_at_connections() {
  const Instant now = loop_.clock().now();
  next_look_ = now + look_interval;
  for (const swim::Member& member : swim_.members().all()) {
    const bool connected = loop_.peers().reachable(member.id);
    const bool was_connected = connected_.contains(member.id);
    if (connected == was_connected) continue;
    if (connected)
      connected_.insert(member.id);
    else
      connected_.erase(member.id);
    const bool looked_dead = member.state != swim::State::alive;
    if (connected == looked_dead) swim_.probe_now(member.id, now);
  }
}

// Sends what the core has to send and tells what it has to tell.
void Liveness::flush() {
  for (swim::Envelope& envelope : swim_.take_packets()) {
    const swim::PacketKind kind = envelope.packet.kind;
    if (kind != swim::PacketKind::ack && kind != swim::PacketKind::nack) {
      nursery_.spawn(carry(std::move(envelope)));
      continue;
    }
    const auto waiting = answers_.find(Question(envelope.to, envelope.packet.sequence));
    if (waiting == answers_.end()) continue;
    waiting->second->send(message_of(envelope.packet));
    answers_.erase(waiting);
  }
  const std::vector<swim::Event> events = swim_.take_events();
  if (!events.empty()) publish();
  for (const swim::Event& event : events)
    if (on_change_) on_change_(event);
  timer_->wake();  // something may be due earlier now
}

Task<void> Liveness::carry(swim::Envelope envelope) {
  Message message = message_of(envelope.packet);
  const Instant sent = loop_.clock().now();
  const Instant deadline = std::clamp(envelope.deadline, sent + 1ms, sent + call_limit);
  Task<Result<Message>> calling =
      loop_.peers().call(envelope.to, PeerLane::control, std::move(message), deadline);
  const Result<Message> reply = co_await std::move(calling);
  const Instant now = loop_.clock().now();
  if (!reply) {
    if (certainly_lost(reply.error()))
      swim_.undelivered(envelope.to, envelope.packet.sequence, now);
  } else if (reply->kind != swim::gossip_taken) {
    const Result<swim::Packet> packet = swim::decode(reply->kind, reply->meta);
    if (packet) swim_.receive(envelope.to, *packet, now);
  }
  flush();
}

Task<Message> Liveness::answer(NodeId from, Message request, Instant deadline) {
  Message taken;
  taken.kind = swim::gossip_taken;
  const Result<swim::Packet> packet = swim::decode(request.kind, request.meta);
  if (!packet || closing_) co_return taken;
  std::shared_ptr<Answer> answer;
  const bool asks =
      packet->kind == swim::PacketKind::ping || packet->kind == swim::PacketKind::ping_req;
  if (asks && answers_.size() < answers_max) {
    answer = std::make_shared<Answer>(loop_.clock());
    answers_.insert_or_assign(Question(from, packet->sequence), answer);
  }
  swim_.receive(from, *packet, loop_.clock().now());
  flush();
  if (!answer) co_return taken;
  // This object may be gone when the answer comes.
  std::optional<Message> reply = co_await answer->next(deadline);
  if (reply) co_return std::move(*reply);
  co_return taken;
}

void Liveness::publish() {
  next_publication_ = loop_.clock().now() + publication_interval;
  auto next = std::make_shared<LivenessView>();
  next->local_health = swim_.local_health();
  next->superseded = swim_.superseded();
  next->members.reserve(swim_.members().size());
  for (const swim::Member& member : swim_.members().all()) next->members.push_back(seen(member));
  view_.publish(std::move(next));
}

}  // namespace ouro::cluster
