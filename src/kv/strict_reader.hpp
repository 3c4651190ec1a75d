// How does a decoder make sure that bytes have one form only?
#pragma once

#include "base/coding.hpp"

#include <bit>
#include <cstdint>
#include <string_view>

namespace ouro::kv {

/// A Reader that also refuses numbers in more bytes than they need and numbers beyond a limit, so
/// that what it accepts is what the encoder writes. Borrows the reader.
class StrictReader {
 public:
  explicit StrictReader(Reader& reader) : reader_(reader) {}

  std::uint64_t number(std::uint64_t limit) {
    const std::size_t before = reader_.rest().size();
    const std::uint64_t value = reader_.varint();
    const std::size_t used = before - reader_.rest().size();
    const auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
    if (!reader_.ok() || used != (bits + 6) / 7 || value > limit) ok_ = false;
    return ok_ ? value : 0;
  }

  /// A length of at most `limit`, then the bytes.
  std::string_view text(std::size_t limit) {
    const std::uint64_t size = number(limit);
    return ok_ ? reader_.bytes(size) : std::string_view{};
  }

  void refuse() noexcept { ok_ = false; }
  bool ok() const noexcept { return ok_ && reader_.ok(); }

 private:
  Reader& reader_;
  bool ok_ = true;
};

}  // namespace ouro::kv
