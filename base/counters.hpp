// Numbers that a component keeps about itself and others may read at any time.
#pragma once

#include <atomic>
#include <cstdint>

namespace ouro {

/// Counts events. One relaxed addition; reading while others add gives some recent value.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace ouro
