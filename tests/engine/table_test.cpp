#include "tests/engine/table_fixture.hpp"

#include "engine/db.hpp"

namespace ouro::engine {
namespace {

Found find(const TableReader& table, std::string_view key, Sequence at_most,
           ReadMode mode = ReadMode::blocking) {
  Found found;
  const Status status = table.get(PointRead(key, at_most, mode), found);
  REQUIRE(status);
  return found;
}

void check_found(const Found& found, const std::optional<Item>& expected) {
  if (!expected) {
    REQUIRE(found.kind == Found::Kind::none);
    return;
  }
  REQUIRE(found.sequence == expected->sequence);
  if (expected->kind == EntryKind::remove) {
    REQUIRE(found.kind == Found::Kind::remove);
    return;
  }
  REQUIRE(found.kind == Found::Kind::put);
  REQUIRE(found.value.view() == expected->value);
}

Options small_blocks(std::size_t bytes, bool compress = true, unsigned filter_bits = 10) {
  Options options;
  options.block_bytes = bytes;
  options.compress = compress;
  options.filter_bits_per_key = filter_bits;
  return options;
}

TEST_CASE("a table gives back every entry in order, however it was written") {
  for (const std::size_t block_bytes : {1u, 200u, 4096u, 1u << 20})
    for (const bool compress : {false, true})
      for (const unsigned filter_bits : {0u, 10u}) {
        CAPTURE(block_bytes, compress, filter_bits);
        Tables tables(small_blocks(block_bytes, compress, filter_bits));
        SeededRandom random(block_bytes);
        const auto items = random_items(random, 500, 1, 300);
        const auto table = tables.table(items);
        CHECK(read_all(*table->iterator({})) == items);
        CHECK(read_all(*table->iterator({ReadMode::blocking, false})) == items);
      }
}

TEST_CASE("a table's metadata tells what is in it") {
  Tables tables;
  const FileMeta meta = tables.write({put("a", 7, "x"), put("b", 3, "y"), removed("c", 12)}, 2, 1);
  CHECK(meta.number == 1);
  CHECK(meta.table == 1);
  CHECK(meta.level == 2);
  CHECK(meta.smallest == "a");
  CHECK(meta.largest == "c");
  CHECK(meta.entries == 3);
  CHECK(meta.min_sequence == 3);
  CHECK(meta.max_sequence == 12);
  const std::string bytes = tables.files.bytes(tables.path(1));
  CHECK(meta.size == bytes.size());
  CHECK(meta.checksum == hash64(bytes));
  const auto again = decode_file_meta(encode(meta));
  REQUIRE(again);
  CHECK(*again == meta);
  CHECK(!decode_file_meta(encode(meta) + "x"));
  CHECK(!decode_file_meta(encode(meta).substr(1)));
}

TEST_CASE("a lookup at any sequence finds the version that was newest then") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    Tables tables(small_blocks(64 + random.below(500), random.one_in(2),
                               static_cast<unsigned>(random.below(2)) * 10));
    const auto items = random_items(random, 200);
    const auto table = tables.table(items);
    for (int i = 0; i < 2000; ++i) {
      const std::string key =
          random.one_in(2) ? items[random.below(items.size())].key : random_key(random, 200);
      const Sequence at_most = random.below(210);
      CAPTURE(key, at_most);
      check_found(find(*table, key, at_most), newest(items, key, at_most));
    }
  }
}

TEST_CASE("a key whose versions fill many blocks is found at each of its sequences") {
  Tables tables(small_blocks(100));
  std::vector<Item> items = {put("before", 1, "b"), put("hot!key!", 1, "too early")};
  for (Sequence sequence = 2; sequence <= 300; ++sequence)
    items.push_back(put("hot!key!s", sequence, std::to_string(sequence)));
  items.push_back(put("hot!key!t", 1, "after"));
  sort_entries(items);
  const auto table = tables.table(items);
  for (Sequence at_most = 0; at_most <= 310; ++at_most)
    check_found(find(*table, "hot!key!s", at_most), newest(items, "hot!key!s", at_most));
  check_found(find(*table, "hot!key!", 300), put("hot!key!", 1, "too early"));
  check_found(find(*table, "hot!key!t", 300), put("hot!key!t", 1, "after"));
  check_found(find(*table, "hot!key!ss", 300), std::nullopt);
}

TEST_CASE("an iterator can be set anywhere") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    Tables tables(small_blocks(50 + random.below(300)));
    const auto items = random_items(random, 300);
    const auto table = tables.table(items);
    const auto iterator = table->iterator({ReadMode::blocking, random.one_in(2)});
    ItemIterator reference(items);
    for (int i = 0; i < 500; ++i) {
      const std::string key = random_key(random, 300);
      const Sequence sequence = random.below(310);
      iterator->seek(key, sequence);
      reference.seek(key, sequence);
      for (int steps = 0; steps < 4; ++steps) {
        REQUIRE(iterator->valid() == reference.valid());
        if (!iterator->valid()) break;
        REQUIRE(item_of(iterator->entry()) == item_of(reference.entry()));
        iterator->next();
        reference.next();
      }
    }
  }
}

TEST_CASE("large values are stored whole, compressed where it pays") {
  Tables tables;
  SeededRandom random(1);
  std::string noise(3 << 20, '\0');
  for (char& c : noise) c = static_cast<char>(random.next());
  const std::vector<Item> items = {put("a", 1, "small"), put("b", 2, std::string(8 << 20, 'z')),
                                   put("c", 3, noise), put("d", 4, "small")};
  const auto table = tables.table(items);
  CHECK(table->meta().size < (4u << 20));
  CHECK(table->meta().size > noise.size());
  for (const Item& item : items) check_found(find(*table, item.key, 9), item);
}

TEST_CASE("a found value outlives table and cache") {
  Tables tables;
  Found found;
  {
    const auto table = tables.table({put("key", 1, "value that stays")});
    found = find(*table, "key", 1);
  }
  CHECK(found.value.view() == "value that stays");
}

TEST_CASE("a cached read of a block that is not in memory says so, and never waits") {
  Tables tables;
  const auto table = tables.table({put("key", 1, "value")});
  tables.files.set_cache_misses(1000);
  Found found;
  const Status status = table->get(PointRead("key", 1, ReadMode::cached), found);
  REQUIRE(!status);
  CHECK(status.error().code == ErrorCode::would_block);
  const auto iterator = table->iterator({ReadMode::cached, true});
  iterator->seek_to_first();
  CHECK(!iterator->valid());
  CHECK(iterator->status().error().code == ErrorCode::would_block);
  // After a read that waited, the block is in memory.
  check_found(find(*table, "key", 1, ReadMode::blocking), put("key", 1, "value"));
  check_found(find(*table, "key", 1, ReadMode::cached), put("key", 1, "value"));
}

TEST_CASE("reading everything once leaves the cache alone") {
  Tables tables(small_blocks(100));
  SeededRandom random(4);
  const auto items = random_items(random, 200);
  const auto table = tables.table(items);
  CHECK(read_all(*table->iterator({ReadMode::blocking, false})) == items);
  CHECK(tables.store.cache.usage().blocks == 0);
  CHECK(read_all(*table->iterator({})) == items);
  CHECK(tables.store.cache.usage().blocks > 1);
}

TEST_CASE("the filter spares reads of keys that are not there") {
  Tables tables;
  std::vector<Item> items;
  for (int i = 1000; i < 3000; ++i) items.push_back(put("key " + std::to_string(i), 1, "v"));
  const auto table = tables.table(items);
  for (int i = 1000; i < 2000; ++i)
    check_found(find(*table, "key " + std::to_string(i) + "x", 1), std::nullopt);
  CHECK(tables.store.filter_skips.value() > 960);
}

TEST_CASE("entries out of order are refused") {
  Tables tables;
  const auto refused = [&](const Item& second) {
    auto builder = TableBuilder::create(tables.store, {tables.store.next_number(), 0, 0});
    REQUIRE(builder);
    REQUIRE((*builder)->add(put("b", 5, "").entry()));
    const Status status = (*builder)->add(second.entry());
    return !status && status.error().code == ErrorCode::corruption;
  };
  CHECK(refused(put("a", 1, "")));
  CHECK(refused(put("b", 5, "")));
  CHECK(refused(put("b", 6, "")));
  CHECK(!refused(put("c", 0, "")));
  CHECK(!refused(put("b", 4, "")));
  CHECK(!refused(put("c", 9, "")));
}

TEST_CASE("an obsolete file is removed when its last reader goes, and not before") {
  Tables tables;
  auto table = tables.table({put("key", 1, "value")});
  auto iterator = table->iterator({});
  table->mark_obsolete();
  table.reset();
  CHECK(tables.files.exists(tables.path(1)));
  CHECK(read_all(*iterator).size() == 1);
  iterator.reset();
  CHECK(!tables.files.exists(tables.path(1)));
}

TEST_CASE("a failure of the disk anywhere in writing a table is reported") {
  const std::vector<Item> items = {put("a", 1, "x"), put("b", 2, "y"), put("c", 3, "z")};
  bool failed = true;
  for (std::uint64_t k = 1; failed; ++k) {
    Tables tables(small_blocks(1));
    tables.files.fail_change(k, k % 2 ? ErrorCode::io : ErrorCode::no_space);
    failed = false;
    auto builder = TableBuilder::create(tables.store, {tables.store.next_number(), 0, 0});
    failed = !builder;
    for (const Item& item : items)
      if (!failed) failed = !(*builder)->add(item.entry());
    if (!failed) failed = !(*builder)->finish();
    REQUIRE(k < 30);
    CAPTURE(k);
    // Header, three blocks, filter, index, properties, footer, sync and the creation itself.
    if (!failed) CHECK(k > 10);
  }
}

}  // namespace
}  // namespace ouro::engine
