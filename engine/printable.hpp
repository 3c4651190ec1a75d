// How are keys and values, which are bytes, shown to people and typed by them?
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::engine {

/// Printable ASCII as it is, a backslash doubled, every other byte as \xNN. One line, no spaces
/// added; from_printable() gives the bytes back.
std::string printable(std::string_view bytes);

/// `bytes` in double quotes and printable; at most 64 of them, then "...". For messages.
std::string quoted(std::string_view bytes);

/// "0x" and hexadecimal digits, or text as printable() writes it. Error invalid_argument, which
/// names the position.
Result<std::string> from_printable(std::string_view text);

/// Two lower-case hexadecimal digits for each byte.
std::string hexadecimal(std::string_view bytes);
/// All 16 digits.
std::string hexadecimal(std::uint64_t number);

}  // namespace ouro::engine
