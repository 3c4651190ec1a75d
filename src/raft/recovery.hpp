// What does an operator do when a majority of the voters is lost for good?
//
// Offline: no group runs on these databases. First survey() every survivor and pick the most
// advanced (highest last term, then highest last index: it has everything that was acknowledged, if
// any survivor has). Then force_members() there and forget_log() on all others, and start the
// chosen one first. The others get its log as learners; when they have caught up an ordinary change
// of members makes them voters again.
#pragma once

#include "base/result.hpp"
#include "engine/db.hpp"
#include "raft/types.hpp"

#include <vector>

namespace ouro::raft {

/// What one member's table says.
struct Survey {
  GroupId group = 0;
  Term term = 0;
  Index commit = 0;  ///< At least that much was committed.
  Index first = 0, last = 0;
  Term last_term = 0;
  Index snapshot = 0;
  Configuration configuration;  ///< The newest in the log.
  Index configuration_index = 0;
};

/// Errors: not_found for an empty table, those of Storage::load.
Result<Survey> survey(engine::Db& db, engine::TableId table);

struct ForcedMembers {
  NodeId self{};               ///< Whose database it is: the only voter afterwards.
  std::vector<NodeId> others;  ///< The other survivors, ascending: learners afterwards.
  /// A new random number: nodes that are thought lost and come back are not listened to.
  GroupId group = 0;
  bool dry_run = true;  ///< Change nothing, say what it would be.
};

/// Ends the old group here and begins a new one with the same log, all of which then counts as
/// committed, even what the old group had not acknowledged. What it had acknowledged and no
/// survivor has is lost. Returns the survey afterwards. Errors: invalid_argument (self is no
/// member, a node twice, no new group), those of survey() and of the engine.
Result<Survey> force_members(engine::Db& db, engine::TableId table, const ForcedMembers& forced);

/// Empties the table and makes the node wait for `group`, the one that force_members() began
/// elsewhere: it neither founds a group nor follows another again, not even its old one. All or
/// nothing. In the old group it might vote twice: no other group than a new one will do. Error
/// invalid_argument for group 0 and for the one that is there.
Status forget_log(engine::Db& db, engine::TableId table, GroupId group);

}  // namespace ouro::raft
