// How a simulated node reaches the other nodes: real frames over invented connections.
#pragma once

#include "runtime/peers.hpp"
#include "sim/clock.hpp"
#include "sim/network.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ouro::sim {

/// Peers on a Network, for one event loop of one life. Every message passes through the codec of
/// runtime/frame.hpp, checksums included: a damaged frame breaks its connection.
///
/// Keeps a connection to every peer on the control lane and dials it again when it breaks, so
/// reachable() recovers by itself; the other lanes are dialled when they are used. While a peer
/// refuses or is silent, calls fail at once.
class SimPeers final : public Peers, private Endpoint {
 public:
  SimPeers(Scheduler& scheduler, Network& network, SimClock& clock, NodeId self, Life life,
           std::uint64_t seed);
  SimPeers(const SimPeers&) = delete;
  SimPeers& operator=(const SimPeers&) = delete;
  ~SimPeers() override;

  Task<Result<Message>> call(NodeId peer, PeerLane lane, Message request,
                             Instant deadline) override;
  bool reachable(NodeId peer) const override;
  bool was_lost(NodeId peer) const override { return lost_.contains(peer); }
  void serve(PeerHandler& handler) override { handler_ = &handler; }
  void set_addresses(std::vector<PeerAddress> peers) override;

  /// The process ended (by a kill or a loss of power). Nothing arrives any more.
  void detach();

 private:
  using LinkKey = std::pair<NodeId, PeerLane>;
  struct Call;
  class Registration;
  enum class LinkState : std::uint8_t { idle, dialling, up, waiting };
  struct Link {
    LinkState state = LinkState::idle;
    ConnectionId connection = 0;
    unsigned failures = 0;
    std::map<std::uint64_t, Call*> calls;  // by stream; each lives in its coroutine
  };

  void dialled(NodeId peer, PeerLane lane, ConnectionId connection) override;
  void received(ConnectionId connection, NodeId from, std::string bytes) override;
  void broken(ConnectionId connection) override;

  Result<Link*> link_for(NodeId peer, PeerLane lane, const Message& request, Instant deadline);
  void dial(LinkKey key, Link& link);
  void retry_later(LinkKey key, Link& link);
  void send(Link& link, Call& call);
  void fail_calls(Link& link, ErrorCode code, const std::string& why);
  void answer(ConnectionId connection, NodeId from, std::uint64_t stream, Message request,
              Instant deadline);
  Task<void> work(ConnectionId connection, NodeId from, std::uint64_t stream, Message request,
                  Instant deadline);
  void refuse(ConnectionId connection, std::uint64_t stream, const Error& error);

  Scheduler& scheduler_;
  Network& network_;
  SimClock& clock_;
  NodeId self_;
  Life life_;
  SeededRandom random_;
  EndpointId endpoint_;
  PeerHandler* handler_ = nullptr;
  std::uint64_t last_stream_ = 0;
  std::size_t answering_ = 0;
  std::set<NodeId> peers_;
  std::set<NodeId> failing_;  // no connection succeeded since one failed
  std::set<NodeId> lost_;     ///< Peers to which an open connection broke.
  std::map<LinkKey, Link> links_;
};

}  // namespace ouro::sim
