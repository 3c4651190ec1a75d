#include "runtime/url.hpp"

#include <algorithm>
#include <cstddef>

namespace ouro {
namespace {

constexpr std::size_t query_parts_max = 100;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

Error bad_escape(std::string_view text, std::size_t at) {
  return Error{ErrorCode::invalid_argument,
               "bad percent escape at offset " + std::to_string(at) + " of \"" +
                   percent_encode(text.substr(at, 3), true) +
                   "\": write %25 for a percent sign, or % and two hexadecimal digits"};
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.push_back(text[i]);
      continue;
    }
    const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return bad_escape(text, i);
    bytes.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return bytes;
}

std::string percent_encode(std::string_view text, bool keep_slash) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(digits[byte >> 4]);
    encoded.push_back(digits[byte & 15]);
  }
  return encoded;
}

Result<Target> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/')
    return Error{ErrorCode::invalid_argument, "the request target must start with a slash"};
  if (target.find('#') != target.npos)
    return Error{ErrorCode::invalid_argument,
                 "a request target has no fragment: write %23 for a number sign"};
  const std::size_t question = target.find('?');
  Target parts;
  parts.path = target.substr(0, question);
  if (question == target.npos) return parts;

  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.empty()) continue;
    if (parts.query.size() == query_parts_max)
      return Error{ErrorCode::invalid_argument, "the query has more than 100 parts"};
    const std::size_t equals = std::min(part.find('='), part.size());
    Result<std::string> name = percent_decode(part.substr(0, equals));
    if (!name) return name.error();
    Result<std::string> value = percent_decode(part.substr(std::min(equals + 1, part.size())));
    if (!value) return value.error();
    parts.query.emplace_back(std::move(*name), std::move(*value));
  }
  return parts;
}

}  // namespace ouro
