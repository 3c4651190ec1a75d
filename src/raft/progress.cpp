#include "raft/progress.hpp"

#include <algorithm>

namespace ouro::raft {

bool Progress::is_full(const Window& window) const {
  return in_flight_.size() >= window.messages || in_flight_bytes_ >= window.bytes;
}

void Progress::sent(Index last, std::size_t bytes) {
  if (state_ == State::probe) {
    sent_ = true;
  } else if (state_ == State::replicate && last > 0) {
    next_ = last + 1;
    in_flight_.push_back({last, bytes});
    in_flight_bytes_ += bytes;
  }
}

void Progress::sent_snapshot(Index index) {
  become_probe(match_ + 1);
  state_ = State::snapshot;
  snapshot_ = index;
}

bool Progress::accepted(Index index) {
  const bool news = index > match_ || (state_ == State::probe && index == match_);
  match_ = std::max(match_, index);
  next_ = std::max(next_, match_ + 1);
  while (!in_flight_.empty() && in_flight_.front().last <= match_) {
    in_flight_bytes_ -= in_flight_.front().bytes;
    in_flight_.pop_front();
  }
  if (!news) return false;
  sent_ = false;
  if (state_ == State::probe || (state_ == State::snapshot && match_ >= snapshot_)) {
    become_probe(match_ + 1);
    state_ = State::replicate;
  }
  return true;
}

bool Progress::refused(Index index, Index hint) {
  if (state_ == State::replicate) {
    if (index <= match_) return false;
    become_probe(match_ + 1);
    return true;
  }
  if (state_ == State::snapshot || next_ - 1 != index) return false;
  become_probe(std::max(std::min(index, hint + 1), match_ + 1));
  return true;
}

void Progress::unreachable() {
  if (state_ == State::replicate) become_probe(match_ + 1);
}

void Progress::snapshot_ended(bool arrived) {
  if (state_ != State::snapshot) return;
  const Index after = arrived ? std::max(match_, snapshot_) + 1 : match_ + 1;
  become_probe(after);
  sent_ = true;  // its answer or the next heartbeat's tells how it went
}

void Progress::become_probe(Index next) {
  state_ = State::probe;
  next_ = next;
  sent_ = false;
  in_flight_.clear();
  in_flight_bytes_ = 0;
}

}  // namespace ouro::raft
