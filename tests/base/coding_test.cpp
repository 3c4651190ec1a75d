#include "base/coding.hpp"

#include "tests/support/catch.hpp"

#include <limits>

namespace ouro {
namespace {

TEST_CASE("what was put is read back in the same order") {
  std::string bytes;
  put_fixed<std::uint32_t>(bytes, 7);
  put_varint(bytes, 300);
  put_sized(bytes, "lisbon");
  put_big64(bytes, 1);
  Reader reader(bytes);
  CHECK(reader.fixed<std::uint32_t>() == 7);
  CHECK(reader.varint() == 300);
  CHECK(reader.sized() == "lisbon");
  CHECK(reader.big64() == 1);
  CHECK(reader.finished());
}

TEST_CASE("varints hold every 64-bit number") {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 63,
        std::numeric_limits<std::uint64_t>::max()}) {
    std::string bytes;
    put_varint(bytes, value);
    Reader reader(bytes);
    CHECK(reader.varint() == value);
    CHECK(reader.finished());
  }
}

TEST_CASE("a varint of more than 64 bits is refused") {
  Reader reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  reader.varint();
  CHECK_FALSE(reader.ok());
}

TEST_CASE("a reader never passes the end, and stays bad once it met it") {
  Reader reader("\x05hi");
  CHECK(reader.sized().empty());
  CHECK_FALSE(reader.ok());
  CHECK(reader.fixed<std::uint8_t>() == 0);
  CHECK_FALSE(reader.finished());
}

TEST_CASE("big-endian numbers sort as bytes") {
  std::string small, large;
  put_big64(small, 255);
  put_big64(large, 256);
  CHECK(small < large);
}

}  // namespace
}  // namespace ouro
