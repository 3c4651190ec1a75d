#include "base/random.hpp"
#include "kv/object.hpp"
#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <string>

namespace ouro::kv {
namespace {

SharedBytes joined(const std::vector<SharedBytes>& pieces) {
  std::string bytes;
  for (const SharedBytes& piece : pieces) bytes.append(piece);
  return SharedBytes(std::move(bytes));
}

bool same(const Sibling& a, const Sibling& b) {
  return a.dot == b.dot && a.stamp == b.stamp && a.content_type == b.content_type &&
         a.value.view() == b.value.view() && a.expires == b.expires && a.meta == b.meta &&
         a.idempotency_key == b.idempotency_key;
}

bool same(const Object& a, const Object& b) {
  return a.rest == b.rest &&
         std::equal(a.live.begin(), a.live.end(), b.live.begin(), b.live.end(),
                    [](const Sibling& x, const Sibling& y) { return same(x, y); });
}

Object sample() {
  Object object;
  Sibling first = sibling(dot(n0, 7), "the first value");
  first.stamp = {std::uint64_t{1'700'000'000'000'000} << 10 | 3};
  first.content_type = "text/plain";
  first.expires = 1'800'000'000'000'000;
  first.meta = std::string("a\0b", 3);
  first.idempotency_key = "retry-1";
  object.live = {first, sibling(dot(n1, 300, 2), "")};
  object.rest = DotSet{dot(n2, 4), dot(n2, 9)};
  return object;
}

TEST_CASE("a record holds every field of an object") {
  const Object object = sample();
  const Result<Object> read = decode_record(joined(encode_record(object)));
  REQUIRE(read);
  CHECK(same(*read, object));
}

TEST_CASE("an object of nothing but dead dots has a record") {
  Object object;
  object.rest = DotSet{dot(n0, 1)};
  const Result<Object> read = decode_record(joined(encode_record(object)));
  REQUIRE(read);
  CHECK(read->live.empty());
  CHECK(read->rest == object.rest);
  CHECK_FALSE(read->empty());
}

TEST_CASE("encoding shares the values and decoding cuts them from the record") {
  const Object object = sample();
  const std::vector<SharedBytes> pieces = encode_record(object);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[1].view().data() == object.live[0].value.view().data());
  const SharedBytes record = joined(pieces);
  const Result<Object> read = decode_record(record);
  REQUIRE(read);
  CHECK(read->live[0].value.view().data() == record.view().data() + pieces[0].size());
}

TEST_CASE("random objects survive the record") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    Object object;
    object.rest = dot_set(random_dots(random, 6));
    const DotSet live = dot_set(random_dots(random, 6));
    for (const Interval& interval : live.intervals()) {
      Sibling value = sibling({interval.actor, interval.first},
                              std::string(random.below(300), static_cast<char>(random.next())));
      value.stamp.packed = random.next();
      value.expires = random.one_in(2) ? 0 : random.next();
      value.meta = std::string(random.below(200), 'm');
      value.content_type = std::string(random.below(20), 't');
      value.idempotency_key = std::string(random.below(30), 'i');
      object.live.push_back(std::move(value));
    }
    const Result<Object> read = decode_record(joined(encode_record(object)));
    REQUIRE(read);
    REQUIRE(same(*read, object));
  }
}

TEST_CASE("every changed bit of a record's head is noticed") {
  const std::vector<SharedBytes> pieces = encode_record(sample());
  const std::string good(joined(pieces).view());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      const Result<Object> read = decode_record(SharedBytes(std::move(bytes)));
      CAPTURE(i, bit);
      // The values' bytes are covered by the checksums of blocks, log records and frames.
      REQUIRE(read.has_value() == (i >= pieces[0].size()));
    }
  }
}

TEST_CASE("every truncation and every addition is noticed") {
  const std::string good(joined(encode_record(sample())).view());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    const Result<Object> read = decode_record(SharedBytes(good.substr(0, size)));
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::corruption);
  }
  CHECK_FALSE(decode_record(SharedBytes(good + "x")));
}

TEST_CASE("a record of a later version is refused by name") {
  std::string bytes(joined(encode_record(sample())).view());
  bytes[0] = 2;
  const Result<Object> read = decode_record(SharedBytes(std::move(bytes)));
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::unsupported);
}

TEST_CASE("the bytes of a record are fixed for ever") {
  Object object;
  Sibling value = sibling(dot(n0, 300, 2), "abc");
  value.stamp.packed = 0x0102030405060708;
  value.content_type = "t";
  value.expires = 5;
  object.live.push_back(value);
  const std::vector<SharedBytes> pieces = encode_record(object);
  const std::string head(pieces[0].view());
  CHECK(head.substr(0, 1) == "\x01");
  CHECK(head.substr(5) == std::string("\x14\x01\x0a\x02\xac\x02"
                                      "\x08\x07\x06\x05\x04\x03\x02\x01"
                                      "\x05\x01t\x00\x00\x03\x00",
                                      21));
}

TEST_CASE("the digest names the live dots and nothing else") {
  Object a = object({dot(n0, 1), dot(n1, 1)});
  const Object b = object({dot(n0, 1), dot(n1, 1)});
  a.rest = DotSet{dot(n2, 1)};
  a.live[0].content_type = "text/plain";
  CHECK(digest(a) == digest(b));
  CHECK(digest(a) != digest(object({dot(n0, 1)})));
  CHECK(digest(a) != digest(object({dot(n0, 1), dot(n1, 1, 2)})));
  CHECK(digest(object({})) != digest(object({dot(n0, 1)})));
}

TEST_CASE("values whose time is over are dropped, others stay") {
  Object values = object({dot(n0, 1), dot(n0, 2), dot(n0, 3)});
  values.live[0].expires = 99;
  values.live[1].expires = 101;
  CHECK(drop_expired(values, 100) == 1);
  CHECK(dots_of(values.live) == std::vector<Dot>{dot(n0, 2), dot(n0, 3)});
  CHECK(live_dots(values) == DotSet{dot(n0, 2), dot(n0, 3)});
}

}  // namespace
}  // namespace ouro::kv
