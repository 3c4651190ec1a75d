// How a node reaches the other nodes, and is reached.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "runtime/clock.hpp"
#include "runtime/message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ouro {

/// Who this process says it is. Peers believe it, so it is settled before they are spoken to.
struct PeerIdentity {
  std::uint64_t cluster = 0;  ///< Not 0.
  NodeId node{};              ///< Not 0.
  Boot boot = 0;              ///< 0 where it is not known; peers only report it.
};

/// What is let in of those who have no identity yet: see Peers::introduce().
constexpr std::size_t stranger_connections_max = 16;
constexpr std::size_t stranger_meta_max = std::size_t{64} << 10;
constexpr Duration stranger_time_max = std::chrono::seconds(10);

/// Answers what other nodes ask. Called on the loop that received the request (of PeerLane::control
/// always the control loop); may be called again before an earlier answer is there. `deadline` is
/// the caller's, on this node's clock: an answer after it is of no use.
///
/// `from` is NodeId{0} for a stranger, somebody who has no identity in this cluster. Only a control
/// loop's handler meets one, and decides what it may ask.
class PeerHandler {
 public:
  virtual ~PeerHandler() = default;
  virtual Task<Message> answer(NodeId from, Message request, Instant deadline) = 0;
};

/// Where a peer listens.
struct PeerAddress {
  NodeId node;
  std::string host;  ///< An IP address or a name; in the simulator the name of a machine.
  std::uint16_t port;
};

/// The network as one event loop of one node sees it. For use on that loop only.
///
/// A data loop keeps a connection on the foreground lane to each peer, the control loop one on the
/// control lane: what reachable() and was_lost() say comes from these, and they recover by
/// themselves. PeerLane::control is for the control loop only, the other lanes for data loops.
class Peers {
 public:
  virtual ~Peers() = default;

  /// Asks and waits. Errors: unreachable (certainly not delivered), connection_lost and timeout
  /// (the outcome is not known), busy (too much is under way to this peer; not delivered),
  /// invalid_argument (message too large). Never waits past `deadline`.
  virtual Task<Result<Message>> call(NodeId peer, PeerLane lane, Message request,
                                     Instant deadline) = 0;

  /// Asks somebody of whom only the address is known, before or after this process has an identity:
  /// dials, calls itself a stranger, asks once on the control lane and closes. The request has at
  /// most stranger_meta_max bytes of meta and no attachment. Errors as for call(); busy also when
  /// the other side has too many strangers already.
  virtual Task<Result<Message>> introduce(std::string host, std::uint16_t port, Message request,
                                          Instant deadline) = 0;

  /// False while there is reason to believe that a call would fail: connections refused, broken or
  /// silent. A guess, for choosing whom to ask; never a proof that a node is dead.
  virtual bool reachable(NodeId peer) const = 0;

  /// True for good once an open connection to the peer was lost in this run: it may have missed
  /// what others sent meanwhile.
  virtual bool was_lost(NodeId peer) const = 0;

  /// Requests from now on go to `handler`, which outlives this object's use. Until the first call
  /// requests are refused.
  virtual void serve(PeerHandler& handler) = 0;

  /// Replaces the addresses of all peers (this node itself is left out if it is among them); at any
  /// time, also before there is an identity. Peers whose address did not change keep their
  /// connections. Of the others they are closed, their calls fail, and new addresses are dialled.
  ///
  /// From the first time on only the nodes in the list (and strangers) are let in, and what others
  /// had opened is closed; before it, whoever belongs to the cluster.
  virtual void set_addresses(std::vector<PeerAddress> peers) = 0;
};

}  // namespace ouro
