#include "sim/sim_peers.hpp"

#include "base/check.hpp"
#include "runtime/coroutine.hpp"
#include "sim/sim_frame.hpp"

#include <algorithm>
#include <exception>

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

SimPeers::SimPeers(Scheduler& scheduler, Network& network, SimClock& clock, NodeId self, Life life,
                   std::uint64_t seed)
    : scheduler_(scheduler),
      network_(network),
      clock_(clock),
      self_(self),
      life_(life),
      random_(seed),
      endpoint_(network.attach(self, *this)) {}

SimPeers::~SimPeers() { detach(); }

void SimPeers::detach() {
  if (endpoint_ != 0) network_.detach(endpoint_);
  endpoint_ = 0;
}

bool SimPeers::reachable(NodeId peer) const {
  return peers_.contains(peer) && !failing_.contains(peer);
}

void SimPeers::set_addresses(std::vector<PeerAddress> peers) {
  std::set<NodeId> wanted;
  for (const PeerAddress& peer : peers)
    if (peer.node != self_) wanted.insert(peer.node);
  std::swap(peers_, wanted);
  for (auto& [key, link] : links_) {
    if (peers_.contains(key.first)) continue;
    if (link.connection != 0) network_.reset(link.connection);
    fail_calls(link, ErrorCode::connection_lost, "is no longer a peer");
    failing_.erase(key.first);
  }
  for (const NodeId peer : peers_) {
    const LinkKey key(peer, PeerLane::control);
    Link& link = links_[key];
    if (link.state == LinkState::idle) dial(key, link);
  }
}

Result<SimPeers::Link*> SimPeers::link_for(NodeId peer, PeerLane lane, const Message& request,
                                           Instant deadline) {
  if (!fits(request))
    return Error{ErrorCode::invalid_argument, "a message to " + name_of(peer) + " is too large"};
  if (!peers_.contains(peer))
    return Error{ErrorCode::unreachable, name_of(peer) + " has no known address"};
  if (deadline <= clock_.now())
    return Error{ErrorCode::timeout,
                 "the deadline had passed before " + name_of(peer) + " was asked"};
  Link& link = links_[LinkKey(peer, lane)];
  if (link.calls.size() >= network_.options().calls_max)
    return Error{ErrorCode::busy, "too many calls are under way to " + name_of(peer)};
  if (link.state == LinkState::waiting)
    return Error{ErrorCode::unreachable, name_of(peer) + " does not answer"};
  return &link;
}

Task<Result<Message>> SimPeers::call(NodeId peer, PeerLane lane, Message request,
                                     Instant deadline) {
  const Result<Link*> link = link_for(peer, lane, request, deadline);
  if (!link) co_return link.error();
  FrameHeader header;
  header.stream = ++last_stream_;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_.now()).count();
  header.deadline_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(left, UINT32_MAX));

  Call call;
  call.timer = clock_.make_timer();
  call.frame = encode_frame(header, request);
  const LinkKey key(peer, lane);
  const Registration registration(*this, key, header.stream, call);
  if ((*link)->state == LinkState::up)
    send(**link, call);
  else if ((*link)->state == LinkState::idle)
    dial(key, **link);

  while (!call.result && clock_.now() < deadline) co_await call.timer->wait_until(deadline);
  if (call.result) co_return std::move(*call.result);
  const ErrorCode code = call.frame.empty() ? ErrorCode::timeout : ErrorCode::unreachable;
  co_return Error{code, name_of(peer) + " did not answer in time"};
}

void SimPeers::send(Link& link, Call& call) {
  network_.send(link.connection, endpoint_, std::move(call.frame));
  call.frame.clear();
}

void SimPeers::dial(LinkKey key, Link& link) {
  link.state = LinkState::dialling;
  network_.dial(endpoint_, key.first, key.second);
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
  const NetworkOptions& options = network_.options();
  const Duration cap =
      std::min(options.retry_most, options.retry_least * (1 << std::min(link.failures, 10u)));
  const Duration wait =
      cap / 2 + Duration(random_.below(static_cast<std::uint64_t>(cap.count() / 2 + 1)));
  ++link.failures;
  const Instant due = scheduler_.now() + wait;
  scheduler_.add(life_, due, Scheduler::Handler([this, key] {
                   Link& same = links_[key];
                   if (same.state != LinkState::waiting) return;
                   same.state = LinkState::idle;
                   const bool wanted =
                       peers_.contains(key.first) && key.second == PeerLane::control;
                   if (wanted) dial(key, same);
                 }));
}

void SimPeers::dialled(NodeId peer, PeerLane lane, ConnectionId connection) {
  const LinkKey key(peer, lane);
  Link& link = links_[key];
  if (connection == 0) {
    if (peers_.contains(peer)) failing_.insert(peer);
    fail_calls(link, ErrorCode::unreachable, name_of(peer) + " could not be connected to");
    return retry_later(key, link);
  }
  link.state = LinkState::up;
  link.connection = connection;
  link.failures = 0;
  failing_.erase(peer);
  if (!peers_.contains(peer)) return network_.reset(connection);
  for (auto& [other, waiting] : links_)  // what reaches one lane reaches the others
    if (other.first == peer && waiting.state == LinkState::waiting &&
        other.second != PeerLane::control)
      waiting.state = LinkState::idle;
  for (const auto& [stream, call] : link.calls)
    if (!call->frame.empty()) send(link, *call);
}

void SimPeers::broken(ConnectionId connection) {
  for (auto& [key, link] : links_) {
    if (link.connection != connection) continue;
    link.connection = 0;
    link.state = LinkState::idle;
    lost_.insert(key.first);
    if (peers_.contains(key.first)) {
      failing_.insert(key.first);
      retry_later(key, link);
    }
    fail_calls(link, ErrorCode::connection_lost,
               "the connection to " + name_of(key.first) + " broke");
    return;
  }
}

void SimPeers::received(ConnectionId connection, NodeId from, std::string bytes) {
  Result<WholeFrame> frame = decode_frame(bytes);
  if (!frame) return network_.reset(connection);
  const FrameHeader& header = frame->header;
  if (header.type == FrameType::request) {
    const Instant deadline = clock_.now() + std::chrono::milliseconds(header.deadline_ms);
    return answer(connection, from, header.stream, std::move(frame->message), deadline);
  }
  for (auto& [key, link] : links_) {
    if (link.connection != connection) continue;
    const auto call = link.calls.find(header.stream);
    if (call == link.calls.end() || call->second->result) return;  // its deadline has passed
    if (header.type == FrameType::error)
      call->second->end(decode_error(frame->message.meta));
    else
      call->second->end(std::move(frame->message));
    return;
  }
}

void SimPeers::refuse(ConnectionId connection, std::uint64_t stream, const Error& error) {
  FrameHeader header;
  header.type = FrameType::error;
  header.stream = stream;
  const Message message{0, encode_error(error), {}};
  network_.send(connection, endpoint_, encode_frame(header, message));
}

void SimPeers::answer(ConnectionId connection, NodeId from, std::uint64_t stream, Message request,
                      Instant deadline) {
  if (!handler_)
    return refuse(connection, stream,
                  Error{ErrorCode::unreachable, name_of(self_) + " does not serve yet"});
  if (answering_ >= network_.options().calls_max * peer_lane_count)
    return refuse(connection, stream, Error{ErrorCode::busy, name_of(self_) + " is busy"});
  asio::co_spawn(scheduler_.executor(life_),
                 work(connection, from, stream, std::move(request), deadline),
                 [](std::exception_ptr escaped) { check(escaped == nullptr); });
}

Task<void> SimPeers::work(ConnectionId connection, NodeId from, std::uint64_t stream,
                          Message request, Instant deadline) {
  struct Counted {
    explicit Counted(std::size_t& n) : count(n) { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
    std::size_t& count;
  };
  const Counted counted(answering_);
  Task<Message> answering = handler_->answer(from, std::move(request), deadline);
  const Message reply = co_await std::move(answering);
  if (!fits(reply)) {
    const Error error{ErrorCode::invalid_argument, "the answer is too large to be sent"};
    refuse(connection, stream, error);
    co_return;
  }
  FrameHeader header;
  header.type = FrameType::reply;
  header.stream = stream;
  network_.send(connection, endpoint_, encode_frame(header, reply));
}

}  // namespace ouro::sim
