// How do names and values travel inside a URL, and how do we read one that a client sent?
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ouro {

/// Replaces every %XX by its byte, once ("%2541" becomes "%41"). Every byte value may result, zero
/// too. Errors: invalid_argument for a '%' that two hexadecimal digits do not follow.
Result<std::string> percent_decode(std::string_view text);

/// The unreserved characters of RFC 3986 (letters, digits, "-._~") stay; with `keep_slash` so does
/// "/"; every other byte becomes %XX. percent_decode() is the inverse.
std::string percent_encode(std::string_view text, bool keep_slash);

/// A request target, taken apart.
struct Target {
  std::string_view path;  ///< Still encoded, since an encoded slash is not a separator. A view.
  /// Decoded, in the order they were sent. A name without "=" has an empty value; "+" is a plus.
  std::vector<std::pair<std::string, std::string>> query;
};

/// Splits "/path?name=value&..." at the first '?'. Errors: invalid_argument if it does not start
/// with a slash, has a fragment, or its query has a bad escape or more than 100 parts.
Result<Target> parse_target(std::string_view target);

}  // namespace ouro
