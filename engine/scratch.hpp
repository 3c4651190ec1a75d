// Room for bytes that are needed for a moment.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace ouro::engine {

/// Keeps what it once gave out for the next time, unless that was much. One for each thread.
class Scratch {
 public:
  /// Uninitialised; valid until the next call.
  std::span<char> take(std::size_t size) {
    constexpr std::size_t least = 64 * 1024;
    constexpr std::size_t kept = 1024 * 1024;
    if (size > size_ || size_ > kept) {
      size_ = std::max(size, least);
      bytes_ = std::make_unique_for_overwrite<char[]>(size_);
    }
    return {bytes_.get(), size};
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace ouro::engine
