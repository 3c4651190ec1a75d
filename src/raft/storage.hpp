// How does a member's log live in a table of the engine?
#pragma once

#include "base/result.hpp"
#include "engine/db.hpp"
#include "raft/core.hpp"

#include <optional>

namespace ouro::raft {

/// One table, used by nothing else; format.hpp has its keys and values. Every Ready is one atomic
/// batch, so that a crash leaves the log before it or after it. For one thread.
class Storage {
 public:
  Storage(engine::Db& db, engine::TableId table) : db_(db), table_(table) {}

  /// Nothing if the table is empty. Errors: corruption for gaps and records that contradict each
  /// other (this node must be replaced: what it promised is not known), unsupported, the engine's.
  Result<std::optional<Stored>> load();

  /// The changes that make `ready` so. Call saved() once they are committed, before the next.
  engine::Batch batch(const Ready& ready) const;
  void saved(const Ready& ready);

  /// Writes the first state of a member into an empty table, durably.
  Status found(const Stored& stored);
  /// Empties the table but for a hard state that names `group`, durably: a member that has not
  /// heard from its leader yet.
  Status begin_anew(GroupId group);

 private:
  Status read_entries(Stored& stored);

  engine::Db& db_;
  engine::TableId table_;
  Index first_ = 1, last_ = 0;  // entries on disk
};

}  // namespace ouro::raft
