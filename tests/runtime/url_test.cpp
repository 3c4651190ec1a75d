#include "runtime/url.hpp"

#include "tests/support/catch.hpp"

using namespace ouro;

TEST_CASE("percent escapes are decoded once") {
  CHECK(*percent_decode("a%20b%2Fc") == "a b/c");
  CHECK(*percent_decode("%2541") == "%41");
  CHECK(*percent_decode("caf%C3%a9") == "caf\xC3\xA9");
  CHECK(*percent_decode("") == "");
  CHECK(*percent_decode("a+b") == "a+b");
}

TEST_CASE("every byte may be escaped, zero too") {
  CHECK(*percent_decode("%00%ff") == std::string("\0\xff", 2));
}

TEST_CASE("an incomplete or non-hexadecimal escape is an error") {
  for (const char* bad : {"%", "%4", "a%", "a%1", "%zz", "%4g", "%%41", "% 1", "%-1", "%+1"}) {
    CAPTURE(bad);
    const Result<std::string> decoded = percent_decode(bad);
    REQUIRE(!decoded);
    CHECK(decoded.error().code == ErrorCode::invalid_argument);
  }
}

TEST_CASE("encoding is undone by decoding for every byte") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  CHECK(*percent_decode(percent_encode(all, false)) == all);
  CHECK(*percent_decode(percent_encode(all, true)) == all);
}

TEST_CASE("a slash is kept only if asked") {
  CHECK(percent_encode("a/b c~", false) == "a%2Fb%20c~");
  CHECK(percent_encode("a/b c~", true) == "a/b%20c~");
}

TEST_CASE("a target is split into a path as sent and a decoded query") {
  const Result<Target> target = parse_target("/v1/kv/b/a%2Fb?prefix=x%20y&limit=10&flag&=v&&a=b=c");
  REQUIRE(target);
  CHECK(target->path == "/v1/kv/b/a%2Fb");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"prefix", "x y"}, {"limit", "10"}, {"flag", ""}, {"", "v"}, {"a", "b=c"}};
  CHECK(target->query == expected);
}

TEST_CASE("a target without a query has none") {
  CHECK(parse_target("/")->query.empty());
  CHECK(parse_target("/?")->query.empty());
}

TEST_CASE("a malformed target is an error") {
  for (const char* bad : {"", "x", "*", "?a=b", "/a#b", "/a?b=%", "/a?%zz=b", "http://h/a"}) {
    CAPTURE(bad);
    CHECK(!parse_target(bad));
  }
}

TEST_CASE("a query with very many parts is an error") {
  std::string target = "/?a";
  for (int i = 0; i < 100; ++i) target += "&a";
  CHECK(!parse_target(target));
  CHECK(parse_target(target.substr(0, target.size() - 2)));
}
