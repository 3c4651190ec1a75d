#include "api/text.hpp"

#include "tests/support/catch.hpp"

using namespace ouro;
using namespace ouro::api;

TEST_CASE("an HTTP date is the example of RFC 9110") {
  CHECK(http_date(784111777'000000) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(784111777'999999) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("times beyond the year 9999 do not break the format") {
  CHECK(http_date(~WallTime{0}) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(rfc3339(~WallTime{0}) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("a leap day has a date") {
  CHECK(rfc3339(1709210096'123456) == "2024-02-29T12:34:56.123Z");
}

TEST_CASE("hexadecimal numbers have 16 digits") {
  CHECK(hex16(0) == "0000000000000000");
  CHECK(hex16(0xdeadbeef01234567) == "deadbeef01234567");
}

TEST_CASE("UTF-8 is told from other bytes") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d \xed\x9f\xbf"));
  CHECK(!is_utf8("\xff"));
  CHECK(!is_utf8("\xc3"));
  CHECK(!is_utf8("\xc0\x80"));          // overlong
  CHECK(!is_utf8("\xe0\x9f\xbf"));      // overlong
  CHECK(!is_utf8("\xed\xa0\x80"));      // a surrogate
  CHECK(!is_utf8("\xf4\x90\x80\x80"));  // above U+10FFFF
  CHECK(!is_utf8("\xf0\x8f\xbf\xbf"));  // overlong
}

TEST_CASE("numbers are decimal, unsigned and short") {
  CHECK(parse_number("42") == 42u);
  CHECK(parse_number("999999999") == 999999999u);
  for (const char* wrong : {"", "-1", "+1", " 1", "1x", "1000000000", "0x1"}) {
    CAPTURE(wrong);
    CHECK(!parse_number(wrong));
  }
}
