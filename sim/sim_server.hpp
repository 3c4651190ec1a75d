// The answering half of simulated peers: connections that others dialled, and what they ask.
#pragma once

#include "base/function.hpp"
#include "runtime/hello.hpp"
#include "runtime/peers.hpp"
#include "sim/clock.hpp"
#include "sim/network.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace ouro::sim {

/// What the halves of one SimPeers share; `endpoint` is 0 after its end.
struct SimEnd {
  Scheduler& scheduler;
  Network& network;
  SimClock& clock;
  Life life;
  EndpointId endpoint = 0;
  PeerIdentity identity = {};
};

/// For use in the life's handlers only.
class SimServer {
 public:
  /// `arrived` is told of every peer that was let in.
  SimServer(SimEnd& end, std::function<void(NodeId)> arrived);

  void serve(PeerHandler& handler) { handler_ = &handler; }
  /// Lets in only these from now on (and strangers), and closes what others opened before.
  void set_members(std::set<NodeId> members);

  void accepted(ConnectionId connection) { sessions_[connection]; }
  /// False if it is not a connection that was accepted here.
  bool received(ConnectionId connection, const std::string& bytes);
  bool broken(ConnectionId connection) { return sessions_.erase(connection) > 0; }

 private:
  struct Session {
    NodeId peer{};
    bool greeted = false;
    bool stranger = false;
    bool asked = false;
  };

  void greet(ConnectionId connection, Session& session, const std::string& bytes);
  void limit_stay(ConnectionId connection);
  std::size_t strangers() const;
  void request_arrived(ConnectionId connection, Session& session, const std::string& bytes);
  void answer(ConnectionId connection, NodeId from, std::uint64_t stream, Message request,
              Instant deadline);
  Task<void> work(ConnectionId connection, NodeId from, std::uint64_t stream, Message request,
                  Instant deadline);
  void refuse(ConnectionId connection, std::uint64_t stream, const Error& error);
  void reply(ConnectionId connection, std::string frame);
  void close(ConnectionId connection);

  SimEnd& end_;
  std::function<void(NodeId)> arrived_;
  PeerHandler* handler_ = nullptr;
  Admission admission_;
  std::size_t answering_ = 0;
  std::map<ConnectionId, Session> sessions_;
};

}  // namespace ouro::sim
