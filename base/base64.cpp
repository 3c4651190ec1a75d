#include "base/base64.hpp"

#include <array>

namespace ouro {

namespace {

using Table = std::array<signed char, 256>;

constexpr std::string_view characters(Base64 alphabet) {
  return alphabet == Base64::url
             ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
             : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

constexpr Table values_of(Base64 alphabet) {
  Table table{};
  for (signed char& value : table) value = -1;
  for (std::size_t i = 0; i < 64; ++i)
    table[static_cast<unsigned char>(characters(alphabet)[i])] = static_cast<signed char>(i);
  return table;
}

constexpr Table standard_values = values_of(Base64::standard);
constexpr Table url_values = values_of(Base64::url);

Error malformed(std::string_view what, std::size_t position) {
  return {ErrorCode::invalid_argument,
          "base64: " + std::string(what) + " at character " + std::to_string(position)};
}

}  // namespace

std::string encode_base64(std::string_view bytes, Base64 alphabet) {
  const std::string_view digits = characters(alphabet);
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text.push_back(digits[bits >> (count - 6) & 63]);
  }
  if (count > 0) text.push_back(digits[bits << (6 - count) & 63]);
  if (alphabet == Base64::standard) text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<std::string> decode_base64(std::string_view text, Base64 alphabet) {
  const Table& values = alphabet == Base64::url ? url_values : standard_values;
  std::string_view digits = text;
  if (alphabet == Base64::standard) {
    if (text.size() % 4 != 0) return malformed("incomplete group", text.size());
    while (text.size() - digits.size() < 2 && digits.ends_with('=')) digits.remove_suffix(1);
  }
  if (digits.size() % 4 == 1) return malformed("incomplete group", digits.size());
  std::string bytes;
  bytes.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const signed char value = values[static_cast<unsigned char>(digits[i])];
    if (value < 0) return malformed("character that is not of its alphabet", i);
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count));
  }
  if ((bits & ((1u << count) - 1)) != 0) return malformed("bits after the end", digits.size());
  return bytes;
}

}  // namespace ouro
