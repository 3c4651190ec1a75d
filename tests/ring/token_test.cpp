#include "ring/token.hpp"

#include "tests/support/catch.hpp"

namespace ouro::ring {
namespace {

TEST_CASE("bucket and key both decide the token, and are not confused") {
  CHECK(token_of(1, "a", "bc") != token_of(1, "ab", "c"));
  CHECK(token_of(1, "a", "k") != token_of(1, "b", "k"));
  CHECK(token_of(1, "a", "k") != token_of(2, "a", "k"));
}

// Every key's place depends on it: a change here loses all data of all clusters.
TEST_CASE("a key's token never changes") {
  CHECK(token_of(1, "cities", "lisbon") == 0x5a71eec0616000bfu);
}

TEST_CASE("the arc is the top bits of the token") {
  CHECK(arc_of(0, 256) == 0);
  CHECK(arc_of(~Token{0}, 256) == 255);
  CHECK(arc_of(Token{1} << 63, 2) == 1);
  CHECK(arc_of(~Token{0}, 1) == 0);
  CHECK(first_token(255, 256) == Token{255} << 56);
}

TEST_CASE("doubling the arcs splits each in two") {
  for (const Token token : {Token{0}, Token{1} << 40, Token{0xabcdef} << 40, ~Token{0}})
    CHECK(arc_of(token, 512) / 2 == arc_of(token, 256));
}

TEST_CASE("with a delimiter only the part before it places a key") {
  CHECK(placement_part("user42/cart", "/") == "user42");
  CHECK(placement_part("user42", "/") == "user42");
  CHECK(placement_part("user42/cart", "") == "user42/cart");
}

}  // namespace
}  // namespace ouro::ring
