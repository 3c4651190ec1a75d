// When was a value written, in an order that no clock can turn around?
#pragma once

#include "base/result.hpp"

#include <compare>
#include <cstdint>

namespace ouro::kv {

/// A hybrid logical time (Kulkarni et al., OPODIS 2014), packed so that comparing numbers compares
/// times: 54 bits of microseconds since 1970 (until the year 2540), 10 bits of events in that
/// microsecond, which carry into the microseconds when they run out.
struct Stamp {
  std::uint64_t packed = 0;

  auto operator<=>(const Stamp&) const = default;
  /// Microseconds since 1970.
  constexpr std::uint64_t microseconds() const { return packed >> 10; }
};

/// One node's source of stamps: each tick is greater than all earlier ticks and all observed
/// stamps, whatever the wall clock does. Wall times are microseconds since 1970, handed in by the
/// caller. Not thread-safe.
class HybridClock {
 public:
  /// How far ahead of the local wall clock a remote stamp may be.
  static constexpr std::uint64_t max_ahead = 60'000'000;

  HybridClock() = default;
  /// Goes on after `last`, a stamp of an earlier run.
  explicit HybridClock(Stamp last) : last_(last) {}

  Stamp tick(std::uint64_t wall);

  /// Makes later ticks greater than `remote`. Error invalid_argument, and nothing changes, if
  /// `remote` is more than max_ahead after `wall`: one node with a wrong clock must not drag all
  /// others with it.
  Status observe(Stamp remote, std::uint64_t wall);

  Stamp last() const noexcept { return last_; }

 private:
  Stamp last_;
};

}  // namespace ouro::kv
