// A fingerprint of a run: two runs are the same exactly when theirs are.
#pragma once

#include <bit>
#include <cstdint>

namespace ouro::sim {

/// A running 64-bit hash of facts, in order. Not against enemies.
class Trace {
 public:
  void add(std::uint64_t fact) noexcept {
    value_ = (std::rotl(value_, 23) ^ fact) * 0x9e3779b97f4a7c15u;
  }
  std::uint64_t value() const noexcept { return value_ ^ (value_ >> 32); }

 private:
  std::uint64_t value_ = 0x6f75726f;
};

}  // namespace ouro::sim
