// How hard the random and exhaustive tests of the engine try, and from which seed.
//
// scripts/torture sets the environment: OURO_TORTURE=1 asks for the long forms, OURO_TORTURE_SEED
// moves all of them to other histories. Without it the short forms always play the same ones.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace ouro::engine::torture {

inline bool is_long() { return std::getenv("OURO_TORTURE") != nullptr; }

/// The `number`-th seed of a test (from 1). What a test prints on failure is this seed; to play it
/// again, set OURO_TORTURE_SEED to the value it had.
inline std::uint64_t seed(std::uint64_t number) {
  const char* base = std::getenv("OURO_TORTURE_SEED");
  return (base == nullptr ? 0 : std::stoull(base) * 1000) + number;
}

inline std::uint64_t pick(std::uint64_t in_short, std::uint64_t in_long) {
  return is_long() ? in_long : in_short;
}

}  // namespace ouro::engine::torture
