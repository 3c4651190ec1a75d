// What can be done with a stopped node's metadata when a majority of the voters is lost for good?
//
// Offline, on the metadata database of one survivor (open_meta() in storage.hpp). The procedure:
// docs/cluster.md, "When a majority of the voters is lost". Nothing here can know whether that is
// so: the caller's user does.
#pragma once

#include "base/result.hpp"
#include "cluster/identity.hpp"
#include "cluster/state.hpp"
#include "engine/db.hpp"
#include "raft/recovery.hpp"

#include <optional>

namespace ouro::node {

/// What a node knows.
struct Standing {
  cluster::Identity identity;
  raft::Survey log;  ///< All 0 if it is empty, all but the group if the node waits for that.
  /// After everything in the log, also what is not known to be committed. Nothing: the node has not
  /// heard from a leader yet.
  std::optional<cluster::State> state;
};

/// Errors: not_found if the database belongs to no node; corruption and unsupported, as for a node
/// that starts.
Result<Standing> look(engine::Db& meta);

/// What the others must know of a survivor that took the group over.
struct Takeover {
  raft::GroupId group = 0;
  raft::Term last_term = 0;  ///< Of its log before it did.
  raft::Index last = 0;
};

/// Why the node may not take the metadata group over, or wait for a survivor that did. Errors:
/// denied (it was removed or given up, or there is nothing to do), not_found (it has no log to lead
/// with), stale_epoch (its log says more than that survivor's, and `accept_log_loss` is false).
Status may_take_over(const Standing& standing);
Status may_wait_for(const Standing& standing, const Takeover& leader, bool accept_log_loss);

/// Makes the node the only voter of `group`, a new random number, with all that its log holds. All
/// other members become learners of it. Errors: those of may_take_over(), the engine's.
Result<Takeover> take_over(engine::Db& meta, raft::GroupId group);

/// Gives the node's log up for the leader's. It keeps its identity and its data, notes whom it
/// knew, so that the leader can reach it, and waits when it is started, even if its configuration
/// names founders. Errors: those of may_wait_for(), the engine's.
Status wait_for(engine::Db& meta, const Takeover& leader, bool accept_log_loss);

}  // namespace ouro::node
