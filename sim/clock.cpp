#include "sim/clock.hpp"

#include "runtime/coroutine.hpp"

#include <algorithm>

namespace ouro::sim {
namespace {

constexpr std::int64_t wall_at_start_us = 1'700'000'000'000'000;  // November 2023

WallTime to_wall(std::int64_t nanoseconds) {
  return static_cast<WallTime>(std::max<std::int64_t>(0, wall_at_start_us + nanoseconds / 1000));
}

}  // namespace

class SimTimer final : public Timer {
 public:
  explicit SimTimer(const SimClock& clock) : clock_(clock) {}

  Task<void> wait_until(Instant due) override {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this, due](auto waiter) {
          ticket_ = clock_.scheduler_.add(clock_.life_, clock_.to_world(due), std::move(waiter));
        },
        asio::use_awaitable);
  }

  void wake() override { clock_.scheduler_.hasten(ticket_); }

 private:
  const SimClock& clock_;
  Scheduler::Ticket ticket_;
};

WallTime WallClock::now() const {
  const std::int64_t now = scheduler_.now().time_since_epoch().count();
  const std::int64_t drifting = (scheduler_.now() - drift_since_).count();
  return to_wall(now + offset_ + drifting / 1'000'000 * drift_ppm_);
}

void WallClock::set_drift(std::int64_t ppm) {
  offset_ += (scheduler_.now() - drift_since_).count() / 1'000'000 * drift_ppm_;
  drift_since_ = scheduler_.now();
  drift_ppm_ = ppm;
}

WallTime SimClock::wall() const {
  return wall_ ? wall_->now() : to_wall(scheduler_.now().time_since_epoch().count());
}

Instant SimClock::to_world(Instant local) const {
  if (local <= now()) return scheduler_.now();
  return local == Instant::max() ? local : local - origin_;
}

std::unique_ptr<Timer> SimClock::make_timer() { return std::make_unique<SimTimer>(*this); }

}  // namespace ouro::sim
