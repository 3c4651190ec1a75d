#include "engine/block_cache.hpp"

#include "tests/engine/table_fixture.hpp"

#include <atomic>
#include <cstring>
#include <thread>

namespace ouro::engine {
namespace {

std::shared_ptr<const Block> block_of(std::size_t value_size, const std::string& key = "key") {
  BlockBuilder builder;
  const Item item = put(key, 1, std::string(value_size, 'v'));
  builder.add(item.entry());
  const std::string_view bytes = builder.finish();
  auto copy = std::make_unique<char[]>(bytes.size());
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return Block::parse(std::move(copy), bytes.size());
}

TEST_CASE("the cache gives back the block that was put in") {
  BlockCache cache(1 << 20);
  const auto block = block_of(100);
  CHECK(!cache.find({1, 40}));
  cache.insert({1, 40}, block);
  CHECK(cache.find({1, 40}) == block);
  CHECK(!cache.find({1, 41}));
  CHECK(!cache.find({2, 40}));
  CHECK(cache.usage().hits == 1);
  CHECK(cache.usage().misses == 3);
}

TEST_CASE("of two copies of a block the first stays") {
  BlockCache cache(1 << 20);
  const auto first = block_of(10);
  cache.insert({1, 0}, first);
  cache.insert({1, 0}, block_of(10));
  CHECK(cache.find({1, 0}) == first);
  CHECK(cache.usage().blocks == 1);
}

TEST_CASE("the cache never holds more than its bound") {
  for (const std::size_t capacity : {0u, 5'000u, 100'000u, 4u << 20}) {
    BlockCache cache(capacity);
    SeededRandom random(capacity + 1);
    for (std::uint64_t i = 0; i < 3000; ++i) {
      cache.insert({random.below(10), random.below(5000)}, block_of(random.below(4000)));
      REQUIRE(cache.usage().bytes <= capacity);
    }
    if (capacity > 10'000) CHECK(cache.usage().bytes > capacity / 2);
  }
}

TEST_CASE("a block larger than the cache is not kept and evicts nothing") {
  BlockCache cache(10'000);
  cache.insert({1, 0}, block_of(100));
  cache.insert({1, 1}, block_of(20'000));
  CHECK(cache.find({1, 0}));
  CHECK(!cache.find({1, 1}));
}

TEST_CASE("what is asked for again outlives what is not") {
  BlockCache cache(100'000);
  cache.insert({1, 0}, block_of(1000));
  for (std::uint64_t i = 1; i < 1000; ++i) {
    REQUIRE(cache.find({1, 0}));
    cache.insert({2, i}, block_of(1000));
  }
  CHECK(cache.find({1, 0}));
  CHECK(!cache.find({2, 1}));
}

TEST_CASE("a pinned block outlives its eviction") {
  BlockCache cache(10'000);
  cache.insert({1, 0}, block_of(1000, "pinned"));
  const auto pinned = cache.find({1, 0});
  for (std::uint64_t i = 1; i < 100; ++i) cache.insert({2, i}, block_of(1000));
  CHECK(!cache.find({1, 0}));
  CHECK(pinned->entry(0).key == "pinned");
}

TEST_CASE("threads share the cache") {
  BlockCache cache(200'000);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&cache, &wrong, t] {
      SeededRandom random(t + 1);
      for (int i = 0; i < 5000; ++i) {
        const std::uint64_t offset = random.below(500);
        if (const auto block = cache.find({1, offset})) {
          if (block->entry(0).key != std::to_string(offset)) ++wrong;
        } else {
          cache.insert({1, offset}, block_of(1000, std::to_string(offset)));
        }
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(cache.usage().bytes <= cache.capacity());
}

}  // namespace
}  // namespace ouro::engine
