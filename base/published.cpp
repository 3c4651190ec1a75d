#include "base/published.hpp"

namespace ouro {

unsigned thread_stripe(unsigned stripes) noexcept {
  static std::atomic<unsigned> threads{0};
  thread_local const unsigned number = threads.fetch_add(1, std::memory_order_relaxed);
  return number % stripes;
}

}  // namespace ouro
