#include "net/peer_connection.hpp"

#include "base/check.hpp"
#include "runtime/hello.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace ouro::net {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t write_size_max = std::size_t{1} << 20;

// The buffers of one write, without copying the list of them.
struct Gathered {
  const asio::const_buffer* first;
  const asio::const_buffer* last;
  const asio::const_buffer* begin() const { return first; }
  const asio::const_buffer* end() const { return last; }
};

Error lost(const error_code& error) {
  const bool ended = error == asio::error::eof;
  return Error{ErrorCode::connection_lost,
               ended ? "the peer closed the connection" : "connection failed: " + error.message()};
}

}  // namespace

std::uint32_t milliseconds_until(Instant deadline, Instant now) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  const std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, longest));
}

PeerConnection::PeerConnection(PeerContext& context, Events& events)
    : context_(context),
      events_(&events),
      socket_(context.executor),
      resolver_(context.executor),
      heard_(context.clock.now()),
      sent_(heard_) {}

void PeerConnection::dial(const std::string& host, std::uint16_t port, NodeId expected,
                          PeerLane lane) {
  expected_ = expected;
  lane_ = lane;
  begin_dial(host, port);
}

void PeerConnection::introduce(const std::string& host, std::uint16_t port) {
  stranger_ = true;
  lane_ = PeerLane::control;
  begin_dial(host, port);
}

void PeerConnection::begin_dial(const std::string& host, std::uint16_t port) {
  dialled_ = true;
  error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    connect({tcp::endpoint(address, port)});
    return;
  }
  resolver_.async_resolve(
      host, std::to_string(port),
      [self = shared_from_this(), host](const error_code& error, const auto& results) {
        if (self->closed()) return;
        if (error) {
          self->fail(Error{ErrorCode::unreachable, "resolve " + host + ": " + error.message()});
          return;
        }
        self->connect(std::vector<tcp::endpoint>(results.begin(), results.end()));
      });
}

void PeerConnection::connect(const std::vector<tcp::endpoint>& endpoints) {
  asio::async_connect(socket_, endpoints,
                      [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
                        if (self->closed()) return;
                        if (error) {
                          self->fail(Error{ErrorCode::unreachable, "connect: " + error.message()});
                          return;
                        }
                        self->set_socket_options();
                        const Hello hello = hello_of(self->identity(), self->lane_);
                        self->send_hello(hello, [self] { self->read_hello(); });
                      });
}

void PeerConnection::adopt(tcp::socket socket) {
  socket_ = std::move(socket);
  set_socket_options();
  read_hello();
}

void PeerConnection::adopt(tcp::socket socket, const std::array<char, hello_size>& hello) {
  socket_ = std::move(socket);
  set_socket_options();
  hello_in_ = hello;
  hello_arrived();
}

// Both only make it faster or notice a dead host sooner, so a refusal is no reason to give up.
void PeerConnection::set_socket_options() {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
}

void PeerConnection::send_hello(const Hello& hello, UniqueFunction<void()> then) {
  hello_out_ = encode_hello(hello);
  asio::async_write(socket_, asio::buffer(hello_out_),
                    [self = shared_from_this(), then = std::move(then)](const error_code& error,
                                                                        std::size_t) mutable {
                      if (self->closed()) return;
                      if (error)
                        self->fail(lost(error));
                      else
                        then();
                    });
}

void PeerConnection::read_hello() {
  asio::async_read(socket_, asio::buffer(hello_in_),
                   [self = shared_from_this()](const error_code& error, std::size_t) {
                     if (self->closed()) return;
                     if (error)
                       self->fail(lost(error));
                     else
                       self->hello_arrived();
                   });
}

void PeerConnection::hello_arrived() {
  const Result<Hello> hello = decode_hello(std::string_view(hello_in_.data(), hello_in_.size()));
  if (dialled_)
    answer_arrived(hello);
  else if (hello && hello->lane == PeerLane::control && context_.hand_over)
    hand_over();
  else
    caller_arrived(hello);
}

void PeerConnection::answer_arrived(const Result<Hello>& hello) {
  Status fits;
  if (!hello)
    fits = hello.error();
  else
    fits = check_answer(identity(), *hello, expected_, lane_);
  if (fits) {
    become_open(*hello);
    return;
  }
  context_.counters.hellos_refused.add();
  fail(fits.error());
}

// The other side learns from our Hello why it is refused.
void PeerConnection::caller_arrived(const Result<Hello>& hello) {
  Status fits;
  if (!hello)
    fits = hello.error();
  else
    fits = check_caller(identity(), *hello);
  if (hello) lane_ = hello->lane;
  Hello answer = hello_of(identity(), lane_);
  if (fits) {
    fits = events_->admit(*hello);
    if (!fits) answer = refusal(identity(), lane_);
  }
  if (fits) {
    send_hello(answer, [this, peer = *hello] { become_open(peer); });
    return;
  }
  context_.counters.hellos_refused.add();
  if (fits.error().code == ErrorCode::corruption)
    fail(fits.error());
  else
    send_hello(answer, [this, reason = fits.error()] { fail(reason); });
}

void PeerConnection::hand_over() {
  error_code error;
  const bool v6 = socket_.local_endpoint(error).address().is_v6();
  const int descriptor = error ? -1 : socket_.release(error);
  if (error) {
    fail(lost(error));
    return;
  }
  HandedOver handed(descriptor, v6, hello_in_);
  Events& events = *events_;
  close();
  context_.hand_over(std::move(handed));
  events.on_handed_over();
}

void PeerConnection::become_open(const Hello& peer) {
  open_ = true;
  heard_ = sent_ = context_.clock.now();
  context_.counters.connections_opened.add();
  events_->on_open(peer);
  read();
  write();
}

void PeerConnection::send(const FrameHeader& header, const Message& message) {
  if (closed() || last_queued_) return;
  queue_.add(header, message);
  schedule_write();
}

void PeerConnection::send_no_more() {
  last_queued_ = true;
  schedule_write();
}

void PeerConnection::resume() {
  if (closed() || reading_ || !open_) return;
  excuse(context_.clock.now());
  deliver();
  read();
}

void PeerConnection::read() {
  if (closed() || reading_ || !arrived_.empty() || !events_->wants_frames()) return;
  reading_ = true;
  const FrameReader::Space space = reader_.space();
  const std::array<asio::mutable_buffer, 2> buffers{
      asio::buffer(space.first.data(), space.first.size()),
      asio::buffer(space.second.data(), space.second.size())};
  socket_.async_read_some(buffers,
                          [self = shared_from_this()](const error_code& error, std::size_t count) {
                            self->reading_ = false;
                            if (self->closed()) return;
                            if (error) {
                              self->fail(lost(error));
                              return;
                            }
                            self->arrived(count);
                            self->read();
                          });
}

void PeerConnection::arrived(std::size_t count) {
  heard_ = context_.clock.now();
  context_.counters.bytes_received.add(count);
  const Status intact = reader_.received(count, arrived_);
  deliver();
  if (intact || closed()) return;
  context_.counters.frames_damaged.add();
  fail(intact.error());
}

void PeerConnection::deliver() {
  while (!closed() && delivered_ < arrived_.size() && events_->wants_frames())
    frame_arrived(std::move(arrived_[delivered_++]));
  if (delivered_ < arrived_.size()) return;
  arrived_.clear();
  delivered_ = 0;
}

void PeerConnection::frame_arrived(Frame frame) {
  FrameHeader answer;
  answer.stream = frame.header.stream;
  switch (frame.header.type) {
    case FrameType::request:
    case FrameType::reply:
    case FrameType::error:
      events_->on_frame(std::move(frame));
      return;
    case FrameType::ping:
      answer.type = FrameType::pong;
      send(answer, Message());
      return;
    case FrameType::pong:
      return;  // that it arrived is all there is to know
  }
  context_.counters.frames_unknown.add();
  const auto type = static_cast<unsigned>(frame.header.type);
  Message reason;
  reason.meta = encode_error(Error{
      ErrorCode::unsupported, "this node does not know frames of type " + std::to_string(type)});
  answer.type = FrameType::error;
  send(answer, reason);
}

// Later in this turn of the loop, so that all that it queues leaves together.
void PeerConnection::schedule_write() {
  if (!open_ || writing_ || write_scheduled_) return;
  write_scheduled_ = true;
  asio::post(context_.executor, [self = shared_from_this()] {
    self->write_scheduled_ = false;
    self->write();
  });
}

void PeerConnection::write() {
  if (closed() || writing_) return;
  if (queue_.empty()) {
    error_code ignored;  // then it is closed already
    if (last_queued_) socket_.shutdown(tcp::socket::shutdown_send, ignored);
    return;
  }
  writing_ = true;
  queue_.gather(write_size_max, pieces_);
  buffers_.clear();
  for (const std::string_view piece : pieces_) buffers_.emplace_back(piece.data(), piece.size());
  const Gathered gathered{buffers_.data(), buffers_.data() + buffers_.size()};
  socket_.async_write_some(gathered,
                           [self = shared_from_this()](const error_code& error, std::size_t count) {
                             self->writing_ = false;
                             if (self->closed()) return;
                             if (error) {
                               self->fail(lost(error));
                               return;
                             }
                             self->queue_.consume(count);
                             self->sent_ = self->context_.clock.now();
                             self->context_.counters.writes.add();
                             self->context_.counters.bytes_sent.add(count);
                             self->write();
                             if (!self->reading_) self->resume();
                           });
}

void PeerConnection::tick(Instant now) {
  if (closed()) return;
  const bool listening = reading_ || !open_;
  if (listening && now - heard_ >= context_.options.silence_max) {
    const auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(now - heard_).count();
    fail(Error{ErrorCode::connection_lost,
               "nothing heard from the peer for " + std::to_string(silent) + " ms"});
    return;
  }
  if (open_ && !writing_ && now - sent_ >= context_.options.heartbeat) {
    FrameHeader ping;
    ping.type = FrameType::ping;
    send(ping, Message());
    sent_ = now;
  }
}

Instant PeerConnection::due() const {
  const bool listening = reading_ || !open_;
  Instant due = listening ? heard_ + context_.options.silence_max : Instant::max();
  if (open_ && !writing_) due = std::min(due, sent_ + context_.options.heartbeat);
  return due;
}

void PeerConnection::fail(Error reason) {
  if (closed()) return;
  Events& events = *events_;
  if (open_) context_.counters.connections_lost.add();
  close();
  events.on_closed(reason);
}

void PeerConnection::close() {
  events_ = nullptr;
  open_ = false;
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace ouro::net
