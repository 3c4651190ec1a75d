// How a node reaches the other nodes, and is reached.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "runtime/clock.hpp"
#include "runtime/message.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ouro {

/// Answers what other nodes ask. Called on the loop that received the request; may be called again
/// before an earlier answer is there. `deadline` is the caller's, on this node's clock: an answer
/// after it is of no use.
class PeerHandler {
 public:
  virtual ~PeerHandler() = default;
  virtual Task<Message> answer(NodeId from, Message request, Instant deadline) = 0;
};

/// Where a peer listens.
struct PeerAddress {
  NodeId node;
  std::string host;  ///< An IP address or a name.
  std::uint16_t port;
};

/// The network as one event loop of one node sees it. For use on that loop only.
class Peers {
 public:
  virtual ~Peers() = default;

  /// Asks and waits. Errors: unreachable (certainly not delivered), connection_lost and timeout
  /// (the outcome is not known), busy (too much is under way to this peer; not delivered),
  /// invalid_argument (message too large). Never waits past `deadline`.
  virtual Task<Result<Message>> call(NodeId peer, PeerLane lane, Message request,
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

  /// Replaces the addresses of all peers (without this node itself).
  virtual void set_addresses(std::vector<PeerAddress> peers) = 0;
};

}  // namespace ouro
