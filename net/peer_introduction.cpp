#include "net/peer_introduction.hpp"

#include "runtime/hello.hpp"

#include <algorithm>
#include <utility>

namespace ouro::net {

PeerIntroduction::PeerIntroduction(PeerContext& context, std::string host, std::uint16_t port,
                                   Message request, Instant deadline, Done done)
    : context_(context),
      host_(std::move(host)),
      port_(port),
      request_(std::move(request)),
      deadline_(deadline),
      done_(std::move(done)) {}

PeerIntroduction::~PeerIntroduction() {
  if (connection_) connection_->close();
}

void PeerIntroduction::begin() {
  if (!stranger_may_ask(request_))
    return end(Error{ErrorCode::invalid_argument,
                     "a stranger's request to " + name() + " is too large or has an attachment"});
  const Instant now = context_.clock.now();
  if (deadline_ <= now)
    return end(Error{ErrorCode::timeout, "the deadline passed before " + name() + " was asked"});
  connection_ = std::make_shared<PeerConnection>(context_, *this);
  FrameHeader header;
  header.type = FrameType::request;
  header.stream = 1;
  header.deadline_ms = milliseconds_until(deadline_, now);
  connection_->send(header, request_);  // it leaves after the Hellos
  connection_->introduce(host_, port_);
  context_.wake_at(due());
}

void PeerIntroduction::on_open(const Hello&) { context_.wake_at(due()); }

void PeerIntroduction::on_frame(Frame frame) {
  if (frame.header.type == FrameType::request || frame.header.stream != 1) return;
  if (frame.header.type == FrameType::reply)
    end(std::move(frame.message));
  else
    end(decode_error(frame.message.meta));
}

void PeerIntroduction::on_closed(const Error& reason) {
  ErrorCode code = reason.code == ErrorCode::busy ? ErrorCode::busy : ErrorCode::unreachable;
  if (connection_->given_end() > 0) code = ErrorCode::connection_lost;
  end(Error{code, name() + ": " + reason.message});
}

void PeerIntroduction::end(Result<Message> outcome) {
  if (connection_) connection_->close();
  Done done = std::exchange(done_, Done());
  context_.wake_at(context_.clock.now());  // whoever owns this may drop it then
  if (done) done(std::move(outcome));
}

void PeerIntroduction::tick(Instant now) {
  if (ended()) return;
  if (now >= deadline_) {
    const bool sent = connection_->given_end() > 0;
    end(Error{sent ? ErrorCode::timeout : ErrorCode::unreachable,
              name() + " did not answer in time"});
    return;
  }
  connection_->tick(now);
}

Instant PeerIntroduction::due() const {
  return ended() ? Instant::max() : std::min(deadline_, connection_->due());
}

void PeerIntroduction::excuse(Instant now) {
  if (!ended()) connection_->excuse(now);
}

void PeerIntroduction::close(const std::string& reason) {
  if (!ended()) on_closed(Error{ErrorCode::unreachable, reason});
}

}  // namespace ouro::net
