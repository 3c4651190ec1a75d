#include "base/hash.hpp"

#include "tests/support/catch.hpp"

#include <string>

namespace ouro {
namespace {

// Data on disk depends on these: a change here is a change of every format.
TEST_CASE("the hash is XXH3-64, for ever") {
  CHECK(hash64("") == 0x2d06800538d394c2u);
  CHECK(hash64("", 1) != hash64(""));
}

TEST_CASE("hashing in pieces gives the hash of the whole") {
  const std::string text(10'000, 'x');
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{42}}) {
    StreamHash pieces(seed);
    pieces.add(std::string_view(text).substr(0, 1));
    pieces.add(std::string_view(text).substr(1, 4000));
    pieces.add(std::string_view(text).substr(4001));
    CHECK(pieces.finish() == hash64(text, seed));
  }
}

}  // namespace
}  // namespace ouro
