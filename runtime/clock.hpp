// Time as a node sees it, and the one way a node waits.
//
// Production reads the system's clocks; the simulator invents time. Every wait in src/ comes down
// to Timer::wait_until, so whoever implements Clock decides all there is to decide about when.
#pragma once

#include "runtime/task.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace ouro {

using Duration = std::chrono::nanoseconds;

struct NodeTime {  // tag: instants of different nodes must not be compared
  using duration = Duration;
};
/// A point on this node's monotonic clock. Means nothing to another node or another run.
using Instant = std::chrono::time_point<NodeTime, Duration>;

/// Microseconds since 1970 by this node's wall clock, which may be wrong and may jump.
using WallTime = std::uint64_t;

/// For use on the executor of the clock that made it.
class Timer {
 public:
  virtual ~Timer() = default;

  /// Completes at `due` or at the next wake(), whichever comes first. One waiter at a time.
  virtual Task<void> wait_until(Instant due) = 0;

  /// Ends the present wait, if there is one. Does not count towards a later wait.
  virtual void wake() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
  virtual std::unique_ptr<Timer> make_timer() = 0;
};

/// Suspends the caller until `due`.
Task<void> sleep_until(Clock& clock, Instant due);

}  // namespace ouro
