#include "sim/network.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <memory>

namespace ouro::sim {
namespace {

constexpr std::uint64_t trace_frame = 1;
constexpr std::uint64_t trace_break = 2;
constexpr Duration retransmission_most = std::chrono::milliseconds(200);

}  // namespace

Network::Network(Scheduler& scheduler, std::uint64_t seed, NetworkOptions options)
    : scheduler_(scheduler), life_(scheduler.new_life()), random_(seed), options_(options) {}

Network::~Network() { scheduler_.kill(life_); }

template <class Event>
void Network::at(Instant due, Event event) {
  scheduler_.add(life_, due, Scheduler::Handler(std::move(event)));
}

Duration Network::delay(NodeId from, NodeId to, std::size_t size) {
  const LinkQuality& link = quality(from, to);
  const auto draw = [&](Duration least, Duration most) {
    const auto range = std::max<std::int64_t>(0, (most - least).count());
    return least + Duration(random_.below(static_cast<std::uint64_t>(range) + 1));
  };
  Duration total = draw(link.least, link.most);
  if (random_.below(1000) < link.slow_permille) total += draw(Duration(0), link.slow_most);
  if (link.bytes_per_second > 0) total += Duration(size * 1'000'000'000 / link.bytes_per_second);
  return total;
}

EndpointId Network::attach(NodeId node, Endpoint& endpoint) {
  powerless_.erase(node);
  endpoints_.emplace(++last_id_, Attached{node, &endpoint, Accepts::nothing});
  return last_id_;
}

Endpoint* Network::find(EndpointId id) {
  const auto found = endpoints_.find(id);
  return found == endpoints_.end() ? nullptr : found->second.endpoint;
}

// A connection is accepted by any of the process's data loops, as the kernel deals them out, or
// goes to the control loop.
EndpointId Network::listener(NodeId node, PeerLane lane) {
  const Accepts wanted = lane == PeerLane::control ? Accepts::control : Accepts::data;
  std::vector<EndpointId> loops;
  for (const auto& [id, attached] : endpoints_)
    if (attached.node == node && attached.accepts == wanted) loops.push_back(id);
  return loops.empty() ? 0 : loops[random_.below(loops.size())];
}

void Network::detach(EndpointId endpoint) {
  endpoints_.erase(endpoint);
  for (auto& [id, connection] : connections_)
    for (const int end : {0, 1}) {
      if (connection.ends[end] != endpoint) continue;
      connection.ends[end] = 0;
      send_end(id, connection, end);
    }
}

// An empty frame stands for the end that a process or its kernel sends after its data.
void Network::send_end(ConnectionId id, Connection& connection, int end) {
  Way& way = connection.ways[1 - end];
  way.last_arrival =
      std::max(way.last_arrival + Duration(1),
               scheduler_.now() + delay(connection.nodes[end], connection.nodes[1 - end], 0));
  at(way.last_arrival, [this, id, end] { arrive(id, 1 - end, {}); });
}

void Network::finish(ConnectionId id, EndpointId from) {
  const auto found = connections_.find(id);
  if (found != connections_.end())
    send_end(id, found->second, found->second.ends[0] == from ? 0 : 1);
}

void Network::lose_power(NodeId node) {
  powerless_.insert(node);
  std::erase_if(endpoints_, [&](const auto& entry) { return entry.second.node == node; });
  for (auto& [id, connection] : connections_)
    for (const int end : {0, 1}) {
      if (connection.nodes[end] != node) continue;
      connection.ends[end] = 0;
      connection.half_dead = true;
      watch(id, connection);
    }
}

// The name is looked up after this turn: the machine may be made in it.
void Network::dial(EndpointId from, const std::string& host, PeerLane lane, std::uint64_t ticket) {
  at(scheduler_.now(), [this, from, host, lane, ticket] {
    Endpoint* const dialler = find(from);
    if (!dialler) return;
    const auto named = names_.find(host);
    if (named == names_.end()) return dialler->dialled(ticket, 0);
    connect(from, named->second, lane, ticket);
  });
}

void Network::connect(EndpointId from, NodeId peer, PeerLane lane, std::uint64_t ticket) {
  const NodeId self = endpoints_.at(from).node;
  const bool no_answer = blocked(self, peer) || blocked(peer, self) || powerless_.contains(peer);
  const Duration time =
      no_answer ? options_.connect_timeout : delay(self, peer, 0) + delay(peer, self, 0);
  at(scheduler_.now() + time,
     [this, from, peer, lane, ticket] { establish(from, peer, lane, ticket); });
}

void Network::establish(EndpointId from, NodeId peer, PeerLane lane, std::uint64_t ticket) {
  Endpoint* const dialler = find(from);
  if (!dialler) return;
  const NodeId self = endpoints_.at(from).node;
  const EndpointId to = listener(peer, lane);
  const bool cut_off = blocked(self, peer) || blocked(peer, self);
  // A loop that dials itself is no case that a node needs: its own id is not among its peers.
  if (to == 0 || to == from || cut_off) return dialler->dialled(ticket, 0);
  const ConnectionId id = ++last_id_;
  Connection& made = connections_[id];
  made.ends[0] = from;
  made.ends[1] = to;
  made.nodes[0] = self;
  made.nodes[1] = peer;
  find(to)->accepted(id);
  dialler->dialled(ticket, id);
}

void Network::send(ConnectionId id, EndpointId from, std::string bytes) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  const int end = connection.ends[0] == from ? 1 : 0;
  const NodeId source = connection.nodes[1 - end], target = connection.nodes[end];
  const LinkQuality& link = quality(source, target);
  if (random_.below(1'000'000) < link.reset_per_million) return reset(id);
  if (random_.below(1'000'000) < link.corrupt_per_million) {
    char& byte = bytes[random_.below(bytes.size())];
    byte = static_cast<char>(byte ^ (1 << random_.below(8)));
  }
  Way& way = connection.ways[end];
  way.last_arrival = std::max(way.last_arrival + Duration(1),
                              scheduler_.now() + delay(source, target, bytes.size()));
  at(way.last_arrival,
     [this, id, end, bytes = std::move(bytes)]() mutable { arrive(id, end, std::move(bytes)); });
}

void Network::arrive(ConnectionId id, int end, std::string bytes) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  Way& way = connection.ways[end];
  const NodeId source = connection.nodes[1 - end];
  if (!way.stalled.empty() || blocked(source, connection.nodes[end])) {
    way.stalled.push_back(std::move(bytes));
    return;
  }
  deliver(id, connection.ends[end], source, std::move(bytes));
}

void Network::deliver(ConnectionId id, EndpointId to, NodeId from, std::string bytes) {
  if (bytes.empty()) return break_now(id);
  scheduler_.record(trace_frame, to_integer(from), hash64(bytes, to));
  if (Endpoint* const receiver = find(to)) receiver->received(id, std::move(bytes));
}

// One frame at an instant, so that what they start begins in their order.
void Network::drain(ConnectionId id, int end) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  Way& way = connection.ways[end];
  const NodeId source = connection.nodes[1 - end];
  if (way.stalled.empty() || blocked(source, connection.nodes[end])) return;
  std::string bytes = std::move(way.stalled.front());
  way.stalled.pop_front();
  if (!way.stalled.empty()) at(scheduler_.now() + Duration(1), [this, id, end] { drain(id, end); });
  deliver(id, connection.ends[end], source, std::move(bytes));
}

void Network::drain_late() {
  std::vector<Late> all = std::move(late_);
  late_.clear();
  for (Late& late : all) {
    if (blocked(late.from, late.to_node)) {
      late_.push_back(std::move(late));
      continue;
    }
    for (std::string& bytes : late.frames)
      if (!bytes.empty()) deliver(late.id, late.to, late.from, std::move(bytes));
    if (Endpoint* const receiver = find(late.to)) receiver->broken(late.id);
  }
}

void Network::reset(ConnectionId id) {
  at(scheduler_.now(), [this, id] { break_now(id); });
}

void Network::break_now(ConnectionId id) {
  auto found = connections_.extract(id);
  if (!found) return;
  Connection& connection = found.mapped();
  scheduler_.record(trace_break, to_integer(connection.nodes[0]), to_integer(connection.nodes[1]));
  // The kernel of the one who dialled may go on sending what was written before, to an end that
  // learns of the break only after it.
  Way& way = connection.ways[1];
  if (!way.stalled.empty() && random_.one_in(2)) {
    const EndpointId to = std::exchange(connection.ends[1], 0);
    late_.push_back({id, to, connection.nodes[0], connection.nodes[1], std::move(way.stalled)});
  }
  for (const EndpointId end : connection.ends)
    if (Endpoint* const endpoint = find(end)) endpoint->broken(id);
}

void Network::watch(ConnectionId id, Connection& connection) {
  const bool silent = connection.half_dead || blocked(connection.nodes[0], connection.nodes[1]) ||
                      blocked(connection.nodes[1], connection.nodes[0]);
  if (!silent) connection.silent_since = Instant::max();
  if (!silent || connection.silent_since != Instant::max()) return;
  connection.silent_since = scheduler_.now();
  const Instant due = scheduler_.now() + options_.silence_limit;
  at(due, [this, id] {
    const auto same = connections_.find(id);
    if (same == connections_.end() || same->second.silent_since == Instant::max()) return;
    if (scheduler_.now() - same->second.silent_since >= options_.silence_limit) break_now(id);
  });
}

void Network::roads_changed() {
  for (auto& [id, connection] : connections_) {
    watch(id, connection);
    for (const int end : {0, 1}) {
      const bool open = !blocked(connection.nodes[1 - end], connection.nodes[end]);
      if (connection.ways[end].stalled.empty() || !open) continue;
      const Duration resent(random_.below(static_cast<std::uint64_t>(retransmission_most.count())));
      at(scheduler_.now() + resent, [this, id = id, end] { drain(id, end); });
    }
  }
  if (!late_.empty()) at(scheduler_.now() + retransmission_most, [this] { drain_late(); });
}

}  // namespace ouro::sim
