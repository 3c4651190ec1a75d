#include "base/coding.hpp"

namespace ouro {

void put_big64(std::string& out, std::uint64_t value) { put_fixed(out, __builtin_bswap64(value)); }

void put_big32(std::string& out, std::uint32_t value) { put_fixed(out, __builtin_bswap32(value)); }

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_sized(std::string& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out.append(bytes);
}

std::uint64_t load_big64(const char* at) {
  return __builtin_bswap64(load_fixed<std::uint64_t>(at));
}

std::uint32_t load_big32(const char* at) {
  return __builtin_bswap32(load_fixed<std::uint32_t>(at));
}

std::uint64_t Reader::big64() {
  const std::string_view bytes = take(8);
  return bytes.empty() ? 0 : load_big64(bytes.data());
}

std::uint32_t Reader::big32() {
  const std::string_view bytes = take(4);
  return bytes.empty() ? 0 : load_big32(bytes.data());
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::string_view byte = take(1);
    if (byte.empty()) return 0;
    const auto bits = static_cast<unsigned char>(byte[0]);
    if (shift == 63 && bits > 1) break;  // the tenth byte may hold one bit only
    value |= static_cast<std::uint64_t>(bits & 0x7f) << shift;
    if (bits < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

std::uint64_t Reader::varint_up_to(std::uint64_t limit) {
  const std::uint64_t value = varint();
  if (value <= limit) return value;
  ok_ = false;
  return 0;
}

std::string_view Reader::sized() {
  const std::uint64_t size = varint_up_to(rest_.size());
  return take(size);
}

std::string_view Reader::take(std::size_t count) {
  if (!ok_ || count > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view front = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return front;
}

}  // namespace ouro
