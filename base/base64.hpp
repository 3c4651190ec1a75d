// Bytes as printable text (RFC 4648).
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ouro {

enum class Base64 : std::uint8_t {
  standard,  ///< '+' and '/', padded with '='.
  url,       ///< '-' and '_', not padded: may stand in URLs and headers.
};

std::string encode_base64(std::string_view bytes, Base64 alphabet);

/// Error invalid_argument, which names the position, for everything that encode_base64() would not
/// write: other characters, white space, missing or superfluous padding, bits after the end.
Result<std::string> decode_base64(std::string_view text, Base64 alphabet);

}  // namespace ouro
