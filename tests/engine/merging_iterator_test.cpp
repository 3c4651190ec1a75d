#include "engine/merging_iterator.hpp"

#include "tests/engine/table_fixture.hpp"

namespace ouro::engine {
namespace {

std::unique_ptr<EntryIterator> over(std::vector<Item> items, std::size_t fail_at = SIZE_MAX) {
  return std::make_unique<ItemIterator>(std::move(items), fail_at);
}

TEST_CASE("merging nothing gives nothing") {
  const auto merged = merge({});
  CHECK(read_all(*merged).empty());
}

TEST_CASE("a merge shows the newest version of a key first") {
  std::vector<std::unique_ptr<EntryIterator>> sources;
  sources.push_back(over({put("a", 1, "old"), put("c", 5, "c")}));
  sources.push_back(over({put("a", 9, "new"), removed("b", 2)}));
  const auto merged = merge(std::move(sources));
  CHECK(read_all(*merged) == std::vector<Item>{put("a", 9, "new"), put("a", 1, "old"),
                                               removed("b", 2), put("c", 5, "c")});
}

TEST_CASE("a merge of many sources is the sorted whole, from any place on") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const auto items = random_items(random, 300);
    std::vector<std::vector<Item>> parts(1 + random.below(9));
    for (const Item& item : items) parts[random.below(parts.size())].push_back(item);
    std::vector<std::unique_ptr<EntryIterator>> sources;
    for (auto& part : parts) sources.push_back(over(std::move(part)));
    const auto merged = merge(std::move(sources));
    REQUIRE(read_all(*merged) == items);
    ItemIterator reference(items);
    for (int i = 0; i < 50; ++i) {
      const std::string key = random_key(random, 300);
      const Sequence sequence = random.below(300);
      merged->seek(key, sequence);
      reference.seek(key, sequence);
      REQUIRE(merged->valid() == reference.valid());
      if (merged->valid()) REQUIRE(item_of(merged->entry()) == item_of(reference.entry()));
    }
  }
}

TEST_CASE("a merge stops at the first source that fails") {
  std::vector<std::unique_ptr<EntryIterator>> sources;
  sources.push_back(over({put("a", 1, ""), put("c", 1, ""), put("e", 1, "")}, 1));
  sources.push_back(over({put("b", 1, ""), put("d", 1, "")}));
  const auto merged = merge(std::move(sources));
  merged->seek_to_first();
  REQUIRE(merged->valid());
  merged->next();
  CHECK(!merged->valid());
  REQUIRE(!merged->status());
  CHECK(merged->status().error().code == ErrorCode::io);
}

TEST_CASE("a source that fails at once is noticed") {
  std::vector<std::unique_ptr<EntryIterator>> sources;
  sources.push_back(over({put("a", 1, "")}, 0));
  sources.push_back(over({put("b", 1, "")}));
  const auto merged = merge(std::move(sources));
  merged->seek_to_first();
  CHECK(!merged->valid());
  CHECK(!merged->status());
}

}  // namespace
}  // namespace ouro::engine
