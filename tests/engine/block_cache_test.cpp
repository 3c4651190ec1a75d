#include "engine/block_cache.hpp"

#include "engine/block_format.hpp"
#include "tests/engine/table_fixture.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

namespace ouro::engine {
namespace {

/// A block that may be cached in `slot`.
std::shared_ptr<const Block> block_for(BlockCache& cache, const BlockSlot& slot,
                                       std::size_t value_size, const std::string& key = "key") {
  BlockBuilder builder;
  const Item item = put(key, 1, std::string(value_size, 'v'));
  builder.add(item.entry());
  return unpack_block(builder.finish(), &cache.home(slot));
}

void load(BlockCache& cache, BlockSlot& slot, std::size_t value_size,
          const std::string& key = "key") {
  cache.insert(slot, block_for(cache, slot, value_size, key));
}

/// The slots of a file with `count` blocks.
std::vector<BlockSlot> file_of(BlockCache& cache, std::size_t count) {
  std::vector<BlockSlot> slots(count);
  cache.adopt(slots);
  return slots;
}

TEST_CASE("the cache gives back the block that was put in") {
  BlockCache cache(1 << 20);
  auto slots = file_of(cache, 2);
  const auto block = block_for(cache, slots[0], 100);
  CHECK(!slots[0].find());
  cache.insert(slots[0], block);
  CHECK(slots[0].find() == block);
  CHECK(!slots[1].find());
}

TEST_CASE("of two copies of a block the first stays") {
  BlockCache cache(1 << 20);
  auto slots = file_of(cache, 1);
  const auto first = block_for(cache, slots[0], 10);
  cache.insert(slots[0], first);
  load(cache, slots[0], 10);
  CHECK(slots[0].find() == first);
  CHECK(cache.usage().blocks == 1);
}

TEST_CASE("the cache never holds more than its bound") {
  for (const std::size_t capacity : {0u, 5'000u, 100'000u, 4u << 20}) {
    BlockCache cache(capacity);
    auto slots = file_of(cache, 50'000);
    SeededRandom random(capacity + 1);
    for (std::uint64_t i = 0; i < 3000; ++i) {
      load(cache, slots[random.below(slots.size())], random.below(4000));
      REQUIRE(cache.usage().bytes <= capacity);
    }
    if (capacity > 10'000) CHECK(cache.usage().bytes > capacity / 2);
  }
}

TEST_CASE("large caches fill chunks and keep what is asked for again") {
  constexpr std::size_t capacity = 4 << 20;
  BlockCache cache(capacity);
  auto slots = file_of(cache, 5000);
  load(cache, slots[0], 3000, "hot");
  for (std::size_t i = 1; i < slots.size(); ++i) {
    const auto hot = slots[0].find();
    REQUIRE(hot);
    REQUIRE(hot->entry(0).key == "hot");
    load(cache, slots[i], 3000, std::to_string(i));
    REQUIRE(cache.usage().bytes <= capacity);
  }
  CHECK(cache.usage().blocks > 900);
  for (std::size_t i = 1; i < slots.size(); ++i)
    if (const auto block = slots[i].find()) REQUIRE(block->entry(0).key == std::to_string(i));
  CHECK(!slots[1].find());
}

TEST_CASE("a block from elsewhere is not kept") {
  BlockCache cache(1 << 20);
  auto slots = file_of(cache, 1);
  BlockBuilder builder;
  builder.add(put("key", 1, "value").entry());
  cache.insert(slots[0], unpack_block(builder.finish()));
  CHECK(!slots[0].find());
}

TEST_CASE("a lower bound evicts at once, a higher one makes room") {
  BlockCache cache(100'000);
  auto slots = file_of(cache, 100);
  for (BlockSlot& slot : slots) load(cache, slot, 700);
  const std::size_t before = cache.usage().bytes;
  cache.set_capacity(before / 2);
  CHECK(cache.usage().bytes <= before / 2);
  cache.set_capacity(before * 2);
  for (BlockSlot& slot : slots) load(cache, slot, 700);
  CHECK(cache.usage().blocks == 100);
}

TEST_CASE("a block larger than the cache is not kept and evicts nothing") {
  BlockCache cache(10'000);
  auto slots = file_of(cache, 2);
  load(cache, slots[0], 100);
  load(cache, slots[1], 20'000);
  CHECK(slots[0].find());
  CHECK(!slots[1].find());
}

TEST_CASE("what is asked for again outlives what is not") {
  BlockCache cache(100'000);
  auto slots = file_of(cache, 1000);
  load(cache, slots[0], 1000);
  for (std::uint64_t i = 1; i < 1000; ++i) {
    REQUIRE(slots[0].find());
    load(cache, slots[i], 1000);
  }
  CHECK(slots[0].find());
  CHECK(!slots[1].find());
}

TEST_CASE("a pinned block outlives its eviction") {
  BlockCache cache(10'000);
  auto slots = file_of(cache, 100);
  load(cache, slots[0], 1000, "pinned");
  const auto pinned = slots[0].find();
  for (std::uint64_t i = 1; i < 100; ++i) load(cache, slots[i], 1000);
  CHECK(!slots[0].find());
  CHECK(pinned->entry(0).key == "pinned");
}

TEST_CASE("a closed file leaves nothing behind") {
  BlockCache cache(100'000);
  auto stays = file_of(cache, 1);
  load(cache, stays[0], 100);
  {
    auto slots = file_of(cache, 20);
    for (BlockSlot& slot : slots) load(cache, slot, 100);
    cache.forget(slots);
  }
  CHECK(cache.usage().blocks == 1);
  CHECK(cache.usage().bytes < 2 * stays[0].find()->memory());
}

/// The same block, with a call of `on_free` when it is let go of.
template <class F>
std::shared_ptr<const Block> watched(std::shared_ptr<const Block> block, F on_free) {
  const Block* const at = block.get();
  return {at, [block = std::move(block), on_free](const Block*) mutable {
            on_free();
            block.reset();
          }};
}

// An eviction works on slots under the lock, and for a while those of blocks that it copies look
// empty. A file that is closed then must not go before the eviction has ended: it would write to a
// slot that is gone. Here it is held up at the one place where a test can: while it lets go of the
// first of the blocks that it has copied.
TEST_CASE("closing a file waits for an eviction at work, even if all its slots look empty",
          "[thread]") {
  BlockCache cache(1 << 20);
  auto closing = file_of(cache, 1);
  auto hot = file_of(cache, 1);
  auto fill = file_of(cache, 5000);
  load(cache, closing[0], 1000);
  std::promise<void> reached, go_on;
  auto may_go_on = go_on.get_future().share();
  const auto pause = [&] {
    reached.set_value();
    may_go_on.wait();
  };
  cache.insert(hot[0], watched(block_for(cache, hot[0], 1000), pause));
  CHECK(hot[0].find());  // so that it is copied
  std::thread evicts([&] {
    for (BlockSlot& slot : fill) load(cache, slot, 1000);
  });
  CHECK(reached.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  CHECK_FALSE(closing[0].find());
  auto closed = std::async(std::launch::async, [&] { cache.forget(closing); });
  // However long this waits, it is not closed.
  CHECK(closed.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  go_on.set_value();
  closed.get();
  evicts.join();
}

TEST_CASE("of many who miss a block one loads it and the others get it", "[thread]") {
  BlockCache cache(1 << 20);
  auto slots = file_of(cache, 1);
  std::atomic<int> loads{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (;;) {
        const BlockCache::LoadTurn turn = cache.begin_load(slots[0]);
        if (turn.block) {
          if (turn.block->entry(0).key != "loaded") ++wrong;
          return;
        }
        if (!turn.loads) continue;
        ++loads;
        load(cache, slots[0], 10, "loaded");
        cache.end_load(slots[0]);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(loads == 1);
  CHECK(wrong == 0);
}

TEST_CASE("a loader that fails leaves the turn to the next") {
  BlockCache cache(1 << 20);
  auto slots = file_of(cache, 1);
  CHECK(cache.begin_load(slots[0]).loads);
  cache.end_load(slots[0]);
  CHECK(cache.begin_load(slots[0]).loads);
  cache.end_load(slots[0]);
}

TEST_CASE("threads share the cache", "[thread]") {
  BlockCache cache(200'000);
  auto slots = file_of(cache, 500);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      SeededRandom random(t + 1);
      for (int i = 0; i < 5000; ++i) {
        const std::uint64_t number = random.below(slots.size());
        if (const auto block = slots[number].find()) {
          if (block->entry(0).key != std::to_string(number)) ++wrong;
        } else {
          load(cache, slots[number], 1000, std::to_string(number));
        }
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(cache.usage().bytes <= cache.capacity());
}

}  // namespace
}  // namespace ouro::engine
