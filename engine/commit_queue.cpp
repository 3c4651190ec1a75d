#include "engine/commit_queue.hpp"

#include <utility>

namespace ouro::engine {
namespace {

// What a waiting batch costs beside its bytes, so that many empty ones are bounded too.
constexpr std::size_t overhead = 256;

}  // namespace

bool CommitQueue::push(Commit& commit) {
  commit.bytes = commit.batch.size() + overhead;
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty() && bytes_ + commit.bytes > bytes_max_) return false;
  bytes_ += commit.bytes;
  waiting_.push_back(std::move(commit));
  return true;
}

std::vector<Commit> CommitQueue::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  std::vector<Commit> group;
  std::size_t taken = 0;
  while (!waiting_.empty() && (group.empty() || taken + waiting_.front().bytes <= bytes)) {
    taken += waiting_.front().bytes;
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  bytes_ -= taken;
  return group;
}

bool CommitQueue::empty() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty();
}

std::size_t CommitQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace ouro::engine
