#include "engine/memtable.hpp"

#include "base/random.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {
namespace {

std::shared_ptr<Memtable> make() {
  const std::vector<TableSpec> tables(2);
  return std::make_shared<Memtable>(tables, 1 << 20);
}

TEST_CASE("a memtable shows the newest version a reader may see", "[engine]") {
  const auto table = make();
  table->add({0, "k", 1, EntryKind::put}, "one");
  table->add({0, "k", 2, EntryKind::remove}, "");
  table->add({0, "k", 3, EntryKind::put}, "three");
  CHECK(table->get(0, "k", 1)->value.view() == "one");
  CHECK(table->get(0, "k", 2)->kind == EntryKind::remove);
  CHECK(table->get(0, "k", 9)->value.view() == "three");
  CHECK_FALSE(table->get(0, "k", 0));
  CHECK_FALSE(table->get(1, "k", 9));
}

TEST_CASE("a value outlives the last other reference to its memtable", "[engine]") {
  auto table = make();
  table->add({0, "k", 1, EntryKind::put}, std::string(100000, 'v'));
  const SharedBytes value = table->get(0, "k", 1)->value;
  table.reset();
  CHECK(value.view() == std::string(100000, 'v'));
}

TEST_CASE("pieces of a value are joined", "[engine]") {
  const auto table = make();
  const std::vector<SharedBytes> pieces{SharedBytes(std::string("ab")), SharedBytes(),
                                        SharedBytes(std::string("c"))};
  table->add({1, "k", 1, EntryKind::put}, pieces);
  CHECK(table->get(1, "k", 1)->value.view() == "abc");
}

TEST_CASE("a memtable walks keys upwards and versions downwards", "[engine]") {
  const std::uint64_t seed = 11;
  CAPTURE(seed);
  SeededRandom random(seed);
  const auto table = make();
  // Sequences are stored complemented, so that the map's order is the memtable's.
  std::map<std::pair<std::string, Sequence>, std::string> expected;
  for (Sequence sequence = 1; sequence <= 3000; ++sequence) {
    const std::string key = "k" + std::to_string(random.below(300));
    const std::string value = std::to_string(random.next());
    table->add({0, key, sequence, EntryKind::put}, value);
    expected[{key, ~sequence}] = value;
  }
  const auto it = table->iterator(0);
  it->seek_to_first();
  for (const auto& [position, value] : expected) {
    REQUIRE(it->valid());
    REQUIRE(it->entry().key == position.first);
    REQUIRE(it->entry().sequence == ~position.second);
    REQUIRE(it->entry().value == value);
    it->next();
  }
  CHECK_FALSE(it->valid());
  for (int i = 0; i < 500; ++i) {
    const std::string key = "k" + std::to_string(random.below(400));
    const Sequence sequence = random.below(3001);
    const auto wanted = expected.lower_bound({key, ~sequence});
    it->seek(key, sequence);
    REQUIRE(it->valid() == (wanted != expected.end()));
    if (it->valid()) REQUIRE(it->entry().value == wanted->second);
  }
}

}  // namespace
}  // namespace ouro::engine
