// Where batches wait for the commit lane.
#pragma once

#include "engine/db.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace ouro::engine {

/// One batch on its way, and who wants to know.
struct Commit {
  Batch batch;
  Durability durability = Durability::disk;
  CommitDone done;
  std::size_t bytes = 0;
  Sequence sequence = 0;  ///< Of its last change; set when the group is formed.
};

/// First in, first out, bounded in bytes. Safe to use from any thread.
class CommitQueue {
 public:
  explicit CommitQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// False, and `commit` untouched, if there is no room. An empty queue takes one of any size.
  bool push(Commit& commit);

  /// The first ones, of at most `bytes` together, but at least one if there is any.
  std::vector<Commit> take(std::size_t bytes);

  bool empty() const;
  std::size_t bytes() const;

 private:
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::deque<Commit> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace ouro::engine
