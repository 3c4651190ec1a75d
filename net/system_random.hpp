// Randomness from the operating system: nobody can guess or repeat it.
#pragma once

#include "base/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ouro::net {

/// Draws from the kernel's generator, half a KiB at a time. Fit for names that must not collide and
/// for secrets. Not thread-safe.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 64> drawn_{};
  std::size_t used_ = 64;
};

}  // namespace ouro::net
