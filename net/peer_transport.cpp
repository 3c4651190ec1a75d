#include "net/peer_transport.hpp"

#include "net/peer_introduction.hpp"
#include "net/peer_link.hpp"
#include "runtime/reply.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

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
      : context{std::move(executor), clock, random, options, {}, {}, {}, {}, {}},
        server(std::make_shared<PeerServer>(context)),
        timer(context.executor) {
    context.wake_at = [this](Instant due) { wake_at(due); };
    context.peer_arrived = [this](NodeId peer) { connect(peer); };
  }

  void call(NodeId to, PeerLane lane, Message request, Instant deadline, PeerLink::Done done);
  void introduce(std::string host, std::uint16_t port, Message request, Instant deadline,
                 PeerLink::Done done);
  void set_addresses(std::vector<PeerAddress> addresses);
  void begin(const PeerIdentity& identity);
  PeerLink& link(Peer& peer, PeerLane lane);
  void connect(NodeId peer);
  void wake_at(Instant due);
  void tick();
  void stop(const std::string& reason);

  PeerContext context;
  std::shared_ptr<PeerServer> server;
  std::map<NodeId, Peer> peers;
  std::set<NodeId> lost;  // as was_lost() tells, from links that are gone
  std::vector<std::unique_ptr<PeerIntroduction>> introductions;
  asio::steady_timer timer;
  Instant armed = Instant::max();      // when the timer fires; max: it does not
  Instant last_tick = Instant::min();  // when it fired last
  bool running = false;                // between start() and stop()
  bool stopped = false;
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
  if (running && found != peers.end()) link(found->second, context.options.kept).connect();
}

void PeerTransport::Impl::introduce(std::string host, std::uint16_t port, Message request,
                                    Instant deadline, PeerLink::Done done) {
  if (stopped) {
    done(Error{ErrorCode::unreachable, "this node is shutting down"});
    return;
  }
  introductions.push_back(std::make_unique<PeerIntroduction>(
      context, std::move(host), port, std::move(request), deadline, std::move(done)));
  introductions.back()->begin();
}

void PeerTransport::Impl::set_addresses(std::vector<PeerAddress> addresses) {
  std::map<NodeId, Peer> next;
  std::set<NodeId> members;
  for (PeerAddress& address : addresses) {
    members.insert(address.node);
    if (address.node == context.identity.node) continue;
    Peer& peer = next[address.node];
    const auto known = peers.find(address.node);
    if (known != peers.end() && known->second.address.host == address.host &&
        known->second.address.port == address.port)
      peer.links = std::move(known->second.links);
    peer.address = std::move(address);
  }
  peers.swap(next);
  for (auto& [node, gone] : next)
    for (auto& link : gone.links) {
      if (!link) continue;
      if (link->was_lost() || link->status().open) lost.insert(node);
      link->close("the peer was removed or has another address now");
    }
  server->set_members(std::move(members));
  // At once, so that all know of each other before the first request needs it.
  for (const auto& [node, peer] : peers) connect(node);
}

void PeerTransport::Impl::begin(const PeerIdentity& identity) {
  context.identity = identity;
  running = true;
  peers.erase(identity.node);
  for (const auto& [node, peer] : peers) connect(node);
}

void PeerTransport::Impl::wake_at(Instant due) {
  if (stopped || due == Instant::max()) return;
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
  if (stopped) return;
  const Instant now = context.clock.now();
  const bool paused = now - armed > own_pause;
  last_tick = now;
  armed = Instant::max();
  if (paused) {
    server->excuse(now);
    for (auto& [node, peer] : peers)
      for (auto& link : peer.links)
        if (link) link->excuse(now);
    for (const auto& introduction : introductions) introduction->excuse(now);
  }
  server->tick(now);
  Instant due = server->due();
  for (auto& [node, peer] : peers)
    for (auto& link : peer.links) {
      if (!link) continue;
      link->tick(now);
      due = std::min(due, link->due());
    }
  for (const auto& introduction : introductions) {
    introduction->tick(now);
    due = std::min(due, introduction->due());
  }
  std::erase_if(introductions, [](const auto& introduction) { return introduction->ended(); });
  wake_at(due);
}

void PeerTransport::Impl::stop(const std::string& reason) {
  if (stopped) return;
  running = false;
  stopped = true;
  server->close();
  for (const auto& introduction : introductions) introduction->close(reason);
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
  if (port) impl_->begin(identity);
  return port;
}

void PeerTransport::start(const PeerIdentity& identity) {
  impl_->server->begin_to_take();
  impl_->begin(identity);
}

void PeerTransport::hand_control_to(PeerTransport& control) {
  // The server is looked at on its own loop only.
  impl_->context.hand_over = [executor = control.impl_->context.executor,
                              weak = control.impl_->server->weak_from_this()](HandedOver handed) {
    asio::post(executor, [weak, handed = std::move(handed)]() mutable {
      if (const std::shared_ptr<PeerServer> server = weak.lock()) server->take(std::move(handed));
    });
  };
}

Task<Result<Message>> PeerTransport::call(NodeId peer, PeerLane lane, Message request,
                                          Instant deadline) {
  return await_reply<Result<Message>>([impl = impl_, peer, lane, request = std::move(request),
                                       deadline](Reply<Result<Message>> reply) mutable {
    impl->call(peer, lane, std::move(request), deadline, std::move(reply));
  });
}

Task<Result<Message>> PeerTransport::introduce(std::string host, std::uint16_t port,
                                               Message request, Instant deadline) {
  return await_reply<Result<Message>>([impl = impl_, host = std::move(host), port,
                                       request = std::move(request),
                                       deadline](Reply<Result<Message>> reply) mutable {
    impl->introduce(std::move(host), port, std::move(request), deadline, std::move(reply));
  });
}

bool PeerTransport::reachable(NodeId peer) const {
  const auto found = impl_->peers.find(peer);
  if (found == impl_->peers.end()) return false;
  const auto& link = found->second.links[static_cast<std::size_t>(impl_->context.options.kept)];
  return !link || link->healthy();
}

bool PeerTransport::was_lost(NodeId peer) const {
  if (impl_->lost.contains(peer)) return true;
  const auto found = impl_->peers.find(peer);
  if (found == impl_->peers.end()) return false;
  const auto lost = [](const auto& link) { return link && link->was_lost(); };
  return std::ranges::any_of(found->second.links, lost);
}

void PeerTransport::serve(PeerHandler& handler) { impl_->server->serve(handler); }

void PeerTransport::set_addresses(std::vector<PeerAddress> peers) {
  impl_->set_addresses(std::move(peers));
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
