#include "net/peer_link.hpp"

#include <algorithm>
#include <utility>

namespace ouro::net {

PeerLink::PeerLink(PeerContext& context, PeerAddress address, PeerLane lane)
    : context_(context),
      address_(std::move(address)),
      lane_(lane),
      calls_(context.options.calls_max),
      backoff_(context.options.backoff_min) {}

PeerLink::~PeerLink() {
  if (connection_) connection_->close();
}

std::string PeerLink::name() const {
  return "node " + std::to_string(to_integer(address_.node)) + " at " + address_.host + ":" +
         std::to_string(address_.port);
}

void PeerLink::call(Message request, Instant deadline, Done done) {
  const Instant now = context_.clock.now();
  const std::size_t attachment_size = request.attachment_size();
  if (request.meta.size() > meta_size_max || attachment_size > attachment_size_max) {
    done(Error{ErrorCode::invalid_argument, "message to " + name() + " is too large"});
    return;
  }
  if (deadline <= now) {
    context_.counters.calls_timed_out.add();
    done(Error{ErrorCode::timeout, "the deadline passed before " + name() + " was asked"});
    return;
  }
  const std::size_t queued = connection_ ? connection_->queued() : 0;
  const std::size_t size = frame_header_size + request.meta.size() + attachment_size;
  if (calls_.full() || (queued > 0 && queued + size > context_.options.queued_bytes_max)) {
    context_.counters.calls_refused.add();
    done(Error{ErrorCode::busy, "too much is under way to " + name()});
    return;
  }
  if (!connection_ && !ended_ && now >= retry_at_) dial();
  if (!connection_) {
    context_.counters.calls_unreachable.add();
    done(Error{ErrorCode::unreachable, name() + ": " + last_failure_});
    return;
  }
  context_.counters.calls.add();
  FrameHeader header;
  header.type = FrameType::request;
  header.deadline_ms = milliseconds_until(deadline, now);
  header.stream = calls_.add(deadline, connection_->queue_end(), std::move(done));
  connection_->send(header, request);
  context_.wake_at(deadline);
}

void PeerLink::connect() {
  if (!connection_ && !ended_) dial();
}

void PeerLink::dial() {
  opened_ = false;
  connection_ = std::make_shared<PeerConnection>(context_, *this);
  connection_->dial(address_.host, address_.port, address_.node, lane_);
  context_.wake_at(connection_->due());
}

void PeerLink::on_open(const Hello& peer) {
  opened_ = healthy_ = true;
  boot_ = peer.boot;
  backoff_ = context_.options.backoff_min;
  context_.wake_at(connection_->due());
}

void PeerLink::on_frame(Frame frame) {
  if (frame.header.type == FrameType::request) {
    refuse_request(frame.header.stream);
    return;
  }
  Done done = calls_.take(frame.header.stream);
  if (!done) return;  // its deadline has passed
  if (frame.header.type == FrameType::reply)
    done(std::move(frame.message));
  else
    done(decode_error(frame.message.meta));
}

void PeerLink::refuse_request(std::uint64_t stream) {
  FrameHeader header;
  header.type = FrameType::error;
  header.stream = stream;
  Message reason;
  reason.meta = encode_error(
      Error{ErrorCode::unsupported, "requests travel on connections that the asking node dials"});
  connection_->send(header, reason);
}

void PeerLink::on_closed(const Error& reason) {
  const std::shared_ptr<PeerConnection> ended = std::exchange(connection_, nullptr);
  if (!opened_) context_.counters.dials_failed.add();
  lost_ = lost_ || opened_;
  healthy_ = false;
  last_failure_ = reason.message;
  const auto half = static_cast<std::uint64_t>(backoff_.count()) / 2;
  const auto jitter = Duration(static_cast<std::int64_t>(context_.random.below(half + 1)));
  retry_at_ = context_.clock.now() + backoff_ + jitter;
  backoff_ = std::min(2 * backoff_, context_.options.backoff_max);
  if (redials()) context_.wake_at(retry_at_);
  fail_calls(ended->given_end(), reason.message);
}

void PeerLink::fail_calls(std::uint64_t given_end, const std::string& reason) {
  for (PendingCalls::Lost& lost : calls_.take_all(given_end)) {
    Counter& counter =
        lost.perhaps_written ? context_.counters.calls_lost : context_.counters.calls_unreachable;
    counter.add();
    const ErrorCode code =
        lost.perhaps_written ? ErrorCode::connection_lost : ErrorCode::unreachable;
    lost.done(Error{code, name() + ": " + reason});
  }
}

void PeerLink::tick(Instant now) {
  for (Done& done : calls_.take_expired(now)) {
    context_.counters.calls_timed_out.add();
    done(Error{ErrorCode::timeout, name() + " did not answer in time"});
  }
  if (connection_)
    connection_->tick(now);
  else if (!ended_ && redials() && now >= retry_at_)
    dial();
}

Instant PeerLink::due() const {
  Instant due = calls_.earliest_deadline();
  if (connection_)
    due = std::min(due, connection_->due());
  else if (!ended_ && redials())
    due = std::min(due, retry_at_);
  return due;
}

void PeerLink::excuse(Instant now) {
  if (connection_) connection_->excuse(now);
}

PeerLinkStatus PeerLink::status() const {
  PeerLinkStatus status;
  status.node = address_.node;
  status.lane = lane_;
  status.open = connection_ && connection_->open();
  status.boot = boot_;
  status.calls = calls_.size();
  status.last_failure = last_failure_;
  return status;
}

void PeerLink::close(const std::string& reason) {
  ended_ = true;
  last_failure_ = reason;
  const std::shared_ptr<PeerConnection> ended = std::exchange(connection_, nullptr);
  if (!ended) return;
  ended->close();
  fail_calls(ended->given_end(), reason);
}

}  // namespace ouro::net
