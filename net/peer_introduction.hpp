// Asking somebody of whom only the address is known: one connection, one request, one answer.
#pragma once

#include "net/peer_connection.hpp"
#include "net/pending_calls.hpp"
#include "runtime/peers.hpp"

#include <memory>
#include <string>

namespace ouro::net {

/// For use on the context's executor. Calls itself a stranger whoever this node is.
class PeerIntroduction final : public PeerConnection::Events {
 public:
  using Done = PendingCalls::Done;

  PeerIntroduction(PeerContext& context, std::string host, std::uint16_t port, Message request,
                   Instant deadline, Done done);
  ~PeerIntroduction() override;

  /// See Peers::introduce(). Once.
  void begin();
  bool ended() const noexcept { return !done_; }

  void tick(Instant now);
  Instant due() const;
  void excuse(Instant now);
  void close(const std::string& reason);

 private:
  void on_open(const Hello& peer) override;
  void on_frame(Frame frame) override;
  bool wants_frames() override { return true; }
  void on_closed(const Error& reason) override;
  void end(Result<Message> outcome);
  std::string name() const { return host_ + ":" + std::to_string(port_); }

  PeerContext& context_;
  const std::string host_;
  const std::uint16_t port_;
  Message request_;
  const Instant deadline_;
  Done done_;  // empty once ended
  std::shared_ptr<PeerConnection> connection_;
};

}  // namespace ouro::net
