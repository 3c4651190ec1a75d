// The way to one peer on one lane: dials when it is needed, pairs answers with calls, tries again.
#pragma once

#include "net/peer_connection.hpp"
#include "net/pending_calls.hpp"
#include "runtime/peers.hpp"

#include <memory>
#include <string>

namespace ouro::net {

/// For use on the context's executor. Everything it sends is a request and everything it receives
/// an answer: what the peer asks comes on connections that the peer dials.
class PeerLink final : public PeerConnection::Events {
 public:
  using Done = PendingCalls::Done;

  PeerLink(PeerContext& context, PeerAddress address, PeerLane lane);
  ~PeerLink() override;

  /// See Peers::call; `done` gets the outcome, never before this returns if it posts.
  void call(Message request, Instant deadline, Done done);

  /// Dials now, whatever it waits for, if there is no connection: the peer was told to be there.
  void connect();

  /// False from a failed dial or a lost connection until the peer's next Hello.
  bool healthy() const noexcept { return healthy_; }

  /// True once an open connection was lost.
  bool was_lost() const noexcept { return lost_; }

  void tick(Instant now);
  Instant due() const;
  void excuse(Instant now);
  PeerLinkStatus status() const;

  /// Ends the connection and every call; nothing is dialled any more.
  void close(const std::string& reason);

 private:
  void on_open(const Hello& peer) override;
  void on_frame(Frame frame) override;
  bool wants_frames() override { return true; }
  void on_closed(const Error& reason) override;

  void dial();
  void refuse_request(std::uint64_t stream);
  void fail_calls(std::uint64_t given_end, const std::string& reason);
  /// Whether it dials again by itself, so that a peer's return is noticed before it is needed.
  bool redials() const noexcept { return lane_ == context_.options.kept && !healthy_; }
  std::string name() const;

  PeerContext& context_;
  const PeerAddress address_;
  const PeerLane lane_;
  std::shared_ptr<PeerConnection> connection_;  // null: not dialled, or lost
  PendingCalls calls_;
  bool opened_ = false;  // the present or last connection got as far as the peer's Hello
  bool lost_ = false;    // an open connection ended, at any time
  bool ended_ = false;
  bool healthy_ = true;
  Duration backoff_;
  Instant retry_at_ = Instant::min();
  Boot boot_ = 0;
  std::string last_failure_;
};

}  // namespace ouro::net
