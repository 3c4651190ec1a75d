#include "kv/stamp.hpp"

#include <algorithm>
#include <string>

namespace ouro::kv {

namespace {

/// The first stamp of a microsecond; of the last one that has any, beyond the year 2540.
constexpr Stamp first_of(std::uint64_t microseconds) {
  return {std::min(microseconds, (std::uint64_t{1} << 54) - 1) << 10};
}

}  // namespace

Stamp HybridClock::tick(std::uint64_t wall) {
  last_ = std::max(first_of(wall), Stamp{last_.packed + 1});
  return last_;
}

Status HybridClock::observe(Stamp remote, std::uint64_t wall) {
  if (remote.microseconds() > wall && remote.microseconds() - wall > max_ahead)
    return Error{ErrorCode::invalid_argument,
                 "stamp is " + std::to_string((remote.microseconds() - wall) / 1'000'000) +
                     " s ahead of this node's clock, at most 60 s are allowed: set the clocks of "
                     "both nodes"};
  last_ = std::max(last_, remote);
  return {};
}

}  // namespace ouro::kv
