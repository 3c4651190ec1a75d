#include "sim/sim_peers.hpp"

#include "base/check.hpp"
#include "runtime/coroutine.hpp"
#include "runtime/hello.hpp"
#include "sim/sim_frame.hpp"

#include <algorithm>
#include <utility>

namespace ouro::sim {
namespace {

std::string name_of(NodeId node) { return "node " + std::to_string(to_integer(node)); }

bool fits(const Message& message) {
  return message.meta.size() <= meta_size_max && message.attachment_size() <= attachment_size_max;
}

}  // namespace

// Lives in the frame of the coroutine that waits for it.
struct SimPeers::Call {
  std::unique_ptr<Timer> timer;
  std::string frame;  // empty once sent
  std::optional<Result<Message>> result;

  void end(Result<Message> outcome) {
    result.emplace(std::move(outcome));
    timer->wake();
  }
};

class SimPeers::Registration {
 public:
  Registration(SimPeers& peers, LinkKey key, std::uint64_t stream, Call& call)
      : peers_(peers), key_(key), stream_(stream) {
    peers_.links_[key_].calls.emplace(stream_, &call);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() {
    if (const auto link = peers_.links_.find(key_); link != peers_.links_.end())
      link->second.calls.erase(stream_);
  }

 private:
  SimPeers& peers_;
  LinkKey key_;
  std::uint64_t stream_;
};

SimPeers::SimPeers(Scheduler& scheduler, Network& network, SimClock& clock, NodeId machine,
                   Life life, Accepts accepts, std::uint64_t seed)
    : end_{scheduler, network, clock, life, network.attach(machine, *this)},
      accepts_(accepts),
      kept_(accepts == Accepts::control ? PeerLane::control : PeerLane::foreground),
      random_(seed),
      server_(end_, [this](NodeId peer) { keep(peer); }) {}

SimPeers::~SimPeers() { detach(); }

void SimPeers::detach() {
  if (end_.endpoint != 0) end_.network.detach(end_.endpoint);
  end_.endpoint = 0;
}

void SimPeers::start(const PeerIdentity& identity) {
  check(!started() && identity.node != NodeId{0} && identity.cluster != 0);
  end_.identity = identity;
  peers_.erase(identity.node);
  end_.network.listen(end_.endpoint, accepts_);
  for (const auto& [peer, address] : peers_) keep(peer);
}

bool SimPeers::reachable(NodeId peer) const {
  return peers_.contains(peer) && !failing_.contains(peer);
}

void SimPeers::set_addresses(std::vector<PeerAddress> peers) {
  std::map<NodeId, PeerAddress> wanted;
  std::set<NodeId> members;
  for (PeerAddress& peer : peers) {
    members.insert(peer.node);
    if (peer.node != end_.identity.node) wanted.emplace(peer.node, std::move(peer));
  }
  std::swap(peers_, wanted);
  for (const auto& [peer, old] : wanted) {
    const auto now = peers_.find(peer);
    const bool same =
        now != peers_.end() && now->second.host == old.host && now->second.port == old.port;
    if (!same) drop(peer, name_of(peer) + " was removed or has another address now");
  }
  server_.set_members(std::move(members));
  for (const auto& [peer, address] : peers_) keep(peer);
}

// Forgets all ways to a peer and what was known of them, but for what was_lost() tells.
void SimPeers::drop(NodeId peer, const std::string& why) {
  for (auto& [key, link] : links_) {
    if (key.first != peer) continue;
    if (link.connection != 0) end_.network.reset(link.connection);
    if (link.state == LinkState::up) lost_.insert(peer);
    link.connection = link.ticket = 0;
    link.state = LinkState::idle;
    link.failures = 0;
    fail_calls(link, ErrorCode::connection_lost, why);
  }
  failing_.erase(peer);
}

// Dials the connection that is always there, whatever it waits for.
void SimPeers::keep(NodeId peer) {
  if (!started() || !peers_.contains(peer)) return;
  const LinkKey key(peer, kept_);
  Link& link = links_[key];
  if (link.state == LinkState::idle || link.state == LinkState::waiting) dial(key, link);
}

Result<SimPeers::Link*> SimPeers::link_for(NodeId peer, PeerLane lane, const Message& request,
                                           Instant deadline) {
  if (!fits(request))
    return Error{ErrorCode::invalid_argument, "a message to " + name_of(peer) + " is too large"};
  if (!started()) return Error{ErrorCode::unreachable, "this node does not know yet who it is"};
  if (!peers_.contains(peer))
    return Error{ErrorCode::unreachable, name_of(peer) + " has no known address"};
  if (deadline <= end_.clock.now())
    return Error{ErrorCode::timeout,
                 "the deadline had passed before " + name_of(peer) + " was asked"};
  Link& link = links_[LinkKey(peer, lane)];
  if (link.calls.size() >= end_.network.options().calls_max)
    return Error{ErrorCode::busy, "too many calls are under way to " + name_of(peer)};
  if (link.state == LinkState::waiting)
    return Error{ErrorCode::unreachable, name_of(peer) + ": " + link.last_failure};
  return &link;
}

std::uint32_t SimPeers::milliseconds_until(Instant deadline) const {
  const Duration left = deadline - end_.clock.now();
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<std::uint32_t>(std::min<std::int64_t>(ms, UINT32_MAX));
}

Task<Result<Message>> SimPeers::call(NodeId peer, PeerLane lane, Message request,
                                     Instant deadline) {
  const Result<Link*> link = link_for(peer, lane, request, deadline);
  if (!link) co_return link.error();
  FrameHeader header;
  header.stream = ++last_stream_;
  header.deadline_ms = milliseconds_until(deadline);

  Call call;
  call.timer = end_.clock.make_timer();
  call.frame = encode_frame(header, request);
  const LinkKey key(peer, lane);
  const Registration registration(*this, key, header.stream, call);
  if ((*link)->state == LinkState::up)
    send(**link, call);
  else if ((*link)->state == LinkState::idle)
    dial(key, **link);

  while (!call.result && end_.clock.now() < deadline) co_await call.timer->wait_until(deadline);
  if (call.result) co_return std::move(*call.result);
  const ErrorCode code = call.frame.empty() ? ErrorCode::timeout : ErrorCode::unreachable;
  co_return Error{code, name_of(peer) + " did not answer in time"};
}

void SimPeers::send(Link& link, Call& call) {
  end_.network.send(link.connection, end_.endpoint, std::move(call.frame));
  call.frame.clear();
}

void SimPeers::dial(LinkKey key, Link& link) {
  link.state = LinkState::dialling;
  link.ticket = ++last_ticket_;
  end_.network.dial(end_.endpoint, peers_.at(key.first).host, key.second, link.ticket);
}

void SimPeers::fail_calls(Link& link, ErrorCode code, const std::string& why) {
  for (const auto& [stream, call] : link.calls) {
    if (call->result) continue;
    const ErrorCode own = call->frame.empty() ? code : ErrorCode::unreachable;
    call->end(Error{own, why});
  }
}

void SimPeers::retry_later(LinkKey key, Link& link) {
  link.state = LinkState::waiting;
  const NetworkOptions& options = end_.network.options();
  const Duration cap =
      std::min(options.retry_most, options.retry_least * (1 << std::min(link.failures, 10u)));
  const Duration wait =
      cap / 2 + Duration(random_.below(static_cast<std::uint64_t>(cap.count() / 2 + 1)));
  ++link.failures;
  end_.scheduler.add(end_.life, end_.scheduler.now() + wait, Scheduler::Handler([this, key] {
                       Link& same = links_[key];
                       if (same.state != LinkState::waiting) return;
                       same.state = LinkState::idle;
                       if (key.second == kept_) keep(key.first);
                     }));
}

void SimPeers::dial_failed(LinkKey key, Link& link, const Error& reason) {
  link.connection = 0;
  link.last_failure = reason.message;
  if (key.second == kept_) failing_.insert(key.first);
  fail_calls(link, ErrorCode::unreachable, name_of(key.first) + ": " + reason.message);
  retry_later(key, link);
}

void SimPeers::dialled(std::uint64_t ticket, ConnectionId connection) {
  if (introduction_dialled(ticket, connection)) return;
  const auto found = std::ranges::find_if(
      links_, [&](const Entry& entry) { return entry.second.ticket == ticket; });
  if (found == links_.end()) {  // the peer was removed or has another address now
    if (connection != 0) end_.network.reset(connection);
    return;
  }
  auto& [key, link] = *found;
  link.ticket = 0;
  if (connection == 0)
    return dial_failed(key, link, Error{ErrorCode::unreachable, "could not be connected to"});
  link.state = LinkState::greeting;
  link.connection = connection;
  end_.network.send(connection, end_.endpoint, encode_hello(hello_of(end_.identity, key.second)));
}

// The peer said Hello: is it the one that was wanted?
void SimPeers::greeted(LinkKey key, Link& link, const std::string& bytes) {
  const Result<Hello> hello = decode_hello(bytes);
  Status fits;
  if (!hello)
    fits = hello.error();
  else
    fits = check_answer(end_.identity, *hello, key.first, key.second);
  if (!fits) {
    end_.network.reset(link.connection);
    return dial_failed(key, link, fits.error());
  }
  link.state = LinkState::up;
  link.failures = 0;
  if (key.second == kept_) failing_.erase(key.first);
  for (auto& [other, waiting] : links_)  // what reaches one lane reaches the others
    if (other.first == key.first && waiting.state == LinkState::waiting && other.second != kept_)
      waiting.state = LinkState::idle;
  for (const auto& [stream, call] : link.calls)
    if (!call->frame.empty() && !call->result) send(link, *call);
}

SimPeers::Entry* SimPeers::find_link(ConnectionId connection) {
  for (Entry& entry : links_)
    if (entry.second.connection == connection) return &entry;
  return nullptr;
}

void SimPeers::broken(ConnectionId connection) {
  if (server_.broken(connection) || introduction_broken(connection)) return;
  Entry* const entry = find_link(connection);
  if (!entry) return;
  auto& [key, link] = *entry;
  const std::string why = "the connection broke";
  if (link.state == LinkState::greeting)
    return dial_failed(key, link, Error{ErrorCode::unreachable, why});
  link.connection = 0;
  link.last_failure = why;
  lost_.insert(key.first);
  if (key.second == kept_) failing_.insert(key.first);
  retry_later(key, link);
  fail_calls(link, ErrorCode::connection_lost, name_of(key.first) + ": " + why);
}

void SimPeers::received(ConnectionId connection, std::string bytes) {
  if (server_.received(connection, bytes) || introduction_received(connection, bytes)) return;
  Entry* const entry = find_link(connection);
  if (!entry) return;
  if (entry->second.state == LinkState::greeting)
    greeted(entry->first, entry->second, bytes);
  else
    answered(entry->second, bytes);
}

void SimPeers::answered(Link& link, const std::string& bytes) {
  Result<WholeFrame> frame = decode_frame(bytes);
  if (!frame) return end_.network.reset(link.connection);
  const auto call = link.calls.find(frame->header.stream);
  if (call == link.calls.end() || call->second->result) return;  // its deadline has passed
  if (frame->header.type == FrameType::error)
    call->second->end(decode_error(frame->message.meta));
  else
    call->second->end(std::move(frame->message));
}

}  // namespace ouro::sim
