// Which calls to a peer still wait for their answer.
#pragma once

#include "base/function.hpp"
#include "base/result.hpp"
#include "runtime/clock.hpp"
#include "runtime/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace ouro::net {

/// A table of at most `limit` calls. A stream number names a place in the table and how often the
/// place was used, so that a late answer finds nothing instead of another call. Pure; for one
/// thread.
class PendingCalls {
 public:
  using Done = UniqueFunction<void(Result<Message>)>;

  explicit PendingCalls(std::size_t limit) : limit_(limit) {}

  std::size_t size() const noexcept { return size_; }
  bool full() const noexcept { return size_ == limit_; }

  /// Adds a call whose request begins at `position` of the connection's stream and returns its
  /// stream number. Only when not full().
  std::uint64_t add(Instant deadline, std::uint64_t position, Done done);

  /// The call that `stream` names, which ends with it; empty if there is none any more.
  Done take(std::uint64_t stream);

  /// Ends the calls whose deadline is not after `now`.
  std::vector<Done> take_expired(Instant now);

  /// Ends all. What began at `written_end` or after it was never written to the socket.
  struct Lost {
    Done done;
    bool perhaps_written;
  };
  std::vector<Lost> take_all(std::uint64_t written_end);

  /// No call ends before this. Instant::max() when there is none; may be early.
  Instant earliest_deadline() const noexcept { return earliest_; }

 private:
  struct Call {
    std::uint64_t stream = 0;
    Instant deadline;
    std::uint64_t position = 0;
    Done done;  // empty: the place is free
  };

  Done release(std::size_t place);

  const std::size_t limit_;
  std::size_t size_ = 0;
  std::uint64_t uses_ = 0;
  std::deque<Call> calls_;
  std::vector<std::size_t> free_;
  Instant earliest_ = Instant::max();
};

}  // namespace ouro::net
