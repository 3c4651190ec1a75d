// How fast may background work go?
#pragma once

#include "runtime/clock.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <cstdint>

namespace ouro::kv {

/// Asked by every piece of background work. For use on one loop.
class Governor {
 public:
  virtual ~Governor() = default;
  /// Completes when `bytes` more may be moved.
  virtual Task<void> admit(std::size_t bytes) = 0;
};

/// A fixed number of bytes a second, shared by all who ask; 0: no limit. What was not used is not
/// saved up. Borrows the clock.
class RateLimiter final : public Governor {
 public:
  RateLimiter(Clock& clock, std::uint64_t bytes_per_second)
      : clock_(clock), bytes_per_second_(bytes_per_second) {}
  Task<void> admit(std::size_t bytes) override;

 private:
  Clock& clock_;
  std::uint64_t bytes_per_second_;
  Instant free_at_{};
};

}  // namespace ouro::kv
