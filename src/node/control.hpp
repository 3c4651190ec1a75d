// What a node has on its control loop: metadata, liveness, its part in changes of topology.
#pragma once

#include "cluster/identity.hpp"
#include "cluster/liveness.hpp"
#include "cluster/replicated_metadata.hpp"
#include "cluster/steward.hpp"
#include "kv/mover.hpp"
#include "kv/view_fence.hpp"
#include "node/node.hpp"
#include "node/storage.hpp"
#include "runtime/nursery.hpp"
#include "runtime/peers.hpp"
#include "runtime/world.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace ouro::node {

/// Lives on the control loop; fence() and what views metadata() and liveness() give may be used
/// from any thread.
class Control final : private PeerHandler {
 public:
  struct Parts {
    World& world;
    Storage& storage;
    const NodeConfig& config;
    cluster::Identity identity;
    std::uint64_t run = 0;
  };
  /// `failed` is told why the node must end: somebody else took over its identity, it was removed,
  /// or it cannot read the metadata log. On the control loop.
  Control(Parts parts, std::function<void(Error)> failed);
  ~Control();

  /// Opens the metadata log and takes part in it. The first view is there when it returns; a node
  /// that joins may have to wait for it, until `closing`.
  Task<Status> begin(const bool& closing);
  /// Once the data loops can answer: fetches and drops arcs, and registers this run.
  void serve(kv::Homes& homes);
  Task<void> close();

  const cluster::ReplicatedMetadata& metadata() const { return metadata_; }
  cluster::ReplicatedMetadata& metadata() { return metadata_; }
  const cluster::Liveness& liveness() const { return liveness_; }
  const kv::Mover& mover() const { return *mover_; }
  /// Open once this run is registered.
  const kv::Fence& fence() const { return fence_; }

 private:
  struct Departed {
    PeerAddress address;
    Instant since;
  };

  Task<Message> answer(NodeId from, Message request, Instant deadline) override;
  std::optional<cluster::State> founding_state() const;
  void state_changed();
  void set_addresses();
  void look_at_own_fate();
  Task<void> register_run();
  Task<void> look_regularly();
  bool cut_off() const;
  Task<void> ask_for_members();
  void take_hearsay(const std::vector<PeerAddress>& members);

  Parts parts_;
  std::function<void(Error)> failed_;
  cluster::ReplicatedMetadata metadata_;
  cluster::Liveness liveness_;
  cluster::Steward steward_;
  std::unique_ptr<kv::Mover> mover_;
  kv::ViewFence fence_;
  std::map<NodeId, PeerAddress> present_;  // as the loops were last told
  std::map<NodeId, Departed> departed_;    // removed a moment ago: they still hear of it
  /// Members that others told of and the log here does not name yet: one of them may be the leader
  /// that this node must hear to catch up.
  std::map<NodeId, PeerAddress> hearsay_;
  std::unique_ptr<Timer> timer_;
  bool closing_ = false;
  Nursery nursery_;  // last: what runs in it refers to all of the above
};

}  // namespace ouro::node
