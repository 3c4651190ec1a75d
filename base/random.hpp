// Randomness that is handed in, so that a seed decides a whole run.
#pragma once

#include <cstdint>

namespace ouro {

/// A source of random bits. Not thread-safe: each event loop has its own.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound), bound > 0. Own arithmetic, because the standard's distributions differ
  /// between libraries and would make a seed mean different runs.
  std::uint64_t below(std::uint64_t bound);

  /// True once in `n` times on average, n > 0.
  bool one_in(std::uint64_t n) { return below(n) == 0; }
};

/// The next output of SplitMix64 (Steele, Lea, Flood 2014) for `state`, which it advances.
std::uint64_t split_mix(std::uint64_t& state);

/// A small deterministic generator: xoshiro256** (Blackman, Vigna 2018) seeded through SplitMix64.
/// Not for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next() override;

 private:
  std::uint64_t state_[4];
};

}  // namespace ouro
