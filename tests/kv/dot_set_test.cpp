#include "kv/dot_set.hpp"

#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

namespace ouro::kv {
namespace {

std::vector<Interval> intervals_of(const DotSet& set) {
  return {set.intervals().begin(), set.intervals().end()};
}

std::string encoded(const DotSet& set) {
  std::string bytes;
  set.encode(bytes);
  return bytes;
}

bool decodes(std::string_view bytes) {
  Reader reader(bytes);
  return DotSet::decode(reader).has_value();
}

std::set<Dot> enumerated(const DotSet& set) {
  std::set<Dot> dots;
  for (const Interval& interval : set.intervals())
    for (std::uint64_t counter = interval.first; counter <= interval.last; ++counter)
      dots.insert({interval.actor, counter});
  return dots;
}

/// Sorted, disjoint, not adjacent.
bool well_kept(const DotSet& set) {
  const auto all = set.intervals();
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].actor < all[i - 1].actor) return false;
    if (all[i].actor == all[i - 1].actor && all[i].first <= all[i - 1].last + 1) return false;
  }
  return true;
}

TEST_CASE("neighbouring dots join into one interval") {
  DotSet set{dot(n0, 1), dot(n0, 3)};
  CHECK(set.interval_count() == 2);
  set.add(dot(n0, 2));
  CHECK(intervals_of(set) == std::vector<Interval>{{{n0, 1}, 1, 3}});
}

TEST_CASE("a later dot says nothing of the earlier ones") {
  const DotSet set{dot(n0, 5)};
  CHECK(set.contains(dot(n0, 5)));
  CHECK_FALSE(set.contains(dot(n0, 4)));
  CHECK_FALSE(set.contains(dot(n0, 6)));
  CHECK_FALSE(set.covers(DotSet{dot(n0, 4), dot(n0, 5)}));
}

TEST_CASE("boots of one node are actors of their own") {
  const DotSet set{dot(n0, 1, 1), dot(n0, 2, 2)};
  CHECK(set.interval_count() == 2);
  CHECK_FALSE(set.contains(dot(n0, 2, 1)));
  CHECK(set.last_counter({n0, 2}) == 2);
  CHECK(set.last_counter({n0, 3}) == 0);
}

TEST_CASE("an interval swallows all that it touches") {
  DotSet set{dot(n0, 1), dot(n0, 3), dot(n0, 5), dot(n0, 9), dot(n1, 4)};
  set.add(Interval{{n0, 1}, 2, 6});
  CHECK(intervals_of(set) ==
        std::vector<Interval>{{{n0, 1}, 1, 6}, {{n0, 1}, 9, 9}, {{n1, 1}, 4, 4}});
}

TEST_CASE("subtracting the middle of an interval leaves both ends") {
  DotSet set;
  set.add(Interval{{n0, 1}, 1, 9});
  set.subtract(DotSet{dot(n0, 4), dot(n0, 6)});
  CHECK(intervals_of(set) ==
        std::vector<Interval>{{{n0, 1}, 1, 3}, {{n0, 1}, 5, 5}, {{n0, 1}, 7, 9}});
}

TEST_CASE("one hole may span many intervals") {
  DotSet hole;
  hole.add(Interval{{n0, 1}, 2, 8});
  const DotSet set{dot(n0, 1), dot(n0, 3), dot(n0, 5), dot(n0, 9)};
  CHECK(set.difference(hole) == DotSet{dot(n0, 1), dot(n0, 9)});
  CHECK(set.intersection(hole) == DotSet{dot(n0, 3), dot(n0, 5)});
}

TEST_CASE("the greatest counter there is can be held") {
  DotSet set{dot(n0, counter_max)};
  set.add(dot(n0, counter_max - 1));
  CHECK(set.interval_count() == 1);
  const std::string bytes = encoded(set);
  Reader whole(bytes);
  const Result<DotSet> read = DotSet::decode(whole);
  REQUIRE(read);
  CHECK(*read == set);
  set.subtract(DotSet{dot(n0, counter_max)});
  CHECK(set == DotSet{dot(n0, counter_max - 1)});
}

TEST_CASE("counting dots stops at the greatest number") {
  DotSet set;
  CHECK(set.dot_count() == 0);
  for (const NodeId node : {n0, n1, n2}) set.add(Interval{{node, 1}, 1, counter_max});
  CHECK(set.dot_count() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("set operations agree with those of sorted sets of dots") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const std::vector<Dot> left_dots = random_dots(random, 40);
    const std::vector<Dot> right_dots = random_dots(random, 40);
    const std::set<Dot> a(left_dots.begin(), left_dots.end());
    const std::set<Dot> b(right_dots.begin(), right_dots.end());
    const DotSet left = dot_set(left_dots);
    const DotSet right = dot_set(right_dots);
    REQUIRE(well_kept(left));
    REQUIRE(enumerated(left) == a);
    REQUIRE(left.dot_count() == a.size());

    std::set<Dot> both, either, only;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::inserter(either, either.end()));
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(only, only.end()));
    DotSet joined = left;
    joined.add(right);
    DotSet rest = left;
    rest.subtract(right);
    REQUIRE(well_kept(joined));
    REQUIRE(well_kept(rest));
    REQUIRE(well_kept(left.intersection(right)));
    REQUIRE(enumerated(joined) == either);
    REQUIRE(enumerated(rest) == only);
    REQUIRE(left.difference(right) == rest);
    REQUIRE(enumerated(left.intersection(right)) == both);
    REQUIRE(left.intersects(right) == !both.empty());
    REQUIRE(left.covers(right) == std::includes(a.begin(), a.end(), b.begin(), b.end()));
    REQUIRE(joined.covers(right));
    for (const Dot& probe : random_dots(random, 20))
      REQUIRE(left.contains(probe) == a.contains(probe));
  }
}

TEST_CASE("intervals added in any order make the same set") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::set<Dot> expected;
    DotSet set;
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t first = 1 + random.below(40);
      const Interval interval{{NodeId(static_cast<std::uint32_t>(1 + random.below(2))), 1},
                              first,
                              first + random.below(6)};
      set.add(interval);
      for (std::uint64_t c = interval.first; c <= interval.last; ++c)
        expected.insert({interval.actor, c});
      REQUIRE(well_kept(set));
    }
    REQUIRE(enumerated(set) == expected);
  }
}

TEST_CASE("what was encoded is decoded, and equal sets have equal hashes") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::vector<Dot> dots = random_dots(random, 30);
    const DotSet set = dot_set(dots);
    const std::string bytes = encoded(set) + "tail";
    Reader reader(bytes);
    const Result<DotSet> read = DotSet::decode(reader);
    REQUIRE(read);
    REQUIRE(*read == set);
    REQUIRE(reader.rest() == "tail");
    std::reverse(dots.begin(), dots.end());
    REQUIRE(dot_set(dots).hash() == set.hash());
    if (!dots.empty()) REQUIRE(DotSet().hash() != set.hash());
  }
}

TEST_CASE("any bytes that decode are what encoding would write") {
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    SeededRandom random(seed);
    std::string bytes = encoded(dot_set(random_dots(random, 8)));
    bytes[random.below(bytes.size())] = static_cast<char>(random.next());
    Reader reader(bytes);
    const Result<DotSet> set = DotSet::decode(reader);
    if (!set) {
      REQUIRE(set.error().code == ErrorCode::corruption);
      continue;
    }
    CAPTURE(seed);
    REQUIRE(well_kept(*set));
    REQUIRE(encoded(*set) == bytes.substr(0, bytes.size() - reader.rest().size()));
  }
}

TEST_CASE("every truncation of an encoded set is refused") {
  const std::string bytes = encoded(DotSet{dot(n0, 1), dot(n0, 300), dot(n1, 7, 2), dot(n3, 1)});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decodes(bytes.substr(0, size)));
  }
}

TEST_CASE("encoded sets that nobody writes are refused") {
  const auto text = [](std::initializer_list<int> bytes) {
    std::string out;
    for (const int byte : bytes) out.push_back(static_cast<char>(byte));
    return out;
  };
  // actors, node delta, boot, intervals, gap, length - 1
  CHECK(decodes(text({1, 9, 1, 1, 0, 0})));
  CHECK_FALSE(decodes(text({1, 0, 1, 1, 0, 0})));           // node 0
  CHECK_FALSE(decodes(text({1, 9, 1, 0})));                 // an actor without intervals
  CHECK_FALSE(decodes(text({0x81, 0, 9, 1, 1, 0, 0})));     // a number in two bytes instead of one
  CHECK_FALSE(decodes(text({0x81, 0x80, 0x80, 1, 9, 1})));  // more actors than allowed
  std::string beyond = text({1, 9, 1, 1});
  put_varint(beyond, counter_max);  // a gap that ends beyond the last counter
  put_varint(beyond, 0);
  CHECK_FALSE(decodes(beyond));
}

TEST_CASE("more intervals than allowed are refused before memory is taken") {
  std::string bytes;
  put_varint(bytes, 1);
  put_varint(bytes, 9);
  put_varint(bytes, 1);
  put_varint(bytes, DotSet::interval_count_max + 1);
  bytes.append(64, '\0');
  CHECK_FALSE(decodes(bytes));
}

TEST_CASE("the bytes of a dot set are fixed for ever") {
  const DotSet set{dot(n0, 1), dot(n0, 2), dot(n0, 5), dot(n0, 7, 4), dot(n2, 300)};
  CHECK(encoded(set) == std::string("\x03"
                                    "\x0a\x01\x02\x00\x01\x01\x00"
                                    "\x00\x02\x01\x06\x00"
                                    "\x02\x01\x01\xab\x02\x00",
                                    19));
  CHECK(encoded(DotSet()) == std::string(1, '\0'));
}

TEST_CASE("a clock's record is a version and a set, and nothing else") {
  const DotSet set{dot(n0, 1), dot(n1, 9)};
  const std::string bytes = encode_clock(set);
  const Result<DotSet> read = decode_clock(bytes);
  REQUIRE(read);
  CHECK(*read == set);
  CHECK_FALSE(decode_clock(""));
  CHECK_FALSE(decode_clock(bytes + "x"));
  CHECK_FALSE(decode_clock(bytes.substr(0, bytes.size() - 1)));
  const Result<DotSet> later = decode_clock("\x02" + bytes.substr(1));
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ErrorCode::unsupported);
}

TEST_CASE("a dot is named by node, boot and counter in hex") {
  CHECK(to_string(dot(NodeId{0xab}, 0x1234, 7)) == "000000ab000000070000000000001234");
}

}  // namespace
}  // namespace ouro::kv
