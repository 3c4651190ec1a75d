#include "net/peer_transport.hpp"

#include "net/peer_link.hpp"
#include "runtime/reply.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace ouro::net {
namespace {

// How late a deadline, a heartbeat or a dial may be, so that many of them share one wake-up.
constexpr Duration tick_spacing = std::chrono::milliseconds(5);
// A tick this much later than planned means that the process was stopped or starved: what peers
// said meanwhile still waits in the sockets, and their silence proves nothing.
constexpr Duration own_pause = std::chrono::milliseconds(250);

}  // namespace

struct PeerTransport::Impl : std::enable_shared_from_this<PeerTransport::Impl> {
  struct Peer {
    PeerAddress address;
    std::array<std::unique_ptr<PeerLink>, peer_lane_count> links;
  };

  Impl(asio::any_io_executor executor, Clock& clock, Random& random, PeerOptions options)
      : context{std::move(executor), clock, random, options, {}, {}, {}, {}},
        server(std::make_shared<PeerServer>(context)),
        timer(context.executor) {
    context.wake_at = [this](Instant due) { wake_at(due); };
    context.peer_arrived = [this](NodeId peer) { connect(peer); };
  }

  void call(NodeId to, PeerLane lane, Message request, Instant deadline, PeerLink::Done done);
  PeerLink& link(Peer& peer, PeerLane lane);
  void connect(NodeId peer);
  void wake_at(Instant due);
  void tick();
  void stop(const std::string& reason);

  PeerContext context;
  std::shared_ptr<PeerServer> server;
  std::map<NodeId, Peer> peers;
  asio::steady_timer timer;
  Instant armed = Instant::max();      // when the timer fires; max: it does not
  Instant last_tick = Instant::min();  // when it fired last
  bool running = false;                // between start() and stop()
};

void PeerTransport::Impl::call(NodeId to, PeerLane lane, Message request, Instant deadline,
                               PeerLink::Done done) {
  const auto found = peers.find(to);
  if (!running || found == peers.end()) {
    context.counters.calls_unreachable.add();
    done(Error{ErrorCode::unreachable,
               running ? "node " + std::to_string(to_integer(to)) + " has no known address"
                       : std::string("the peer transport is not running")});
    return;
  }
  link(found->second, lane).call(std::move(request), deadline, std::move(done));
}

PeerLink& PeerTransport::Impl::link(Peer& peer, PeerLane lane) {
  std::unique_ptr<PeerLink>& link = peer.links[static_cast<std::size_t>(lane)];
  if (!link) link = std::make_unique<PeerLink>(context, peer.address, lane);
  return *link;
}

// A peer that comes back dials us, which is sooner than our next attempt would find it.
void PeerTransport::Impl::connect(NodeId node) {
  const auto found = peers.find(node);
  if (running && found != peers.end()) link(found->second, PeerLane::foreground).connect();
}

void PeerTransport::Impl::wake_at(Instant due) {
  if (!running || due == Instant::max()) return;
  if (last_tick != Instant::min()) due = std::max(due, last_tick + tick_spacing);
  if (due >= armed) return;
  armed = due;
  timer.expires_at(std::chrono::steady_clock::time_point(due.time_since_epoch()));
  timer.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    if (const std::shared_ptr<Impl> self = weak.lock()) self->tick();
  });
}

void PeerTransport::Impl::tick() {
  if (!running) return;
  const Instant now = context.clock.now();
  const bool paused = now - armed > own_pause;
  last_tick = now;
  armed = Instant::max();
  if (paused) {
    server->excuse(now);
    for (auto& [node, peer] : peers)
      for (auto& link : peer.links)
        if (link) link->excuse(now);
  }
  server->tick(now);
  Instant due = server->due();
  for (auto& [node, peer] : peers)
    for (auto& link : peer.links) {
      if (!link) continue;
      link->tick(now);
      due = std::min(due, link->due());
    }
  wake_at(due);
}

void PeerTransport::Impl::stop(const std::string& reason) {
  running = false;
  server->close();
  for (auto& [node, peer] : peers)
    for (auto& link : peer.links)
      if (link) link->close(reason);
  timer.cancel();
}

PeerTransport::PeerTransport(asio::any_io_executor executor, Clock& clock, Random& random,
                             PeerOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), clock, random, options)) {}

PeerTransport::~PeerTransport() { stop(); }

Result<std::uint16_t> PeerTransport::start(const PeerIdentity& identity, const PeerListen& where) {
  impl_->context.identity = identity;
  const Result<std::uint16_t> port = impl_->server->listen(where);
  impl_->running = port.has_value();
  return port;
}

Task<Result<Message>> PeerTransport::call(NodeId peer, PeerLane lane, Message request,
                                          Instant deadline) {
  return await_reply<Result<Message>>([impl = impl_, peer, lane, request = std::move(request),
                                       deadline](Reply<Result<Message>> reply) mutable {
    impl->call(peer, lane, std::move(request), deadline, std::move(reply));
  });
}

bool PeerTransport::reachable(NodeId peer) const {
  const auto found = impl_->peers.find(peer);
  if (found == impl_->peers.end()) return false;
  const auto& link = found->second.links[static_cast<std::size_t>(PeerLane::foreground)];
  return !link || link->healthy();
}

bool PeerTransport::was_lost(NodeId peer) const {
  const auto found = impl_->peers.find(peer);
  if (found == impl_->peers.end()) return false;
  const auto lost = [](const auto& link) { return link && link->was_lost(); };
  return std::ranges::any_of(found->second.links, lost);
}

void PeerTransport::serve(PeerHandler& handler) { impl_->server->serve(handler); }

void PeerTransport::set_addresses(std::vector<PeerAddress> peers) {
  std::map<NodeId, Impl::Peer> next;
  for (PeerAddress& address : peers) {
    if (address.node == impl_->context.identity.node) continue;
    Impl::Peer& peer = next[address.node];
    const auto known = impl_->peers.find(address.node);
    if (known != impl_->peers.end() && known->second.address.host == address.host &&
        known->second.address.port == address.port)
      peer.links = std::move(known->second.links);
    peer.address = std::move(address);
  }
  impl_->peers.swap(next);
  for (auto& [node, gone] : next)
    for (auto& link : gone.links)
      if (link) link->close("the peer was removed or has another address now");
  // At once, so that all know of each other before the first request needs it.
  for (const auto& [node, peer] : impl_->peers) impl_->connect(node);
}

void PeerTransport::stop() { impl_->stop("this node is shutting down"); }

Task<void> PeerTransport::close() {
  stop();
  co_await impl_->server->finish();
}

const PeerCounters& PeerTransport::counters() const { return impl_->context.counters; }

std::vector<PeerLinkStatus> PeerTransport::links() const {
  std::vector<PeerLinkStatus> all;
  for (const auto& [node, peer] : impl_->peers)
    for (const auto& link : peer.links)
      if (link) all.push_back(link->status());
  return all;
}

const std::string& PeerTransport::last_accept_failure() const {
  return impl_->server->last_failure();
}

}  // namespace ouro::net
