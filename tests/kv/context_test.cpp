#include "kv/context.hpp"

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

namespace ouro::kv {
namespace {

constexpr std::uint64_t key_hash = 0x1122334455667788;

TEST_CASE("a context token gives back the context") {
  for (const DotSet& context : {DotSet(), DotSet{dot(n0, 1), dot(n1, 300, 9)}}) {
    const Result<DotSet> read = decode_context(encode_context(key_hash, context), key_hash);
    REQUIRE(read);
    CHECK(*read == context);
  }
}

TEST_CASE("a token needs no escaping in headers and URLs") {
  const std::string token = encode_context(key_hash, DotSet{dot(n0, 1), dot(n1, 300, 9)});
  CHECK(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-_") == std::string::npos);
}

TEST_CASE("a token of another key is refused and says so") {
  const Result<DotSet> read = decode_context(encode_context(key_hash, DotSet{dot(n0, 1)}), 7);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::invalid_argument);
  CHECK(read.error().message.find("another key") != std::string::npos);
}

TEST_CASE("every changed, missing or added character is noticed") {
  const std::string good = encode_context(key_hash, DotSet{dot(n0, 1), dot(n1, 300, 9)});
  const std::string others = "ABab01-_=+/ \n%";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char other : others) {
      std::string token = good;
      token[i] = other;
      if (token == good) continue;
      CAPTURE(i, token);
      const Result<DotSet> read = decode_context(token, key_hash);
      REQUIRE_FALSE(read);
      CHECK(read.error().code == ErrorCode::corruption);
    }
    CHECK_FALSE(decode_context(good.substr(0, i), key_hash));
  }
  CHECK_FALSE(decode_context(good + "A", key_hash));
  CHECK_FALSE(decode_context(good + "AAAA", key_hash));
}

TEST_CASE("a token that is too long is refused unread") {
  const Result<DotSet> read = decode_context(std::string(context_size_max + 1, 'A'), key_hash);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::invalid_argument);
}

TEST_CASE("a token of a later version is refused by name") {
  std::string bytes = *decode_base64(encode_context(key_hash, DotSet()), Base64::url);
  bytes.resize(bytes.size() - 4);
  bytes[0] = 2;
  put_fixed(bytes, static_cast<std::uint32_t>(hash64(bytes, 0x636f6e74657874)));
  const Result<DotSet> read = decode_context(encode_base64(bytes, Base64::url), key_hash);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::unsupported);
}

TEST_CASE("a context that fits goes out whole") {
  const DotSet context{dot(n0, 1), dot(n1, 5), dot(n2, 9)};
  CHECK(client_context(context, {sibling(dot(n0, 1))}) == context);
}

TEST_CASE("of a context too long for a header the live dots and the newest boots go out") {
  DotSet context;
  for (Boot boot = 1; boot <= 2000; ++boot)
    for (const NodeId node : {n0, n1}) context.add(Interval{{node, boot}, 1, 10'000});
  const std::vector<Sibling> live{sibling(dot(n0, 5, 1)), sibling(dot(n1, 7, 2))};
  const DotSet cut = client_context(context, live);
  CHECK(cut.contains(dot(n0, 5, 1)));
  CHECK(cut.contains(dot(n1, 7, 2)));
  CHECK(cut.contains(dot(n0, 9, 2000)));
  CHECK(cut.contains(dot(n1, 9, 2000)));
  CHECK_FALSE(cut.contains(dot(n1, 9, 3)));
  CHECK(context.covers(cut));
  const std::string token = encode_context(key_hash, cut);
  CHECK(token.size() <= context_size_max);
  CHECK(token.size() > context_size_max - 64);
  CHECK(decode_context(token, key_hash));
}

}  // namespace
}  // namespace ouro::kv
