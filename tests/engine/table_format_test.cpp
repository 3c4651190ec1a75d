#include "engine/table_format.hpp"

#include "tests/engine/table_fixture.hpp"

namespace ouro::engine {
namespace {

constexpr std::uint64_t block_size = 100;

/// An index over blocks of `per_block` items, and the first item of each block.
std::string index_over(const std::vector<Item>& items, std::size_t per_block,
                       std::vector<Item>& firsts) {
  IndexBuilder builder;
  for (std::size_t i = 0; i < items.size(); i += per_block) {
    builder.add(table_header_size + firsts.size() * block_size, items[i].entry(),
                i == 0 ? std::string_view() : std::string_view(items[i - 1].key));
    firsts.push_back(items[i]);
  }
  return builder.finish(table_header_size + firsts.size() * block_size);
}

TEST_CASE("the index leads to the only block that may hold a place") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const auto items = random_items(random, 400);
    const std::size_t per_block = 1 + random.below(9);
    std::vector<Item> firsts;
    std::string bytes = index_over(items, per_block, firsts);
    const auto index = Index::decode(std::move(bytes), table_header_size,
                                     table_header_size + firsts.size() * block_size);
    REQUIRE(index);
    REQUIRE(index->count() == firsts.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Item& item = items[i];
      REQUIRE(index->find(key_prefix(item.key), item.key, item.sequence) == i / per_block);
    }
    for (std::size_t i = 0; i < firsts.size(); ++i) CHECK(index->stored_size(i) == block_size);
  }
}

TEST_CASE("a malformed index is refused and never read past its end") {
  SeededRandom random(3);
  const auto items = random_items(random, 60);
  std::vector<Item> firsts;
  const std::string good = index_over(items, 3, firsts);
  const std::uint64_t end = table_header_size + firsts.size() * block_size;
  REQUIRE(Index::decode(good, table_header_size, end));
  CHECK(!Index::decode(good, table_header_size, end + 1));
  CHECK(!Index::decode(good, table_header_size + 1, end));
  CHECK(!Index::decode(good + "x", table_header_size, end));
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(!Index::decode(good.substr(0, size), table_header_size, end));
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    const auto place = static_cast<std::size_t>(random.below(good.size()));
    bad[place] = static_cast<char>(bad[place] ^ (1 + random.below(255)));
    // Whatever is accepted must be safe to search: the address sanitizer watches.
    if (const auto index = Index::decode(bad, table_header_size, end))
      for (const Item& item : items)
        REQUIRE(index->find(key_prefix(item.key), item.key, item.sequence) < index->count());
  }
}

TEST_CASE("a block trailer binds the payload to its place") {
  const std::string payload = "payload";
  const std::string trailer = encode({BlockType::data, Compression::none, 7}, payload, 42);
  REQUIRE(trailer.size() == block_trailer_size);
  REQUIRE(decode_block_trailer(payload + trailer, 42));
  CHECK(!decode_block_trailer(payload + trailer, 43));
  CHECK(!decode_block_trailer("qayload" + trailer, 42));
  CHECK(!decode_block_trailer(trailer, 42));
  CHECK(!decode_block_trailer("", 42));
  // Right checksum, wrong meaning: an uncompressed block has its raw size.
  const std::string lying = encode({BlockType::data, Compression::none, 8}, payload, 42);
  CHECK(!decode_block_trailer(payload + lying, 42));
}

TEST_CASE("seeds differ between databases and files") {
  CHECK(table_seed(1, 2) != table_seed(2, 1));
  CHECK(table_seed(1, 2) != table_seed(1, 3));
  CHECK(table_seed(1, 2) == table_seed(1, 2));
}

}  // namespace
}  // namespace ouro::engine
