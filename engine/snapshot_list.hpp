// Which past states of the database somebody still reads.
#pragma once

#include "engine/db.hpp"
#include "engine/table_job.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <set>

namespace ouro::engine {

/// Shared by the database and its snapshots, which may outlive it. Safe to use from any thread.
class SnapshotList : public std::enable_shared_from_this<SnapshotList> {
 public:
  /// `visible` is the database's last visible sequence and is only read while it lives.
  std::shared_ptr<const Snapshot> take(const std::atomic<Sequence>& visible);

  /// What may still be read. Taken at one moment with respect to take(): a snapshot taken later has
  /// at least the visible sequence of this answer.
  Retention retention(const std::atomic<Sequence>& visible) const;

 private:
  class Held;
  mutable std::mutex mutex_;
  std::multiset<Sequence> sequences_;
};

}  // namespace ouro::engine
