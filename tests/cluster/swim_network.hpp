// Many failure detectors on an invented network: one event queue, every packet as real bytes.
#pragma once

#include "base/check.hpp"
#include "base/random.hpp"
#include "cluster/swim/coding.hpp"
#include "cluster/swim/swim.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ouro::cluster::swim {

using namespace std::chrono_literals;

/// Nodes are numbered from 1; all are members of each other. A packet is lost, delayed, or dropped
/// by a cut; what reaches a paused node waits until its pause is over.
class SwimNetwork {
 public:
  struct Options {
    std::size_t nodes = 3;
    std::uint64_t seed = 1;
    Settings settings = {};
    unsigned loss_permille = 0;
    Duration least = 200us, most = 2ms;  ///< Delay of a packet.
    bool refuses = false;  ///< Packets to a dead process are known not to have arrived.
  };
  /// What one node came to believe of another.
  struct Seen {
    Instant at;
    NodeId by, about;
    State state;
    bool degraded;
  };

  explicit SwimNetwork(Options options) : options_(options), random_(options.seed) {
    for (std::size_t i = 1; i <= options.nodes; ++i)
      ids_.push_back(NodeId(static_cast<std::uint32_t>(i)));
    for (const NodeId id : ids_) start(id);
  }

  Instant now() const { return now_; }
  const std::vector<NodeId>& ids() const { return ids_; }
  Swim& core(NodeId id) { return *node(id).core; }
  const Member& seen(NodeId by, NodeId about) { return *core(by).members().find(about); }
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  std::uint64_t packets_sent() const { return packets_sent_; }
  /// Everything that any node came to believe, in order.
  std::vector<Seen> log;

  /// A new run of the node.
  void start(NodeId id) {
    Node& node = nodes_[id];
    node.random = std::make_unique<SeededRandom>(random_.next());
    node.core = std::make_unique<Swim>(options_.settings, id, ++node.boot, *node.random, now_);
    node.core->set_members(ids_, now_);
    node.core->set_report(1, 1000 * to_integer(id) + node.boot);
    node.paused_until = now_;
    node.next_tick = Instant::max();
    settle(id);
  }
  void kill(NodeId id) { node(id).core.reset(); }
  bool running(NodeId id) { return node(id).core != nullptr; }
  /// Neither reads nor acts for a while; what arrives waits.
  void pause(NodeId id, Duration time) { node(id).paused_until = now_ + time; }
  /// All that it sends takes longer.
  void slow_down(NodeId id, Duration delay) { node(id).extra_delay = delay; }
  void cut(NodeId from, NodeId to) { cuts_.emplace(from, to); }
  void heal() { cuts_.clear(); }
  void act(NodeId id, const std::function<void(Swim&)>& action) {
    action(core(id));
    settle(id);
  }
  void at(Duration from_now, std::function<void()> action) {
    push({now_ + from_now, 0, NodeId{}, NodeId{}, 0, {}, std::move(action)});
  }

  void run_for(Duration time) {
    const Instant end = now_ + time;
    while (!events_.empty() && events_.top().due <= end) {
      Event event = events_.top();
      events_.pop();
      now_ = event.due;
      happen(std::move(event));
    }
    now_ = end;
  }

  /// Whether every running node sees `about` in this state.
  bool all_see(NodeId about, State state) {
    for (const NodeId id : ids_)
      if (id != about && running(id) && seen(id, about).state != state) return false;
    return true;
  }
  /// Times that anybody came to believe that one of `nodes` is dead.
  std::size_t deaths_of(const std::function<bool(NodeId)>& of) const {
    std::size_t count = 0;
    for (const Seen& seen : log) count += seen.state == State::dead && of(seen.about) ? 1 : 0;
    return count;
  }

 private:
  struct Node {
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<Swim> core;
    Boot boot = 0;
    Instant paused_until{}, next_tick = Instant::max();
    Duration extra_delay{};
  };
  struct Event {
    Instant due;
    std::uint64_t order;
    NodeId to, from;
    std::uint16_t kind;  // 0: a tick
    std::string bytes;
    std::function<void()> action;
    bool operator<(const Event& other) const {
      return std::pair(due, order) > std::pair(other.due, other.order);
    }
  };

  Node& node(NodeId id) { return nodes_.at(id); }
  void push(Event event) {
    event.order = ++last_order_;
    events_.push(std::move(event));
  }

  void happen(Event event) {
    if (event.action) return event.action();
    Node& node = nodes_.at(event.to);
    if (!node.core) return;
    if (now_ < node.paused_until) {
      event.due = node.paused_until;
      if (event.kind != 0) return push(std::move(event));
      node.next_tick = event.due;
      event.order = 0;  // before all that waits to be read: the worst that can happen
      return events_.push(std::move(event));
    }
    if (event.kind == 0) {
      if (event.due != node.next_tick) return;  // an earlier one was due after all
      node.next_tick = Instant::max();
      node.core->tick(now_);
    } else {
      const Result<Packet> packet = decode(event.kind, event.bytes);
      check(packet.has_value());
      node.core->receive(event.from, *packet, now_);
    }
    settle(event.to);
  }

  // Takes what the core wants to send and to tell, and sees to its next tick.
  void settle(NodeId id) {
    Node& from = node(id);
    for (Envelope& envelope : from.core->take_packets()) send(id, from, envelope);
    for (const auto& event : from.core->take_events())
      log.push_back({now_, id, event.node, event.state, event.degraded});
    const Instant due = std::max(now_, from.core->next_due());
    if (due >= from.next_tick) return;
    from.next_tick = due;
    push({due, 0, id, NodeId{}, 0, {}, {}});
  }

  void send(NodeId id, Node& from, Envelope& envelope) {
    constexpr std::uint64_t frame_bytes = 32;  // of runtime/frame.hpp
    std::string bytes = encode(envelope.packet);
    bytes_sent_ += bytes.size() + frame_bytes;
    ++packets_sent_;
    const NodeId to = envelope.to;
    if (options_.refuses && !running(to)) {
      const std::uint32_t sequence = envelope.packet.sequence;
      return at(options_.least, [this, id, to, sequence] {
        if (running(id)) act(id, [&](Swim& core) { core.undelivered(to, sequence, now_); });
      });
    }
    if (cuts_.contains({id, to}) || random_.below(1000) < options_.loss_permille) return;
    const auto spread = static_cast<std::uint64_t>((options_.most - options_.least).count());
    const Duration delay = options_.least +
                           Duration(static_cast<Duration::rep>(random_.below(spread + 1))) +
                           from.extra_delay;
    push({now_ + delay,
          0,
          to,
          id,
          static_cast<std::uint16_t>(envelope.packet.kind),
          std::move(bytes),
          {}});
  }

  Options options_;
  SeededRandom random_;
  Instant now_{1h};
  std::vector<NodeId> ids_;
  std::map<NodeId, Node> nodes_;
  std::set<std::pair<NodeId, NodeId>> cuts_;
  std::priority_queue<Event> events_;
  std::uint64_t last_order_ = 0, bytes_sent_ = 0, packets_sent_ = 0;
};

}  // namespace ouro::cluster::swim
