// A lane in invented time: a crash may fall between any two jobs, and a job takes a while.
#pragma once

#include "base/lane.hpp"
#include "base/random.hpp"
#include "runtime/clock.hpp"
#include "sim/scheduler.hpp"

#include <cstdint>
#include <deque>
#include <memory>

namespace ouro::sim {

/// How long blocking work takes. Shared by the lanes of one machine and changed while they run.
struct LaneTiming {
  Duration least = std::chrono::microseconds(20);
  Duration most = std::chrono::microseconds(500);
};

/// Runs jobs in the order posted, each some virtual time after it could have begun. A job belongs
/// to the agenda: killing the life destroys the waiting ones unrun, and so does destroying the
/// lane.
class SimLane final : public Lane {
 public:
  SimLane(Scheduler& scheduler, Life life, std::shared_ptr<const LaneTiming> timing,
          std::uint64_t seed)
      : scheduler_(scheduler), life_(life), timing_(std::move(timing)), random_(seed) {}
  SimLane(const SimLane&) = delete;
  SimLane& operator=(const SimLane&) = delete;
  ~SimLane() override;

  void post(Job job) override;

 private:
  struct Slot;

  Scheduler& scheduler_;
  Life life_;
  std::shared_ptr<const LaneTiming> timing_;
  SeededRandom random_;
  Instant busy_until_{};
  std::deque<std::weak_ptr<Slot>> slots_;  // owned by their entries in the agenda
};

}  // namespace ouro::sim
