// From a client's write to N replicas.
#pragma once

#include "kv/part.hpp"
#include "kv/placed.hpp"
#include "kv/request.hpp"
#include "kv/wire.hpp"

namespace ouro::kv {

/// The writes of one event loop. The first reachable primary coordinates: it makes the write
/// durable, then sends it to the other replicas and answers when enough have it (rules R4, R5, R9).
/// Where the cluster changes meanwhile the write is carried on under the new epoch.
class WritePath {
 public:
  explicit WritePath(Collaborators with) : with_(with) {}

  /// A client's write that arrived at this node: carried out here or by a better placed node.
  Task<Outcome<Written>> write(WriteOrder order, Instant deadline);

  /// A write that another node sent here to be coordinated.
  Task<Outcome<Written>> coordinate_for(WriteOrder order, Instant deadline);

 private:
  struct Spreading;

  Task<Outcome<Written>> write_once(WriteOrder order, Instant deadline);
  Task<Outcome<Written>> coordinate(WriteOrder order, Placed placed, std::size_t w,
                                    Instant deadline);
  Task<Outcome<Written>> forward(NodeId to, WriteOrder order, Instant deadline, bool* delivered);
  Task<Outcome<Written>> spread(Spreading job);
  Task<Outcome<Written>> spread_once(const Spreading& job, bool* stale);
  Task<Status> renew(Spreading& job);
  Written written(const Spreading& job, std::size_t acknowledged) const;

  Collaborators with_;
};

}  // namespace ouro::kv
