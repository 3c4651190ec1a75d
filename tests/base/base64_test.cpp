#include "base/base64.hpp"

#include "base/random.hpp"
#include "tests/support/catch.hpp"

#include <utility>

namespace ouro {
namespace {

TEST_CASE("the examples of RFC 4648") {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(encode_base64(bytes, Base64::standard) == text);
    const Result<std::string> read = decode_base64(text, Base64::standard);
    REQUIRE(read);
    CHECK(*read == bytes);
  }
}

TEST_CASE("the url alphabet needs no escaping and no padding") {
  CHECK(encode_base64("\xfb\xff", Base64::standard) == "+/8=");
  CHECK(encode_base64("\xfb\xff", Base64::url) == "-_8");
}

TEST_CASE("any bytes survive both alphabets") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::string bytes;
    for (std::uint64_t size = random.below(40); size > 0; --size)
      bytes.push_back(static_cast<char>(random.next()));
    for (const Base64 alphabet : {Base64::standard, Base64::url}) {
      const Result<std::string> read = decode_base64(encode_base64(bytes, alphabet), alphabet);
      REQUIRE(read);
      REQUIRE(*read == bytes);
    }
  }
}

TEST_CASE("text that encoding would not write is refused") {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "=", "====", "Zg==Zg==", "Zm 9",
                           "Zm9-", "Zm9v\n", "Zg==="}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text, Base64::standard));
  }
  for (const char* text : {"Z", "Zg==", "Zh", "Zm9", "Zm9+", "Zm9vY"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text, Base64::url));
  }
}

TEST_CASE("the error names the character") {
  const Result<std::string> read = decode_base64("Zm*v", Base64::url);
  REQUIRE_FALSE(read);
  CHECK(read.error().message.find("character 2") != std::string::npos);
}

}  // namespace
}  // namespace ouro
