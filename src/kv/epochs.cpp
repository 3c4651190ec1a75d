#include "kv/epochs.hpp"

#include "runtime/coroutine.hpp"

#include <algorithm>
#include <chrono>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 2s;
constexpr Duration look_again = 2ms;

}  // namespace

Task<bool> reach_epoch(const cluster::Metadata& metadata, Clock& clock, Epoch epoch,
                       Instant deadline) {
  const Instant end = std::min(deadline, clock.now() + patience);
  while (metadata.view()->epoch() < epoch) {
    if (clock.now() >= end) co_return false;
    co_await sleep_until(clock, std::min(end, clock.now() + look_again));
  }
  co_return true;
}

}  // namespace ouro::kv
