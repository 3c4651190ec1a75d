// The roads between simulated nodes: slow, cut, clogged, noisy, as a seed or a test decides.
#pragma once

#include "base/node_id.hpp"
#include "base/random.hpp"
#include "runtime/message.hpp"
#include "sim/scheduler.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ouro::sim {

/// How well frames travel from one node to another.
struct LinkQuality {
  Duration least = std::chrono::microseconds(100);  ///< One way.
  Duration most = std::chrono::milliseconds(2);
  unsigned slow_permille = 2;  ///< Frames that were lost at first and sent again.
  Duration slow_most = std::chrono::milliseconds(300);
  unsigned reset_per_million = 0;      ///< Frames that break their connection instead of arriving.
  unsigned corrupt_per_million = 0;    ///< Frames with one bit inverted.
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit.
};

struct NetworkOptions {
  LinkQuality quality;
  Duration connect_timeout = std::chrono::seconds(1);
  Duration silence_limit = std::chrono::seconds(2);      ///< Then a connection counts as broken.
  Duration retry_least = std::chrono::milliseconds(50);  ///< Before a broken one is dialled again.
  Duration retry_most = std::chrono::seconds(1);
  std::size_t calls_max = 1024;  ///< Under way to one peer on one lane.
};

using ConnectionId = std::uint64_t;  // 0: none
using EndpointId = std::uint64_t;

/// One event loop of one process, as the network sees it. Called from the agenda, never from within
/// a call to Network.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  /// The answer to dial(): 0 if nobody was there.
  virtual void dialled(std::uint64_t ticket, ConnectionId connection) = 0;
  /// Somebody dialled.
  virtual void accepted(ConnectionId connection) = 0;
  virtual void received(ConnectionId connection, std::string bytes) = 0;
  virtual void broken(ConnectionId connection) = 0;
};

/// Which connections an endpoint accepts. Those of the control lane have an endpoint of their own,
/// as a real process hands them over to its control loop.
enum class Accepts : std::uint8_t { nothing, data, control };

/// Connections as TCP makes them: bytes arrive in order and once, or the connection breaks. What is
/// sent into a cut waits and arrives late when the cut heals; after `silence_limit` both ends give
/// the connection up, and what waited may still arrive long afterwards, at an end that was not told
/// yet.
///
/// Faults and quality are those of machines, which are named by NodeIds of their own; who a process
/// says it is does not matter here.
///
/// Destroyed before the scheduler and after everything attached.
class Network {
 public:
  Network(Scheduler& scheduler, std::uint64_t seed, NetworkOptions options = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Faults, in effect at once. Nodes need not be up, nor exist.
  void cut(NodeId from, NodeId to);                                            ///< One way.
  void mend(NodeId from, NodeId to);                                           ///< Undoes cut().
  void partition(const std::set<NodeId>& one, const std::set<NodeId>& other);  ///< Both ways.
  void unite(const std::set<NodeId>& one, const std::set<NodeId>& other);  ///< Undoes partition().
  void isolate(NodeId node);                         ///< From everybody, both ways, until heal().
  void clog(NodeId from, NodeId to, Duration time);  ///< A cut that mends itself.
  void stall(NodeId node, Duration time);            ///< Nothing gets in or out for a while.
  void set_quality(NodeId from, NodeId to, LinkQuality quality);
  void set_quality(LinkQuality quality);       ///< Of all links, also those set apart.
  void break_connections(NodeId a, NodeId b);  ///< As a firewall does that sends resets.
  /// No cuts, no clogs, all links of the quality in the options, without noise.
  void heal();

  bool blocked(NodeId from, NodeId to) const;
  const NetworkOptions& options() const { return options_; }

  /// The host name of a machine, by which others dial it.
  void set_name(const std::string& host, NodeId node) { names_[host] = node; }

  // For endpoints.
  EndpointId attach(NodeId node, Endpoint& endpoint);
  void listen(EndpointId endpoint, Accepts what) { endpoints_.at(endpoint).accepts = what; }
  /// The process ended: its peers are told so, as a kernel does.
  void detach(EndpointId endpoint);
  /// The machine is gone: nobody is told anything. Until a process of `node` attaches again, those
  /// who dial wait for nothing.
  void lose_power(NodeId node);
  /// `ticket` names the attempt in the answer.
  void dial(EndpointId from, const std::string& host, PeerLane lane, std::uint64_t ticket);
  void send(ConnectionId connection, EndpointId from, std::string bytes);
  /// Breaks it once the other side has what was sent before.
  void finish(ConnectionId connection, EndpointId from);
  void reset(ConnectionId connection);

 private:
  struct Attached {
    NodeId node;
    Endpoint* endpoint;
    Accepts accepts = Accepts::nothing;
  };
  struct Way {
    Instant last_arrival{};
    std::deque<std::string> stalled;
  };
  struct Connection {
    EndpointId ends[2];  ///< Who dialled, who was dialled; 0: is gone.
    NodeId nodes[2];
    Way ways[2];  ///< To ends[0], to ends[1].
    Instant silent_since = Instant::max();
    bool half_dead = false;  ///< One end lost power.
  };
  struct Late {  // what outlived its connection
    ConnectionId id;
    EndpointId to;
    NodeId from, to_node;
    std::deque<std::string> frames;
  };

  template <class Event>
  void at(Instant due, Event event);
  const LinkQuality& quality(NodeId from, NodeId to) const;
  Duration delay(NodeId from, NodeId to, std::size_t size);
  Endpoint* find(EndpointId id);
  EndpointId listener(NodeId node, PeerLane lane);
  void connect(EndpointId from, NodeId peer, PeerLane lane, std::uint64_t ticket);
  void establish(EndpointId from, NodeId peer, PeerLane lane, std::uint64_t ticket);
  void send_end(ConnectionId id, Connection& connection, int end);
  void arrive(ConnectionId id, int end, std::string bytes);
  void drain(ConnectionId id, int end);
  void drain_late();
  void deliver(ConnectionId id, EndpointId to, NodeId from, std::string bytes);
  void break_now(ConnectionId id);
  void roads_changed();
  void watch(ConnectionId id, Connection& connection);

  Scheduler& scheduler_;
  Life life_;
  SeededRandom random_;
  NetworkOptions options_;

  std::set<std::pair<NodeId, NodeId>> cuts_;
  std::set<NodeId> isolated_;
  std::map<std::pair<NodeId, NodeId>, Instant> clogged_until_;
  std::map<NodeId, Instant> stalled_until_;
  std::map<std::pair<NodeId, NodeId>, LinkQuality> qualities_;
  std::set<NodeId> powerless_;
  std::map<std::string, NodeId> names_;

  std::uint64_t last_id_ = 0;
  std::map<EndpointId, Attached> endpoints_;
  std::map<ConnectionId, Connection> connections_;
  std::vector<Late> late_;
};

}  // namespace ouro::sim
