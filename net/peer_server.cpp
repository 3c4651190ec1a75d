#include "net/peer_server.hpp"

#include "runtime/coroutine.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace ouro::net {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto accept_pause = std::chrono::milliseconds(100);

Error listen_error(const tcp::endpoint& endpoint, const error_code& error) {
  const bool taken = error == asio::error::address_in_use;
  const std::string where = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
  return Error{taken ? ErrorCode::busy : ErrorCode::io,
               "listen on " + where + ": " + error.message() +
                   (taken ? " (another process listens there: choose another port)" : "")};
}

}  // namespace

// One accepted connection and what is under way on it.
class PeerServer::Session final : public PeerConnection::Events,
                                  public std::enable_shared_from_this<Session> {
 public:
  Session(PeerServer& server, std::uint64_t number)
      : server_(&server),
        number_(number),
        connection_(std::make_shared<PeerConnection>(server.context_, *this)) {}

  PeerConnection& connection() { return *connection_; }
  NodeId peer() const { return peer_; }
  bool stranger() const { return expires_ != Instant::max(); }

  void tick(Instant now) {
    if (now >= expires_)
      connection_->fail(Error{ErrorCode::timeout, "a stranger stayed too long"});
    else
      connection_->tick(now);
  }
  Instant due() const { return std::min(expires_, connection_->due()); }

  void begun(std::size_t size) {
    ++requests_;
    bytes_ += size;
  }
  void finished(std::size_t size) {
    --requests_;
    bytes_ -= size;
    connection_->resume();
  }

  void reply(std::uint64_t stream, const Message& message) {
    if (message.meta.size() > meta_size_max || message.attachment_size() > attachment_size_max) {
      refuse(stream, Error{ErrorCode::connection_lost, "the reply is too large to be sent"});
      return;
    }
    FrameHeader header;
    header.type = FrameType::reply;
    header.stream = stream;
    answer(header, message);
  }

  void refuse(std::uint64_t stream, const Error& reason) {
    FrameHeader header;
    header.type = FrameType::error;
    header.stream = stream;
    Message message;
    message.meta = encode_error(reason);
    answer(header, message);
  }

 private:
  void answer(const FrameHeader& header, const Message& message) {
    connection_->send(header, message);
    if (stranger()) connection_->send_no_more();
  }
  Status admit(const Hello& peer) override {
    const Status admitted = server_->admission_.check(peer, server_->strangers());
    if (!admitted) return admitted;
    peer_ = peer.node;
    if (!is_stranger(peer)) return {};
    expires_ = server_->context_.clock.now() + server_->context_.options.stranger_time;
    connection_->limit_frames(stranger_meta_max, 0);
    return {};
  }
  void on_handed_over() override { server_->sessions_.erase(number_); }
  void on_open(const Hello& peer) override {
    server_->context_.wake_at(due());
    server_->context_.peer_arrived(peer.node);
  }
  void on_frame(Frame frame) override {
    if (frame.header.type != FrameType::request) return;
    if (stranger() && asked_) {
      connection_->fail(Error{ErrorCode::denied, "a stranger asked twice"});
      return;
    }
    asked_ = true;
    server_->begin(shared_from_this(), std::move(frame));
  }
  bool wants_frames() override {
    const PeerOptions& options = server_->context_.options;
    return requests_ < options.served_max &&
           bytes_ + connection_->queued() < options.served_bytes_max;
  }
  void on_closed(const Error& reason) override { server_->ended(number_, reason); }

  PeerServer* server_;
  const std::uint64_t number_;
  const std::shared_ptr<PeerConnection> connection_;
  NodeId peer_{};
  Instant expires_ = Instant::max();  // of a stranger's
  bool asked_ = false;
  std::size_t requests_ = 0;
  std::size_t bytes_ = 0;
};

PeerServer::PeerServer(PeerContext& context)
    : context_(context),
      acceptor_(context.executor),
      accept_again_(context.executor),
      nursery_(context.executor, context.clock) {}

PeerServer::~PeerServer() { close(); }

Result<std::uint16_t> PeerServer::listen(const PeerListen& where) {
  error_code error;
  tcp::resolver resolver(context_.executor);
  const auto found =
      resolver.resolve(where.host, std::to_string(where.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty())
    return Error{ErrorCode::invalid_argument, "listen on " + where.host + ": " + error.message()};
  const tcp::endpoint endpoint = found.begin()->endpoint();
  if (where.use == PortUse::first_of_several) {
    const Status alone = open(endpoint, false);
    if (!alone) return alone.error();
    acceptor_.close(error);
  }
  const Status opened = open(endpoint, where.use != PortUse::alone);
  if (!opened) return opened.error();
  begin_to_take();
  accept();
  return acceptor_.local_endpoint(error).port();
}

Status PeerServer::open(const tcp::endpoint& endpoint, bool shared_port) {
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (error) return listen_error(endpoint, error);
  acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  const int yes = 1;
  if (!error && shared_port &&
      ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0)
    error = error_code(errno, boost::system::system_category());
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return {};
  error_code ignored;
  acceptor_.close(ignored);
  return listen_error(endpoint, error);
}

void PeerServer::accept() {
  acceptor_.async_accept([weak = weak_from_this()](const error_code& error, tcp::socket socket) {
    const std::shared_ptr<PeerServer> self = weak.lock();
    if (!self || !self->acceptor_.is_open()) return;
    if (error) {
      self->last_failure_ = "accept: " + error.message();
      self->accept_later();
      return;
    }
    self->accepted(std::move(socket));
    self->accept();
  });
}

// Out of file descriptors, most likely: trying again at once would only spin.
void PeerServer::accept_later() {
  accept_again_.expires_after(accept_pause);
  accept_again_.async_wait([weak = weak_from_this()](const error_code& error) {
    const std::shared_ptr<PeerServer> self = weak.lock();
    if (self && !error && self->acceptor_.is_open()) self->accept();
  });
}

void PeerServer::accepted(tcp::socket socket) {
  const std::shared_ptr<Session> session = new_session();
  if (!session) return;  // the socket closes
  session->connection().adopt(std::move(socket));
  context_.wake_at(session->due());
}

void PeerServer::take(HandedOver connection) {
  if (!taking_) return;
  const std::shared_ptr<Session> session = new_session();
  if (!session) return;
  tcp::socket socket(context_.executor);
  error_code error;
  const int descriptor = connection.release();
  socket.assign(connection.v6 ? tcp::v6() : tcp::v4(), descriptor, error);
  if (error) {
    ::close(descriptor);
    session->connection().fail(Error{ErrorCode::io, "take a connection: " + error.message()});
    return;
  }
  session->connection().adopt(std::move(socket), connection.hello);
  context_.wake_at(session->due());
}

// Nothing when there are too many.
std::shared_ptr<PeerServer::Session> PeerServer::new_session() {
  if (sessions_.size() >= context_.options.accepted_max) {
    last_failure_ = "too many peer connections";
    return nullptr;
  }
  const std::uint64_t number = ++sessions_begun_;
  const auto session = std::make_shared<Session>(*this, number);
  sessions_.emplace(number, session);
  return session;
}

void PeerServer::set_members(std::set<NodeId> members) {
  admission_.set_members(std::move(members));
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    const std::shared_ptr<Session> session = (at++)->second;  // it may be erased
    if (!admission_.welcome(session->peer()))
      session->connection().fail(Error{ErrorCode::denied, "the peer is no longer a member"});
  }
}

std::size_t PeerServer::strangers() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      sessions_, [](const auto& session) { return session.second->stranger(); }));
}

void PeerServer::ended(std::uint64_t session, const Error& reason) {
  last_failure_ = reason.message;
  sessions_.erase(session);
}

void PeerServer::begin(std::shared_ptr<Session> session, Frame frame) {
  if (handler_ == nullptr) {
    session->refuse(frame.header.stream,
                    Error{ErrorCode::unreachable, "the node is starting and serves nothing yet"});
    return;
  }
  const Instant deadline =
      context_.clock.now() + std::chrono::milliseconds(frame.header.deadline_ms);
  session->begun(frame.size());
  nursery_.spawn(answer(std::move(session), std::move(frame), deadline));
}

Task<void> PeerServer::answer(std::shared_ptr<Session> session, Frame frame, Instant deadline) {
  const std::size_t size = frame.size();
  if (context_.clock.now() < deadline) {
    Message reply = co_await handler_->answer(session->peer(), std::move(frame.message), deadline);
    context_.counters.requests_served.add();
    session->reply(frame.header.stream, reply);
  } else {
    context_.counters.requests_late.add();
    session->refuse(frame.header.stream,
                    Error{ErrorCode::timeout, "the deadline passed before the request was begun"});
  }
  session->finished(size);
}

void PeerServer::tick(Instant now) {
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    const std::shared_ptr<Session> session = (at++)->second;  // a tick may erase it
    session->tick(now);
  }
}

Instant PeerServer::due() const {
  Instant due = Instant::max();
  for (const auto& [number, session] : sessions_) due = std::min(due, session->due());
  return due;
}

void PeerServer::excuse(Instant now) {
  for (const auto& [number, session] : sessions_) session->connection().excuse(now);
}

void PeerServer::close() {
  taking_ = false;
  error_code ignored;
  acceptor_.close(ignored);
  accept_again_.cancel();
  for (const auto& [number, session] : sessions_) session->connection().close();
  sessions_.clear();
}

Task<void> PeerServer::finish() { return nursery_.close(); }

}  // namespace ouro::net
