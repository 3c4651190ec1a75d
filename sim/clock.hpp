// Time as one simulated node sees it.
#pragma once

#include "runtime/clock.hpp"
#include "sim/scheduler.hpp"

#include <cstdint>
#include <memory>

namespace ouro::sim {

/// The battery-backed clock of one machine: survives its restarts, may be wrong, may run fast.
class WallClock {
 public:
  explicit WallClock(const Scheduler& scheduler) : scheduler_(scheduler) {}

  WallTime now() const;
  /// Puts the clock forward, or back if negative.
  void jump(Duration by) { offset_ += by.count(); }
  /// How much too fast the clock runs, in parts per million; negative: too slow.
  void set_drift(std::int64_t ppm);

 private:
  const Scheduler& scheduler_;
  std::int64_t offset_ = 0;  // nanoseconds
  std::int64_t drift_ppm_ = 0;
  Instant drift_since_{};
};

/// The clock handed to one life of one node.
///
/// `origin` is what the node's monotonic clock showed when the simulation began. Nodes get
/// different ones, so that instants which travel between nodes are noticed. With no wall clock,
/// wall() is exact.
class SimClock final : public Clock {
 public:
  SimClock(Scheduler& scheduler, Life life, const WallClock* wall = nullptr, Duration origin = {})
      : scheduler_(scheduler), life_(life), wall_(wall), origin_(origin) {}

  Instant now() const override { return scheduler_.now() + origin_; }
  WallTime wall() const override;
  std::unique_ptr<Timer> make_timer() override;

  /// The scheduler's name for an instant of this clock.
  Instant to_world(Instant local) const;

 private:
  friend class SimTimer;
  Scheduler& scheduler_;
  Life life_;
  const WallClock* wall_;
  Duration origin_;
};

}  // namespace ouro::sim
