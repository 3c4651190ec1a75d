// Numbers that a component keeps about itself and others may read at any time.
#pragma once

#include "base/published.hpp"

#include <array>
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

/// The same for what happens so often that threads would get in each other's way.
class HotCounter {
 public:
  void add(std::uint64_t n = 1) noexcept { stripes_[thread_stripe(stripe_count)].counter.add(n); }
  std::uint64_t value() const noexcept {
    std::uint64_t sum = 0;
    for (const Stripe& stripe : stripes_) sum += stripe.counter.value();
    return sum;
  }

 private:
  static constexpr unsigned stripe_count = 16;
  struct alignas(64) Stripe {
    Counter counter;
  };
  std::array<Stripe, stripe_count> stripes_;
};

}  // namespace ouro
