// How do numbers and times look in a header field or a JSON document?
#pragma once

#include "runtime/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::api {

/// 16 lower-case hexadecimal digits.
std::string hex16(std::uint64_t value);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); the fraction of a second is cut off.
std::string http_date(WallTime time);

/// "1994-11-06T08:49:37.000Z" (RFC 3339).
std::string rfc3339(WallTime time);

/// True for well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view bytes);

/// A decimal number without sign of at most 9 digits, or nothing.
std::optional<unsigned> parse_number(std::string_view text);

/// Compares field names and the like: ASCII letters in any case.
bool same_ignoring_case(std::string_view a, std::string_view b);

}  // namespace ouro::api
