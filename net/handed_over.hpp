// An accepted connection on its way from the loop that accepted it to the one that serves it.
#pragma once

#include "runtime/frame.hpp"

#include <unistd.h>

#include <array>
#include <utility>

namespace ouro::net {

/// A socket that belongs to no loop, and the Hello that was read from it, which was not answered
/// yet. Closes the socket unless somebody takes it: it may be dropped at any time, on any thread.
class HandedOver {
 public:
  HandedOver(int descriptor, bool v6, const std::array<char, hello_size>& hello)
      : hello(hello), v6(v6), descriptor_(descriptor) {}
  HandedOver(HandedOver&& other) noexcept
      : hello(other.hello), v6(other.v6), descriptor_(std::exchange(other.descriptor_, -1)) {}
  HandedOver& operator=(HandedOver&&) = delete;
  ~HandedOver() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  /// Whose it is from now on.
  int release() { return std::exchange(descriptor_, -1); }

  const std::array<char, hello_size> hello;
  const bool v6;

 private:
  int descriptor_;
};

}  // namespace ouro::net
