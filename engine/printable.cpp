#include "engine/printable.hpp"

#include "base/coding.hpp"

#include <cstddef>
#include <optional>

namespace ouro::engine {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t quoted_max = 64;

void put_hexadecimal(std::string& out, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  out += digits[value >> 4];
  out += digits[value & 15];
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

Error wrong(std::size_t at, std::string_view what) {
  return {ErrorCode::invalid_argument,
          "character " + std::to_string(at + 1) + " of the key: " + std::string(what)};
}

// The byte that the two digits at `at` stand for.
Result<char> byte_at(std::string_view text, std::size_t at) {
  const auto high = at < text.size() ? digit(text[at]) : std::nullopt;
  const auto low = at + 1 < text.size() ? digit(text[at + 1]) : std::nullopt;
  if (!high || !low) return wrong(at, "two hexadecimal digits must stand here");
  return static_cast<char>(*high << 4 | *low);
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    if (byte == '\\') {
      out += "\\\\";
    } else if (byte >= ' ' && byte <= '~') {
      out += byte;
    } else {
      out += "\\x";
      put_hexadecimal(out, byte);
    }
  }
  return out;
}

std::string quoted(std::string_view bytes) {
  const bool cut = bytes.size() > quoted_max;
  return "\"" + printable(bytes.substr(0, quoted_max)) + (cut ? "...\"" : "\"");
}

Result<std::string> from_printable(std::string_view text) {
  std::string bytes;
  if (text.starts_with("0x")) {
    for (std::size_t at = 2; at < text.size(); at += 2) {
      const Result<char> byte = byte_at(text, at);
      if (!byte) return byte.error();
      bytes += *byte;
    }
    return bytes;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes += text[at];
    } else if (text.substr(at + 1, 1) == "\\") {
      bytes += text[++at];
    } else if (text.substr(at + 1, 1) == "x") {
      const Result<char> byte = byte_at(text, at + 2);
      if (!byte) return byte.error();
      bytes += *byte;
      at += 3;
    } else {
      return wrong(at, "a backslash stands before another one or before xNN");
    }
  }
  return bytes;
}

std::string hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) put_hexadecimal(out, byte);
  return out;
}

std::string hexadecimal(std::uint64_t number) {
  std::string bytes;
  put_big64(bytes, number);
  return hexadecimal(bytes);
}

}  // namespace ouro::engine
