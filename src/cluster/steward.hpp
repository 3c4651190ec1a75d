// What the leader of the metadata group does besides leading: it keeps the group's members in step
// with the cluster's, and carries the running change on.
//
// Everything it does follows from the state and is proposed as a command, so it may stop at any
// step and another leader goes on.
#pragma once

#include "cluster/liveness.hpp"
#include "cluster/replicated_metadata.hpp"
#include "cluster/voters.hpp"
#include "runtime/nursery.hpp"
#include "runtime/world.hpp"

#include <map>
#include <memory>
#include <set>

namespace ouro::cluster {

/// For use on the control loop. Borrows its parts. Runs on every node and does something only where
/// the leader is.
class Steward {
 public:
  struct Parts {
    ReplicatedMetadata& metadata;
    const Liveness& liveness;
    Loop& loop;
    NodeId self;
  };
  explicit Steward(Parts parts);

  void start();
  /// The state or the liveness changed: looks again soon.
  void wake();
  Task<void> close();

 private:
  Task<void> run();
  Task<void> keep_members();
  VoterHealth health_of(NodeId node, Instant now) const;
  Task<void> carry_on_change();
  void ask_for_words(const std::map<NodeId, Epoch>& needed);
  Task<void> ask_for_word(NodeId node, Epoch epoch);
  Task<void> propose(CommandBody body);

  Parts parts_;
  std::unique_ptr<Timer> timer_;
  std::map<NodeId, Epoch> applied_;       // as each node said
  std::set<NodeId> asked_;                // whose answer is under way
  std::map<NodeId, Instant> gone_since_;  // members of the group that are none of the cluster
  bool closing_ = false;
  Nursery nursery_;  // last: what runs in it refers to all of the above
};

}  // namespace ouro::cluster
