#include "net/io_clock.hpp"

#include "runtime/coroutine.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ouro::net {
namespace {

class IoTimer final : public Timer {
 public:
  explicit IoTimer(const asio::any_io_executor& executor) : timer_(executor) {}

  Task<void> wait_until(Instant due) override {
    timer_.expires_at(std::chrono::steady_clock::time_point(due.time_since_epoch()));
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));  // a wake() is no error
  }

  void wake() override { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

}  // namespace

Instant IoClock::now() const {
  return Instant(std::chrono::steady_clock::now().time_since_epoch());
}

WallTime IoClock::wall() const {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<WallTime>(
      std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count());
}

std::unique_ptr<Timer> IoClock::make_timer() { return std::make_unique<IoTimer>(executor_); }

}  // namespace ouro::net
