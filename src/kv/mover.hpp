// A node's own part in a change of topology: fetch the arcs that come to it, let go of those that
// left.
//
// All of it follows from the cluster's state, so it may be cut off at any step: an arc in
// write_both whose new list names this node is pulled from the old owners, and the log is told once
// this copy covers theirs; an arc that no list gives to this node any more is dropped. (Rules R12
// and R13 of the replication model; docs/topology.md.)
#pragma once

#include "cluster/liveness.hpp"
#include "cluster/replicated_metadata.hpp"
#include "kv/homes.hpp"
#include "runtime/nursery.hpp"
#include "runtime/world.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ouro::kv {

/// An arc on its way to this node, for people.
struct Transfer {
  ring::Arc arc = 0;
  Epoch session = 0;
  std::vector<NodeId> sources;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
  Instant since{};
  std::string problem;  ///< Why it was begun again last; empty: all is well.
};

/// For use on the control loop; works on the arcs' home loops. Borrows its parts.
class Mover {
 public:
  struct Parts {
    cluster::ReplicatedMetadata& metadata;
    const cluster::Liveness& liveness;
    Loop& control;
    NodeId self;
    Homes& homes;  ///< As seen from the control loop.
  };
  explicit Mover(Parts parts);

  void start();
  /// The state changed: looks again soon.
  void wake();
  Task<void> close();

  /// The arcs that this node fetches now.
  std::vector<Transfer> transfers() const;

 private:
  Task<void> run();
  void begin_fetches();
  Task<void> fetch(ring::Arc arc, Epoch change, Epoch session);
  Task<Status> fetch_all(ring::Arc arc, Epoch session);
  Task<Status> fetch_one(ArcId arc, Epoch session, std::vector<NodeId> old_owners);
  Task<Result<std::uint64_t>> content_of(ring::Arc arc, std::vector<unsigned> counts);
  Task<void> tell(ring::Arc arc, Epoch change, Epoch session, std::uint64_t hash);
  Task<void> drop_left();

  Parts parts_;
  std::unique_ptr<Timer> timer_;
  std::map<ring::Arc, Transfer> under_way_;
  bool dropping_ = false;
  bool closing_ = false;
  Nursery nursery_;  // last: what runs in it refers to all of the above
};

}  // namespace ouro::kv
