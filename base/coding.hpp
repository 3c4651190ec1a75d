// Integers and byte strings in the formats of disk and wire.
//
// Little-endian unless the name says big; varints are LEB128 (7 bits a byte, low group first).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace ouro {

static_assert(std::endian::native == std::endian::little, "the formats' readers assume this");

template <class Integer>
void put_fixed(std::string& out, Integer value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

/// Big-endian, so that the bytes sort as the numbers do.
void put_big64(std::string& out, std::uint64_t value);
void put_big32(std::string& out, std::uint32_t value);
void put_varint(std::string& out, std::uint64_t value);
/// A varint length, then the bytes.
void put_sized(std::string& out, std::string_view bytes);

template <class Integer>
Integer load_fixed(const char* at) {
  Integer value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Writes `value` over the bytes at `at`.
template <class Integer>
void store_fixed(char* at, Integer value) {
  std::memcpy(at, &value, sizeof value);
}

std::uint64_t load_big64(const char* at);
std::uint32_t load_big32(const char* at);

/// Reads a byte string from the front and never past its end. The first read that does not fit
/// makes the reader bad for good: read everything, then ask ok() once.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class Integer>
  Integer fixed() {
    const std::string_view bytes = take(sizeof(Integer));
    return bytes.empty() ? Integer{} : load_fixed<Integer>(bytes.data());
  }
  std::uint64_t big64();
  std::uint32_t big32();
  std::uint64_t varint();
  /// A varint that must be at most `limit`.
  std::uint64_t varint_up_to(std::uint64_t limit);
  std::string_view sized();
  std::string_view bytes(std::size_t count) { return take(count); }

  bool ok() const noexcept { return ok_; }
  /// All was read and nothing is left over.
  bool finished() const noexcept { return ok_ && rest_.empty(); }
  std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view take(std::size_t count);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace ouro
