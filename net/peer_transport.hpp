// The real network between nodes: Peers over TCP, for one event loop.
//
// Each node dials its peers for its own requests and accepts connections for theirs, one connection
// per lane, so control traffic never queues behind bulk. The connection to a peer on one lane
// (PeerOptions::kept) is dialled at once, and again and again until the peer is back, which is how
// reachable() recovers; a peer that dials us is dialled without waiting. The other lanes are
// dialled when they are needed. Who is let in: runtime/hello.hpp. The bytes are those of
// docs/formats.md.
#pragma once

#include "net/peer_options.hpp"
#include "net/peer_server.hpp"
#include "runtime/peers.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ouro::net {

/// For use on `executor` only (start() and hand_control_to() also before that runs). Before the
/// destructor either close() was awaited or the executor's context has destroyed what it still had
/// to run.
class PeerTransport final : public Peers {
 public:
  PeerTransport(asio::any_io_executor executor, Clock& clock, Random& random,
                PeerOptions options = PeerOptions());
  ~PeerTransport() override;

  /// Takes a name and begins to listen; returns the port. Calls before it are unreachable. Once.
  Result<std::uint16_t> start(const PeerIdentity& identity, const PeerListen& where);
  /// The same without listening: others hand connections over to this one.
  void start(const PeerIdentity& identity);

  /// Before start(): what peers open on the control lane goes to `control`, as soon as their Hello
  /// was read. The executor of `control` outlives that of this one.
  void hand_control_to(PeerTransport& control);

  Task<Result<Message>> call(NodeId peer, PeerLane lane, Message request,
                             Instant deadline) override;
  Task<Result<Message>> introduce(std::string host, std::uint16_t port, Message request,
                                  Instant deadline) override;
  bool reachable(NodeId peer) const override;
  bool was_lost(NodeId peer) const override;
  void serve(PeerHandler& handler) override;
  void set_addresses(std::vector<PeerAddress> peers) override;

  /// Closes everything: calls under way end with connection_lost, later ones with unreachable.
  void stop();
  /// stop(), then waits for the requests of others that are under way here.
  Task<void> close();

  /// May be read from any thread.
  const PeerCounters& counters() const;
  /// One entry for each connection that was ever dialled to a present peer.
  std::vector<PeerLinkStatus> links() const;
  /// Why the last accepted connection ended; empty if none did.
  const std::string& last_accept_failure() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ouro::net
