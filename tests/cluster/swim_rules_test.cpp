// The failure detector's rules, one by one, with literals.
#include "cluster/swim/suspicion.hpp"
#include "cluster/swim/swim.hpp"

#include "tests/support/catch.hpp"

namespace ouro::cluster::swim {
namespace {

using namespace std::chrono_literals;

constexpr NodeId self{1}, b{2}, c{3}, d{4};
constexpr Instant start{1h};

Record about(NodeId id, State state, Incarnation incarnation,
             std::initializer_list<NodeId> accusers = {}) {
  Record record{id, state, incarnation, {}, {}};
  for (const NodeId node : accusers) record.accusers.add(node);
  return record;
}

Packet saying(std::initializer_list<Record> records) {
  return {PacketKind::gossip, 0, NodeId{}, records};
}

/// A detector among four nodes, whose packets are looked at by kind.
struct One {
  explicit One(Settings settings = {}, std::vector<NodeId> nodes = {self, b, c, d})
      : swim(settings, self, 2, random, start) {
    swim.set_members(std::move(nodes), start);
  }

  void tick_until(Instant end) {
    while (swim.next_due() <= end) {
      now = std::max(now, swim.next_due());
      swim.tick(now);
      collect();
    }
    now = end;
  }
  void hear(NodeId from, const Packet& packet) {
    swim.receive(from, packet, now);
    collect();
  }
  void collect() {
    for (Envelope& envelope : swim.take_packets()) sent.push_back(std::move(envelope));
    for (const Event& event : swim.take_events()) events.push_back(event);
  }
  /// Ticks until a packet of this kind leaves.
  Envelope first(PacketKind kind) {
    for (int i = 0; i < 100 && of(kind).empty(); ++i) tick_until(swim.next_due());
    REQUIRE_FALSE(of(kind).empty());
    return of(kind).front();
  }
  Envelope first_ping() { return first(PacketKind::ping); }
  std::vector<Envelope> of(PacketKind kind) const {
    std::vector<Envelope> found;
    for (const Envelope& envelope : sent)
      if (envelope.packet.kind == kind) found.push_back(envelope);
    return found;
  }
  State state(NodeId id) const { return swim.members().find(id)->state; }

  SeededRandom random{5};
  Swim swim;
  Instant now = start;
  std::vector<Envelope> sent;
  std::vector<Event> events;
};

const Record* find(const Packet& packet, NodeId id) {
  for (const Record& record : packet.records)
    if (record.id == id) return &record;
  return nullptr;
}

TEST_CASE("a ping is acknowledged with what the node says of itself first") {
  One one;
  one.swim.set_report(42, 99);
  one.swim.set_health(health_disk_stall);
  one.hear(b, {PacketKind::ping, 7, NodeId{}, {}});
  REQUIRE(one.sent.size() == 1);
  CHECK(one.sent[0].to == b);
  const Packet& ack = one.sent[0].packet;
  CHECK(ack.kind == PacketKind::ack);
  CHECK(ack.sequence == 7);
  CHECK(ack.target == self);
  CHECK(ack.records[0].id == self);
  CHECK(ack.records[0].incarnation == first_incarnation(2));
  CHECK(ack.records[0].report.epoch == 42);
  CHECK(ack.records[0].report.run == 99);
  CHECK(ack.records[0].report.health == health_disk_stall);
}

TEST_CASE("a ping from a node that is no member is acknowledged and its records of it ignored") {
  One one;
  one.hear(NodeId(50), {PacketKind::ping, 7, NodeId{}, {about(NodeId(50), State::alive, 1)}});
  REQUIRE(one.sent.size() == 1);
  CHECK(one.sent[0].to == NodeId(50));
  CHECK(one.swim.members().find(NodeId(50)) == nullptr);
}

TEST_CASE("each member is probed once in a round") {
  One one;
  std::vector<NodeId> probed;
  while (probed.size() < 9) {
    const Envelope ping = one.first_ping();
    probed.push_back(ping.to);
    one.sent.clear();
    one.hear(ping.to, {PacketKind::ack, ping.packet.sequence, ping.to, {}});
  }
  for (std::size_t round = 0; round < 9; round += 3) {
    std::vector<NodeId> once(probed.begin() + static_cast<std::ptrdiff_t>(round),
                             probed.begin() + static_cast<std::ptrdiff_t>(round + 3));
    std::sort(once.begin(), once.end());
    CHECK(once == std::vector<NodeId>{b, c, d});
  }
}

TEST_CASE("a member that does not answer in time is probed by others, then suspected, then dead") {
  One one;
  const Envelope ping = one.first_ping();
  const Instant probed = one.now;
  one.tick_until(probed + 399ms);
  CHECK(one.of(PacketKind::ping_req).empty());
  one.tick_until(probed + 400ms);
  const std::vector<Envelope> asked = one.of(PacketKind::ping_req);
  REQUIRE(asked.size() == 2);
  for (const Envelope& request : asked) {
    CHECK(request.to != ping.to);
    CHECK(request.packet.target == ping.to);
    one.hear(request.to, {PacketKind::nack, request.packet.sequence, ping.to, {}});
  }
  CHECK(one.state(ping.to) == State::alive);
  one.tick_until(probed + 1000ms);
  CHECK(one.state(ping.to) == State::suspect);
  const Envelope telling = one.of(PacketKind::ping).back();  // it hears of it at once
  CHECK(telling.to == ping.to);
  REQUIRE(find(telling.packet, ping.to) != nullptr);
  CHECK(find(telling.packet, ping.to)->state == State::suspect);
  // Two members that could confirm and do not: three times 1.2 s.
  one.tick_until(probed + 1000ms + 3599ms);
  CHECK(one.state(ping.to) == State::suspect);
  one.tick_until(probed + 1000ms + 3600ms);
  CHECK(one.state(ping.to) == State::dead);
}

TEST_CASE("an answer that a helper brings saves the member") {
  One one;
  const Envelope ping = one.first_ping();
  const Instant probed = one.now;
  one.tick_until(probed + 400ms);
  const Envelope request = one.of(PacketKind::ping_req).at(0);
  one.hear(request.to, {PacketKind::ack, request.packet.sequence, ping.to, {}});
  one.tick_until(probed + 1000ms);
  CHECK(one.state(ping.to) == State::alive);
}

TEST_CASE(
    "a helper pings for others and brings the answer, or says after a while that there is none") {
  One one;
  one.hear(b, {PacketKind::ping_req, 70, c, {}});
  const Envelope ping = one.of(PacketKind::ping).at(0);
  CHECK(ping.to == c);
  SECTION("an answer") {
    one.hear(c, {PacketKind::ack, ping.packet.sequence, c, {about(c, State::alive, 9)}});
    const Envelope ack = one.of(PacketKind::ack).at(0);
    CHECK(ack.to == b);
    CHECK(ack.packet.sequence == 70);
    CHECK(ack.packet.target == c);
    REQUIRE(find(ack.packet, c) != nullptr);
    CHECK(find(ack.packet, c)->incarnation == 9);
    one.tick_until(start + 2s);
    CHECK(one.of(PacketKind::nack).empty());
  }
  SECTION("none") {
    one.tick_until(start + 399ms);
    CHECK(one.of(PacketKind::nack).empty());
    one.tick_until(start + 400ms);
    const Envelope nack = one.of(PacketKind::nack).at(0);
    CHECK(nack.to == b);
    CHECK(nack.packet.sequence == 70);
    CHECK(nack.packet.target == c);
  }
  SECTION("no way to it") {
    one.swim.undelivered(c, ping.packet.sequence, one.now);
    one.collect();
    CHECK(one.of(PacketKind::nack).size() == 1);
  }
}

TEST_CASE("a helper that does not know the member says so at once") {
  One one;
  one.hear(b, {PacketKind::ping_req, 70, NodeId(50), {}});
  CHECK(one.of(PacketKind::nack).size() == 1);
  CHECK(one.of(PacketKind::ping).empty());
}

TEST_CASE("what certainly did not arrive is not waited for") {
  One one;
  const Envelope ping = one.first_ping();
  one.swim.undelivered(ping.to, ping.packet.sequence, one.now);
  one.collect();
  const std::vector<Envelope> asked = one.of(PacketKind::ping_req);
  REQUIRE(asked.size() == 2);
  CHECK(one.state(ping.to) == State::alive);
  for (const Envelope& request : asked)
    one.hear(request.to, {PacketKind::nack, request.packet.sequence, ping.to, {}});
  CHECK(one.state(ping.to) == State::suspect);
}

TEST_CASE("a suspect is told at once, and what it answers clears it") {
  One one;
  one.hear(b, saying({about(c, State::alive, 9)}));
  one.hear(b, saying({about(c, State::suspect, 9, {b})}));
  CHECK(one.state(c) == State::suspect);
  const Envelope ping = one.of(PacketKind::ping).at(0);
  CHECK(ping.to == c);
  REQUIRE(find(ping.packet, c) != nullptr);
  CHECK(find(ping.packet, c)->state == State::suspect);
  CHECK(find(ping.packet, c)->incarnation == 9);
  one.hear(c, {PacketKind::ack, ping.packet.sequence, c, {about(c, State::alive, 10)}});
  CHECK(one.state(c) == State::alive);
  one.tick_until(start + 20s);
  CHECK(one.events.front().state == State::suspect);
}

TEST_CASE("a node refutes what is said of it with a greater incarnation") {
  for (const State state : {State::suspect, State::dead}) {
    One one;
    one.hear(b, {PacketKind::ping, 1, NodeId{}, {about(self, state, first_incarnation(2) + 5)}});
    CHECK(one.swim.incarnation() == first_incarnation(2) + 6);
    CHECK(one.sent.at(0).packet.records.at(0).incarnation == first_incarnation(2) + 6);
    CHECK(one.sent.at(0).packet.records.at(0).state == State::alive);
    CHECK(one.swim.local_health() == 1);
    CHECK_FALSE(one.swim.superseded());
  }
}

TEST_CASE("old rumours about a node need no answer") {
  One one;
  one.hear(b, saying({about(self, State::dead, first_incarnation(1) + 70)}));
  CHECK(one.swim.incarnation() == first_incarnation(2));
  CHECK(one.swim.local_health() == 0);
}

TEST_CASE("a node that hears of a later run of its own does not claim to be it") {
  for (const Incarnation later : {first_incarnation(3), first_incarnation(3) - 1, ~Incarnation{}}) {
    One fresh;
    fresh.hear(b, saying({about(self, State::suspect, later)}));
    CHECK(fresh.swim.superseded());
    CHECK(fresh.swim.incarnation() == first_incarnation(2));
  }
}

TEST_CASE("the greater incarnation wins, and of equals the worse state") {
  struct Case {
    State known;
    Incarnation at;
    State said;
    Incarnation of;
    State result;
  };
  const Case cases[] = {
      {State::alive, 5, State::suspect, 5, State::suspect},
      {State::alive, 5, State::suspect, 4, State::alive},
      {State::alive, 5, State::dead, 4, State::alive},
      {State::suspect, 5, State::alive, 5, State::suspect},
      {State::suspect, 5, State::alive, 6, State::alive},
      {State::suspect, 5, State::dead, 5, State::dead},
      {State::dead, 5, State::suspect, 5, State::dead},
      {State::dead, 5, State::alive, 5, State::dead},
      {State::dead, 5, State::alive, 6, State::alive},
      {State::dead, first_incarnation(1) + 900, State::alive, first_incarnation(2), State::alive},
  };
  for (const Case& example : cases) {
    One one;
    one.hear(b, saying({about(c, example.known, example.at)}));
    REQUIRE(one.state(c) == example.known);
    one.hear(b, saying({about(c, example.said, example.of)}));
    CHECK(one.state(c) == example.result);
    CHECK(one.swim.members().find(c)->incarnation == std::max(example.at, example.of));
  }
}

TEST_CASE("reports are ordered by boot and version") {
  One one;
  const auto report = [](Boot boot, std::uint32_t version, Epoch epoch) {
    Record record = about(c, State::alive, first_incarnation(boot));
    record.report = {version, health_good, epoch, boot};
    return record;
  };
  one.hear(b, saying({report(3, 2, 20)}));
  one.hear(b, saying({report(3, 1, 10)}));
  CHECK(one.swim.members().find(c)->report.epoch == 20);
  one.hear(b, saying({report(4, 1, 5)}));
  CHECK(one.swim.members().find(c)->report.epoch == 5);
  CHECK(one.swim.members().find(c)->report.run == 4);
  one.hear(b, saying({report(3, 9, 30)}));
  CHECK(one.swim.members().find(c)->report.epoch == 5);
}

TEST_CASE("a suspicion shrinks with the logarithm of those who share it") {
  const Settings settings;
  // base 1 s, 100 ms a doubling, threefold at first
  CHECK(suspicion_time(settings, 1000, 1) == 5700ms);
  CHECK(suspicion_time(settings, 1000, 2) == 3800ms);
  CHECK(suspicion_time(settings, 1000, 3) == 2690400us);
  CHECK(suspicion_time(settings, 1000, 4) == 1900ms);
  CHECK(suspicion_time(settings, 4, 1) == 3600ms);
  CHECK(suspicion_time(settings, 4, 3) == 1200ms);
  CHECK(suspicion_time(settings, 3, 1) == 3300ms);
  CHECK(suspicion_time(settings, 3, 2) == 1100ms);
  CHECK(suspicion_time(settings, 2, 1) == 1100ms);  // nobody else could confirm
}

TEST_CASE("further accusers end a suspicion sooner, the same one again does not") {
  One one;
  one.hear(b, saying({about(c, State::suspect, 9, {b})}));
  one.hear(d, saying({about(c, State::suspect, 9, {b})}));
  one.tick_until(start + 1300ms);
  CHECK(one.state(c) == State::suspect);
  one.hear(d, saying({about(c, State::suspect, 9, {NodeId(70), d})}));
  one.tick_until(start + 1301ms);
  CHECK(one.state(c) == State::dead);
}

TEST_CASE("news is told a bounded number of times") {
  One one({.reconnect_interval = 1h});
  one.hear(b, saying({about(c, State::dead, 9)}));
  one.tick_until(start + 30s);
  std::size_t told = 0;
  for (const Envelope& envelope : one.of(PacketKind::gossip))
    told += find(envelope.packet, c) != nullptr ? 1 : 0;
  CHECK(told <= transmissions(Settings{}, 4));
  CHECK(told > 0);
  CHECK(transmissions(Settings{}, 4) == 6);
  CHECK(transmissions(Settings{}, 1000) == 20);
  one.sent.clear();
  one.tick_until(start + 60s);
  CHECK(one.of(PacketKind::gossip).empty());
}

TEST_CASE("a packet carries no more records than its room") {
  std::vector<NodeId> nodes;
  for (std::uint32_t id = 1; id <= 200; ++id) nodes.push_back(NodeId(id));
  One one({}, nodes);
  Packet news = saying({});
  for (std::uint32_t id = 3; id <= 200; ++id)
    news.records.push_back(about(NodeId(id), State::dead, first_incarnation(5)));
  one.hear(b, news);
  one.tick_until(start + 5s);
  REQUIRE_FALSE(one.sent.empty());
  for (const Envelope& envelope : one.sent) CHECK(envelope.packet.records.size() <= 25);
}

TEST_CASE("a node that gets no answers gives others more time") {
  One one;
  const Envelope ping = one.first_ping();
  one.tick_until(one.now + 1000ms);
  CHECK(one.state(ping.to) == State::suspect);
  CHECK(one.swim.local_health() == 2);  // two helpers did not say a word
  one.sent.clear();
  const Instant probed = one.now;
  one.first(PacketKind::ping_req);
  CHECK(one.now >= probed + 3 * 400ms);
}

TEST_CASE("helpers that say no speak for the node's own health") {
  One one;
  const Envelope ping = one.first_ping();
  const Instant probed = one.now;
  one.tick_until(probed + 400ms);
  for (const Envelope& request : one.of(PacketKind::ping_req))
    one.hear(request.to, {PacketKind::nack, request.packet.sequence, ping.to, {}});
  one.tick_until(probed + 1000ms);
  CHECK(one.swim.local_health() == 0);
}

TEST_CASE("answers restore a node's trust in itself") {
  One one;
  one.hear(b, saying({about(self, State::suspect, first_incarnation(2))}));
  CHECK(one.swim.local_health() == 1);
  const Envelope ping = one.first_ping();
  one.hear(ping.to, {PacketKind::ack, ping.packet.sequence, ping.to, {}});
  CHECK(one.swim.local_health() == 0);
}

TEST_CASE("while a node is paused the clocks of others stand still") {
  One one;
  one.hear(b, saying({about(c, State::suspect, 9, {b})}));
  one.tick_until(start + 500ms);
  const Instant woken = one.swim.next_due() + 30s;
  one.swim.tick(woken);
  CHECK(one.state(c) == State::suspect);
  CHECK((one.swim.report().health & health_loop_lag) != 0);
  CHECK(one.swim.local_health() > 0);
  one.now = woken;
  one.tick_until(woken + 60s);
  CHECK(one.state(c) == State::dead);
  CHECK(one.swim.report().health == health_good);
}

TEST_CASE("a member that answers slowly is degraded until it answers fast again") {
  One one({}, {self, b});
  const auto answer_after = [&one](Duration time) {
    one.sent.clear();
    const Envelope ping = one.first_ping();
    one.tick_until(one.now + time);
    one.hear(b, {PacketKind::ack, ping.packet.sequence, b, {}});
  };
  const auto degraded = [&one] { return one.swim.members().find(b)->degraded(); };
  for (int i = 0; i < 2; ++i) answer_after(300ms);
  CHECK_FALSE(degraded());
  answer_after(300ms);
  CHECK(degraded());
  CHECK(one.events.back().degraded);
  for (int i = 0; i < 6; ++i) answer_after(150ms);  // between the bounds
  CHECK(degraded());
  for (int i = 0; i < 3; ++i) answer_after(20ms);
  CHECK_FALSE(degraded());
  CHECK_FALSE(one.events.back().degraded);
  CHECK(one.state(b) == State::alive);
}

TEST_CASE("one slow answer means nothing") {
  const Settings settings;
  RoundTrips trips;
  for (const Duration time : {5ms, 6ms, 900ms, 7ms, 5ms}) {
    trips.add(time, settings);
    CHECK_FALSE(trips.slow());
  }
  CHECK(trips.median() == 6ms);
  CHECK(trips.last() == 5ms);
}

TEST_CASE("a member that reports trouble is degraded, whoever brings the report") {
  One one;
  Record record = about(c, State::alive, first_incarnation(1));
  record.report = {1, health_disk_stall, 0, 0};
  one.hear(b, saying({record}));
  CHECK(one.swim.members().find(c)->degraded());
  CHECK(one.state(c) == State::alive);
  REQUIRE(one.events.size() == 1);
  CHECK(one.events[0].degraded);
  record.report = {2, health_good, 0, 0};
  one.hear(b, saying({record}));
  CHECK_FALSE(one.swim.members().find(c)->degraded());
}

TEST_CASE("members come and go from outside only") {
  One one;
  one.hear(b, saying({about(c, State::dead, 9), about(NodeId(9), State::alive, 9)}));
  one.swim.set_members({b, NodeId(9)}, one.now);
  CHECK(one.swim.members().find(c) == nullptr);
  CHECK(one.state(NodeId(9)) == State::alive);
  CHECK(one.swim.members().find(NodeId(9))->incarnation == 0);
  one.sent.clear();
  one.tick_until(start + 30s);
  REQUIRE_FALSE(one.sent.empty());
  for (const Envelope& envelope : one.sent) {
    CHECK(envelope.to != c);
    CHECK(find(envelope.packet, c) == nullptr);
  }
  one.swim.set_members({}, one.now);
  one.sent.clear();
  one.tick_until(start + 60s);
  CHECK(one.sent.empty());
}

TEST_CASE("a dead member is probed now and then, and lives again if it answers") {
  One one;
  one.hear(b, saying({about(c, State::dead, 9)}));
  one.tick_until(start + 4s);
  const Envelope* knock = nullptr;
  for (const Envelope& envelope : one.sent)
    if (envelope.to == c && envelope.packet.kind == PacketKind::ping) knock = &envelope;
  REQUIRE(knock != nullptr);
  REQUIRE(find(knock->packet, c) != nullptr);
  CHECK(find(knock->packet, c)->state == State::dead);
  one.hear(c, {PacketKind::ack, knock->packet.sequence, c, {about(c, State::alive, 10)}});
  CHECK(one.state(c) == State::alive);
}

}  // namespace
}  // namespace ouro::cluster::swim
