#include "kv/governor.hpp"

#include "runtime/coroutine.hpp"

#include <algorithm>

namespace ouro::kv {

Task<void> RateLimiter::admit(std::size_t bytes) {
  if (bytes_per_second_ == 0) co_return;
  constexpr std::uint64_t nanoseconds = 1'000'000'000;
  // Whole seconds apart, so that nothing overflows.
  const std::uint64_t seconds = bytes / bytes_per_second_;
  const std::uint64_t rest = bytes % bytes_per_second_;
  const std::uint64_t time = seconds * nanoseconds + rest * nanoseconds / bytes_per_second_;
  const Instant turn = std::max(free_at_, clock_.now());
  free_at_ = turn + Duration(static_cast<Duration::rep>(time));
  if (turn > clock_.now()) co_await sleep_until(clock_, turn);
}

}  // namespace ouro::kv
