// The real clocks: steady time to wait by, the system's clock for people and stamps.
#pragma once

#include "runtime/clock.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <utility>

namespace ouro::net {

/// now() and wall() may be called from any thread; the timers belong to `executor`'s thread.
/// Re-arming a timer costs no allocation: Asio recycles the memory of its waits.
class IoClock final : public Clock {
 public:
  explicit IoClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  Instant now() const override;
  WallTime wall() const override;
  std::unique_ptr<Timer> make_timer() override;

 private:
  asio::any_io_executor executor_;
};

}  // namespace ouro::net
