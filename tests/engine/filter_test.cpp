#include "engine/filter.hpp"

#include "base/random.hpp"
#include "tests/support/catch.hpp"

namespace ouro::engine {
namespace {

std::vector<std::uint64_t> hashes(std::uint64_t seed, std::size_t count) {
  SeededRandom random(seed);
  std::vector<std::uint64_t> result(count);
  for (auto& hash : result) hash = random.next();
  return result;
}

std::size_t false_positives(const Filter& filter, std::size_t probes) {
  std::size_t count = 0;
  for (const std::uint64_t hash : hashes(99, probes)) count += filter.may_contain(hash);
  return count;
}

TEST_CASE("a filter never denies a key it was built from") {
  for (const std::size_t count : {0u, 1u, 7u, 1000u, 50'000u}) {
    const auto keys = hashes(count + 1, count);
    for (const unsigned bits : {1u, 5u, 10u, 30u}) {
      const Filter filter = Filter::build(keys, bits);
      for (const std::uint64_t key : keys) REQUIRE(filter.may_contain(key));
    }
  }
}

TEST_CASE("ten bits per key give about one percent of false positives") {
  const Filter filter = Filter::build(hashes(1, 100'000), 10);
  const std::size_t wrong = false_positives(filter, 200'000);
  CAPTURE(wrong);
  CHECK(wrong < 200'000 * 13 / 1000);
  CHECK(wrong > 200'000 * 5 / 1000);
  CHECK(false_positives(Filter::build(hashes(1, 100'000), 16), 200'000) < 400);
}

TEST_CASE("a filter survives being written and read") {
  const auto keys = hashes(3, 5000);
  const Filter filter = Filter::build(keys, 10);
  const auto again = Filter::decode(filter.encode());
  REQUIRE(again);
  for (const std::uint64_t key : keys) REQUIRE(again->may_contain(key));
  CHECK(false_positives(*again, 10'000) == false_positives(filter, 10'000));
}

TEST_CASE("bytes that are no filter are refused") {
  const std::string good = Filter::build(hashes(3, 100), 10).encode();
  REQUIRE(Filter::decode(good));
  CHECK(!Filter::decode(""));
  CHECK(!Filter::decode(good.substr(0, good.size() - 1)));
  CHECK(!Filter::decode(good + "x"));
  for (const std::size_t place : {0u, 1u, 2u, 4u}) {
    std::string bad = good;
    bad[place] = static_cast<char>(0xee);
    CHECK(!Filter::decode(bad));
  }
}

}  // namespace
}  // namespace ouro::engine
