#include "engine/block_format.hpp"

#include "base/coding.hpp"
#include "tests/engine/table_fixture.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace ouro::engine {
namespace {

std::shared_ptr<const Block> parse(std::string_view bytes) {
  // In memory of its own, so that the address sanitizer sees a step past its end.
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return unpack_block({copy.get(), bytes.size()});
}

std::string build(const std::vector<Item>& items) {
  BlockBuilder builder;
  for (const Item& item : items) builder.add(item.entry());
  const std::size_t size = builder.size();
  std::string bytes(builder.finish());
  CHECK(bytes.size() <= size + 24 * items.size());
  CHECK(builder.empty());
  return bytes;
}

/// Where the first item that is not before (key, sequence) stands.
std::size_t expected_place(const std::vector<Item>& items, const Item& target) {
  std::size_t i = 0;
  while (i < items.size() && before(items[i].entry(), target.entry())) ++i;
  return i;
}

TEST_CASE("a block gives back what was put in") {
  const std::vector<Item> items = {put("a", 9, "x"), removed("a", 3), put("b", 1, ""),
                                   put("longer than eight", sequence_max, "value")};
  const auto block = parse(build(items));
  REQUIRE(block);
  REQUIRE(block->count() == items.size());
  for (std::size_t i = 0; i < items.size(); ++i) CHECK(item_of(block->entry(i)) == items[i]);
}

TEST_CASE("key prefixes order as keys do") {
  CHECK(key_prefix("") == 0);
  CHECK(key_prefix("a") == 0x6100000000000000u);
  CHECK(key_prefix(std::string_view("a\0", 2)) == key_prefix("a"));
  CHECK(key_prefix("12345678") == key_prefix("123456789"));
  CHECK(key_prefix("\x7f") < key_prefix("\x80"));
}

TEST_CASE("a block finds every place among short keys, equal prefixes and many versions") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const auto items = random_items(random, 1 + random.below(200));
    const auto block = parse(build(items));
    REQUIRE(block);
    auto targets = random_items(random, 100);
    targets.insert(targets.end(), items.begin(), items.end());
    targets.push_back(put("", 1, ""));
    targets.push_back(put("\xff\xff\xff\xff\xff\xff\xff\xff", 1, ""));
    for (const Item& target : targets) {
      const std::size_t place =
          block->lower_bound(key_prefix(target.key), target.key, target.sequence);
      REQUIRE(place == expected_place(items, target));
    }
  }
}

TEST_CASE("many keys on one token are told apart by the rest of the key") {
  std::vector<Item> items;
  for (int i = 100; i < 400; ++i) items.push_back(put("sametokn" + std::to_string(i), 7, "v"));
  const auto block = parse(build(items));
  REQUIRE(block);
  for (const Item& item : items) {
    const std::size_t place = block->lower_bound(key_prefix(item.key), item.key, 7);
    REQUIRE(place < block->count());
    REQUIRE(block->entry(place).key == item.key);
  }
}

TEST_CASE("the integer search agrees with the standard one on even and on skewed numbers") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::vector<std::uint64_t> numbers(random.below(3000));
    for (auto& number : numbers) {
      number = random.next();
      if (seed % 3 == 1) number >>= random.below(64);
      if (seed % 3 == 2) number %= 50;
    }
    if (seed % 4 == 0) numbers.push_back(UINT64_MAX);
    std::sort(numbers.begin(), numbers.end());
    for (int i = 0; i < 500; ++i) {
      std::uint64_t wanted = random.next() >> random.below(64);
      if (!numbers.empty() && random.one_in(2))
        wanted = numbers[random.below(numbers.size())] + random.below(2);
      const auto found = lower_bound_u64(numbers, wanted);
      const auto reference = std::lower_bound(numbers.begin(), numbers.end(), wanted);
      REQUIRE(found == static_cast<std::size_t>(reference - numbers.begin()));
    }
  }
}

TEST_CASE("what entries have in common takes next to no room") {
  std::vector<Item> items;
  std::size_t values = 0;
  for (int i = 0; i < 100; ++i) {
    items.push_back(put("token" + std::to_string(100 + i), 0, std::string(50, 'v')));
    values += 50;
  }
  CHECK(build(items).size() < values + 100 * 6 + 24);
}

TEST_CASE("a block lies where its home puts it and keeps the owner of the place") {
  struct OneRoom final : BlockHome {
    BlockPlace allocate(std::size_t size) override {
      auto room = std::make_shared<std::array<char, 1024>>();
      REQUIRE(size <= room->size());
      owner = room;
      return {room->data(), room->size(), room};
    }
    std::weak_ptr<void> owner;
  } home;
  auto block = unpack_block(build({put("alpha", 3, "one"), put("beta", 2, "two")}), &home);
  REQUIRE(block);
  CHECK(block->owner() == home.owner.lock().get());
  auto copy = Block::copy(*block, {});
  CHECK(copy->owner() == nullptr);
  block.reset();
  CHECK(home.owner.expired());
  CHECK(item_of(copy->entry(1)) == put("beta", 2, "two"));
}

TEST_CASE("a malformed block is refused and never read past its end") {
  const std::string good = build({put("alpha", 3, "one"), put("beta", 2, "two")});
  REQUIRE(parse(good));
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(!parse(good.substr(0, size)));
  CHECK(!parse(good + "x"));
  SeededRandom random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string bad = good;
    const auto place = static_cast<std::size_t>(random.below(good.size()));
    bad[place] = static_cast<char>(bad[place] ^ (1 + random.below(255)));
    // Whatever is accepted must be readable: the address sanitizer watches.
    if (const auto block = parse(bad))
      for (std::size_t i = 0; i < block->count(); ++i) static_cast<void>(item_of(block->entry(i)));
  }
  std::string count = good;
  store_fixed<std::uint32_t>(count.data(), UINT32_MAX);
  CHECK(!parse(count));
}

}  // namespace
}  // namespace ouro::engine
