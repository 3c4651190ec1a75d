// What does a leader know about one follower, and what may it send it next? (3.5, 10.2.1)
#pragma once

#include "raft/types.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace ouro::raft {

/// Bounds of what was sent to one follower and not answered.
struct Window {
  std::size_t messages = 128;
  std::size_t bytes = std::size_t{4} << 20;
};

/// One of three ways to feed a follower: `probe` sends one message and waits, since it is not known
/// where the logs part; `replicate` sends ahead of the answers; `snapshot` waits for the end of
/// one.
class Progress {
 public:
  enum class State : std::uint8_t { probe, replicate, snapshot };

  Progress() = default;
  explicit Progress(Index next) : next_(next) {}

  State state() const { return state_; }
  Index match() const { return match_; }  ///< The last entry surely equal and durable there.
  Index next() const { return next_; }    ///< The first entry not sent yet.
  bool is_full(const Window& window) const;
  bool is_waiting() const { return state_ == State::snapshot || (state_ == State::probe && sent_); }

  /// Entries up to `last` are on their way; nothing if last is 0.
  void sent(Index last, std::size_t bytes);
  void sent_snapshot(Index index);
  /// Follower has all to `index`: whether that is news, be it that it can be fed faster now.
  bool accepted(Index index);
  /// The follower refused an append after `index`; the logs may be equal at `hint`. False if that
  /// is an old answer.
  bool refused(Index index, Index hint);
  /// What is on its way may be lost.
  void unreachable();
  void snapshot_ended(bool arrived);
  /// It lives: one more probe may be sent.
  void heard() { sent_ = false; }

  bool recently_active = false;
  std::uint64_t confirmed_round = 0;  ///< Of reads (read_queue.hpp).

 private:
  void become_probe(Index next);
  struct Sent {
    Index last;
    std::size_t bytes;
  };

  State state_ = State::probe;
  Index match_ = 0;
  Index next_ = 1;
  bool sent_ = false;
  Index snapshot_ = 0;
  std::deque<Sent> in_flight_;
  std::size_t in_flight_bytes_ = 0;
};

}  // namespace ouro::raft
