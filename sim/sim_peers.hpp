// How a simulated node reaches the other nodes: real frames over invented connections.
#pragma once

#include "runtime/peers.hpp"
#include "sim/clock.hpp"
#include "sim/network.hpp"
#include "sim/sim_server.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ouro::sim {

/// Peers on a Network, for one event loop of one life. Every Hello and every message passes through
/// the codec of runtime/frame.hpp, checksums included: a damaged frame breaks its connection.
/// PeerAddress::host names a machine; its port is not looked at.
///
/// Keeps a connection to every peer (on the control lane for the control loop, on the foreground
/// lane for a data loop) and dials it again when it breaks, so reachable() recovers by itself; the
/// other lanes are dialled when they are used. While a peer refuses or is silent, calls fail at
/// once.
class SimPeers final : public Peers, private Endpoint {
 public:
  /// `machine` is where it runs; `accepts` what it will listen to, and so which loop's it is.
  SimPeers(Scheduler& scheduler, Network& network, SimClock& clock, NodeId machine, Life life,
           Accepts accepts, std::uint64_t seed);
  SimPeers(const SimPeers&) = delete;
  SimPeers& operator=(const SimPeers&) = delete;
  ~SimPeers() override;

  /// Takes a name, begins to listen and to dial. Once.
  void start(const PeerIdentity& identity);

  Task<Result<Message>> call(NodeId peer, PeerLane lane, Message request,
                             Instant deadline) override;
  Task<Result<Message>> introduce(std::string host, std::uint16_t port, Message request,
                                  Instant deadline) override;
  bool reachable(NodeId peer) const override;
  bool was_lost(NodeId peer) const override { return lost_.contains(peer); }
  void serve(PeerHandler& handler) override { server_.serve(handler); }
  void set_addresses(std::vector<PeerAddress> peers) override;

  /// The process ended (by a kill or a loss of power). Nothing arrives any more.
  void detach();

 private:
  using LinkKey = std::pair<NodeId, PeerLane>;
  struct Call;
  struct Introduction;
  class Registration;
  class Introduced;
  enum class LinkState : std::uint8_t { idle, dialling, greeting, up, waiting };
  struct Link {
    LinkState state = LinkState::idle;
    std::uint64_t ticket = 0;     // of the dial under way
    ConnectionId connection = 0;  // while greeting and up
    unsigned failures = 0;
    std::string last_failure;
    std::map<std::uint64_t, Call*> calls;  // by stream; each lives in its coroutine
  };
  using Entry = std::pair<const LinkKey, Link>;

  void dialled(std::uint64_t ticket, ConnectionId connection) override;
  void accepted(ConnectionId connection) override { server_.accepted(connection); }
  void received(ConnectionId connection, std::string bytes) override;
  void broken(ConnectionId connection) override;

  bool started() const { return end_.identity.node != NodeId{0}; }
  std::uint32_t milliseconds_until(Instant deadline) const;
  Entry* find_link(ConnectionId connection);
  Result<Link*> link_for(NodeId peer, PeerLane lane, const Message& request, Instant deadline);
  void dial(LinkKey key, Link& link);
  void keep(NodeId peer);
  void dial_failed(LinkKey key, Link& link, const Error& reason);
  void retry_later(LinkKey key, Link& link);
  void greeted(LinkKey key, Link& link, const std::string& bytes);
  void answered(Link& link, const std::string& bytes);
  void send(Link& link, Call& call);
  void drop(NodeId peer, const std::string& why);
  void fail_calls(Link& link, ErrorCode code, const std::string& why);

  Introduction* find_introduction(ConnectionId connection);
  bool introduction_dialled(std::uint64_t ticket, ConnectionId connection);
  bool introduction_received(ConnectionId connection, const std::string& bytes);
  bool introduction_broken(ConnectionId connection);

  SimEnd end_;
  const Accepts accepts_;
  const PeerLane kept_;
  SeededRandom random_;
  SimServer server_;
  std::uint64_t last_stream_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::map<NodeId, PeerAddress> peers_;
  std::set<NodeId> failing_;  // the kept connection failed and none succeeded since
  std::set<NodeId> lost_;     ///< Peers to which an open connection broke.
  std::map<LinkKey, Link> links_;
  std::map<std::uint64_t, Introduction*> introductions_;  // by ticket; each lives in its coroutine
};

}  // namespace ouro::sim
