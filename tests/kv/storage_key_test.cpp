#include "kv/storage_key.hpp"

#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace ouro::kv {
namespace {

TEST_CASE("a data key gives back its parts") {
  const std::string key("with\0zero", 9);
  const DataKey parts{0x0102030405060708, "users", 300, key};
  const std::string bytes = data_key(parts);
  const Result<DataKey> read = parse_data_key(bytes);
  REQUIRE(read);
  CHECK(*read == parts);
}

TEST_CASE("the bytes of a data key are fixed for ever") {
  CHECK(data_key({0x0102030405060708, "b", 300, "k"}) ==
        std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x01"
                    "b\xac\x02k",
                    13));
}

TEST_CASE("data keys sort by token first, then keys of a bucket together") {
  CHECK(data_key({1, "z", 9, "z"}) < data_key({256, "a", 1, "a"}));
  const std::string prefix = data_key_prefix(7, "b", 1);
  CHECK(data_key({7, "b", 1, "a"}).starts_with(prefix));
  CHECK_FALSE(data_key({7, "b", 2, "a"}).starts_with(prefix));
  CHECK(data_key({7, "b", 1, "a"}) < data_key({7, "b", 1, "b"}));
}

TEST_CASE("malformed data keys are refused") {
  const std::string good = data_key({7, "bucket", 1, "k"});
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse_data_key(good.substr(0, size)));
  }
  CHECK_FALSE(parse_data_key(data_key({7, "", 1, "k"})));
  CHECK_FALSE(parse_data_key(data_key({7, std::string(256, 'b'), 1, "k"})));
  CHECK_FALSE(parse_data_key(data_key_prefix(7, "b", 0).substr(0, 10) + std::string("\x81\0k", 3)));
}

TEST_CASE("clocks and marks of one table are told apart") {
  const ArcId arc{5, 3};
  const std::string key = data_key({7, "b", 1, "k"});
  const Result<ArcId> clock = parse_clock_key(clock_key(arc));
  REQUIRE(clock);
  CHECK(*clock == arc);
  const std::string mark = rest_key(arc, key);
  const Result<std::string_view> marked = parse_rest_key(mark);
  REQUIRE(marked);
  CHECK(*marked == key);
  CHECK(mark.starts_with(rest_prefix(arc)));
  CHECK(clock_key(arc).starts_with(clock_prefix()));
  CHECK_FALSE(parse_clock_key(mark));
  CHECK_FALSE(parse_clock_key(clock_key(arc) + "x"));
  CHECK_FALSE(parse_rest_key(clock_key(arc)));
  CHECK_FALSE(parse_rest_key(rest_prefix(arc)));
}

TEST_CASE("the dots of one actor lie in the order of their counters") {
  const ArcId arc{5, 3};
  CHECK(change_key(arc, dot(n0, 255)) < change_key(arc, dot(n0, 256)));
  CHECK(change_key(arc, dot(n0, 256, 1)) < change_key(arc, dot(n0, 1, 2)));
  CHECK(change_key(arc, dot(n0, 1)) < change_key({6, 3}, dot(n0, 1)));
  CHECK(change_key({6, 2}, dot(n0, 1)) < change_key(arc, dot(n0, 1)));
}

TEST_CASE("a change key gives back arc and dot") {
  const ChangeKey key{{70'000, 3}, dot(n1, 1ull << 40, 9)};
  const std::string bytes = change_key(key.arc, key.dot);
  const Result<ChangeKey> read = parse_change_key(bytes);
  REQUIRE(read);
  CHECK(*read == key);
  CHECK(bytes.starts_with(change_prefix(key.arc)));
  CHECK_FALSE(parse_change_key(bytes.substr(1)));
  CHECK_FALSE(parse_change_key(bytes + "x"));
  CHECK_FALSE(parse_change_key(change_key(key.arc, dot(n1, 0))));
}

TEST_CASE("the end of a prefix comes after all that begins with it") {
  CHECK(prefix_end("ab") == "ac");
  CHECK(prefix_end("a\xff\xff") == "b");
  CHECK(prefix_end("\xff").empty());
}

}  // namespace
}  // namespace ouro::kv
