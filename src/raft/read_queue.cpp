#include "raft/read_queue.hpp"

#include <utility>

namespace ouro::raft {

bool ReadQueue::add(std::uint64_t id, NodeId from) {
  if (waiting_.size() >= reads_max) return false;
  waiting_.push_back({id, from});
  return true;
}

bool ReadQueue::begin_round(Index commit) {
  if (!asking_.empty() || waiting_.empty()) return false;
  asking_ = std::exchange(waiting_, {});
  for (Read& read : asking_) read.index = commit;
  ++round_;
  return true;
}

std::vector<ReadQueue::Read> ReadQueue::confirm(std::uint64_t round) {
  if (round < round_) return {};
  return std::exchange(asking_, {});
}

std::vector<ReadQueue::Read> ReadQueue::give_up() {
  std::vector<Read> all = std::exchange(asking_, {});
  all.insert(all.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  round_ = 0;
  return all;
}

}  // namespace ouro::raft
