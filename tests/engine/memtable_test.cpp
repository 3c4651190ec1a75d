#include "engine/memtable.hpp"

#include "base/coding.hpp"
#include "base/random.hpp"
#include "engine/point_read.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ouro::engine {
namespace {

std::optional<Memtable::Found> get(const Memtable& memtable, TableId table, std::string_view key,
                                   Sequence at_most) {
  return memtable.get(table, key_prefix(key), key, at_most);
}

constexpr TableId plain = 0;
constexpr TableId by_token = 1;
constexpr Sequence newest = std::numeric_limits<Sequence>::max();

std::shared_ptr<Memtable> make(std::size_t capacity = 1 << 20) {
  const std::vector<TableSpec> tables{{.name = "plain", .token_order = false},
                                      {.name = "by token", .token_order = true}};
  return std::make_shared<Memtable>(tables, capacity);
}

std::string token_key(std::uint64_t token, const std::string& rest = "") {
  std::string key;
  put_big64(key, token);
  return key + rest;
}

// Sequences are stored complemented, so that the map's order is the memtable's.
using Model = std::map<std::pair<std::string, Sequence>, std::string>;

bool is_at(const EntryIterator& it, const Model& model, Model::const_iterator wanted) {
  if (it.valid() != (wanted != model.end())) return false;
  if (!it.valid()) return true;
  const Entry entry = it.entry();
  return entry.key == wanted->first.first && entry.sequence == ~wanted->first.second &&
         entry.value == wanted->second;
}

void check_walk(const Memtable& memtable, TableId table, const Model& model) {
  const auto it = memtable.iterator(table);
  it->seek_to_first();
  for (auto wanted = model.begin(); wanted != model.end(); ++wanted) {
    REQUIRE(is_at(*it, model, wanted));
    it->next();
  }
  CHECK_FALSE(it->valid());
}

void check_seeks(const Memtable& memtable, TableId table, const Model& model,
                 const std::function<std::string()>& any_key, SeededRandom& random) {
  const auto it = memtable.iterator(table);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = any_key();
    const Sequence sequence = random.below(memtable.last_sequence() + 1);
    const auto wanted = model.lower_bound({key, ~sequence});
    it->seek(key, sequence);
    REQUIRE(is_at(*it, model, wanted));
    memtable.prefetch(table, key_prefix(key));
    const auto found = get(memtable, table, key, sequence);
    REQUIRE(found.has_value() == (wanted != model.end() && wanted->first.first == key));
    if (found) REQUIRE(found->value.view() == wanted->second);
    if (!it->valid()) continue;
    it->next();
    REQUIRE(is_at(*it, model, std::next(wanted)));
  }
}

void check_against_model(const std::function<std::string(SeededRandom&)>& any_key) {
  const std::uint64_t seed = 11;
  CAPTURE(seed);
  for (const TableId table : {plain, by_token}) {
    CAPTURE(static_cast<int>(table));
    SeededRandom random(seed);
    const auto memtable = make();
    Model model;
    for (Sequence sequence = 1; sequence <= 5000; ++sequence) {
      const std::string key = any_key(random);
      const std::string value = std::to_string(random.next());
      memtable->add({table, key, sequence, EntryKind::put}, value);
      model[{key, ~sequence}] = value;
    }
    CHECK(memtable->entries() == 5000);
    check_walk(*memtable, table, model);
    check_seeks(
        *memtable, table, model, [&] { return any_key(random); }, random);
  }
}

TEST_CASE("a memtable agrees with a model", "[engine][memtable]") {
  SECTION("for tokens spread evenly") {
    check_against_model([](SeededRandom& random) { return token_key(random.next(), "key"); });
  }
  SECTION("for few keys of many versions") {
    check_against_model(
        [](SeededRandom& random) { return "k" + std::to_string(random.below(99)); });
  }
  SECTION("for tokens of small parts of the ring") {
    check_against_model([](SeededRandom& random) {
      const std::uint64_t part = random.below(3) << 62;
      return token_key(part + (random.next() >> 12));
    });
  }
  SECTION("for keys of one token") {
    check_against_model(
        [](SeededRandom& random) { return token_key(42, std::to_string(random.below(3000))); });
  }
  SECTION("for tokens that differ in their last bits only") {
    check_against_model([](SeededRandom& random) { return token_key(~random.below(1000), "k"); });
  }
  SECTION("for tokens that share more bits the closer they are") {
    check_against_model([](SeededRandom& random) {
      return token_key(random.next() >> random.below(64), std::to_string(random.below(3)));
    });
  }
  SECTION("for tokens at the borders of buckets") {
    check_against_model([](SeededRandom& random) {
      return token_key((random.below(4096) << 52) - random.below(2));
    });
  }
  SECTION("for keys shorter than a token, and none at all") {
    check_against_model([](SeededRandom& random) {
      std::string key(random.below(11), '\0');
      for (char& c : key) c = static_cast<char>(random.below(3) * 127);
      return key;
    });
  }
}

TEST_CASE("keys in order, up or down, are found again", "[engine][memtable]") {
  constexpr std::uint64_t count = 20000;
  for (const bool down : {false, true}) {
    for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{1} << 40}) {
      const auto memtable = make();
      for (std::uint64_t i = 0; i < count; ++i)
        memtable->add({by_token, token_key((down ? count - i : i) * step), i + 1, EntryKind::put},
                      std::to_string(i));
      for (std::uint64_t i = 0; i < count; ++i) {
        const auto found =
            get(*memtable, by_token, token_key((down ? count - i : i) * step), newest);
        REQUIRE(found.has_value());
        REQUIRE(found->value.view() == std::to_string(i));
      }
    }
  }
}

TEST_CASE("a memtable shows the newest version a reader may see", "[engine][memtable]") {
  const auto memtable = make();
  memtable->add({0, "k", 1, EntryKind::put}, "one");
  memtable->add({0, "k", 2, EntryKind::remove}, "");
  memtable->add({0, "k", 3, EntryKind::put}, "three");
  CHECK(get(*memtable, 0, "k", 1)->value.view() == "one");
  CHECK(get(*memtable, 0, "k", 2)->kind == EntryKind::remove);
  CHECK(get(*memtable, 0, "k", 9)->value.view() == "three");
  CHECK_FALSE(get(*memtable, 0, "k", 0));
  CHECK_FALSE(get(*memtable, 1, "k", 9));
}

TEST_CASE("every version of a busy key is found by its sequence", "[engine][memtable]") {
  const auto memtable = make();
  for (Sequence sequence = 2; sequence <= 6000; sequence += 2)
    memtable->add({by_token, "counter", sequence, EntryKind::put}, std::to_string(sequence));
  for (Sequence sequence = 2; sequence <= 6001; ++sequence)
    REQUIRE(get(*memtable, by_token, "counter", sequence)->value.view() ==
            std::to_string(sequence / 2 * 2));
  CHECK_FALSE(get(*memtable, by_token, "counter", 1));
}

TEST_CASE("a memtable knows which tables it holds nothing of", "[engine][memtable]") {
  const auto memtable = make();
  for (const TableId table : {plain, by_token}) {
    CHECK_FALSE(memtable->has_entries(table));
    CHECK_FALSE(get(*memtable, table, "", newest));
    const auto it = memtable->iterator(table);
    it->seek_to_first();
    CHECK_FALSE(it->valid());
    it->seek("", newest);
    CHECK_FALSE(it->valid());
    memtable->add({table, "", static_cast<Sequence>(table) + 1, EntryKind::remove}, "");
    CHECK(memtable->has_entries(table));
    CHECK(get(*memtable, table, "", newest)->kind == EntryKind::remove);
  }
}

TEST_CASE("a value outlives the last other reference to its memtable", "[engine][memtable]") {
  auto memtable = make();
  memtable->add({0, "k", 1, EntryKind::put}, std::string(100000, 'v'));
  const SharedBytes value = get(*memtable, 0, "k", 1)->value;
  memtable.reset();
  CHECK(value.view() == std::string(100000, 'v'));
}

TEST_CASE("a memtable counts what its entries take, whatever their size", "[engine][memtable]") {
  for (const std::size_t size :
       {std::size_t{10}, std::size_t{1000}, std::size_t{300'000}, std::size_t{20} << 20}) {
    CAPTURE(size);
    const auto memtable = make(64 << 20);
    const std::size_t before = memtable->bytes();
    CHECK(before < 1 << 20);
    const std::size_t count = (std::size_t{40} << 20) / (size + 100);
    const std::string value(size, 'v');
    SeededRandom random(5);
    for (std::size_t i = 0; i < count; ++i)
      memtable->add({by_token, token_key(random.next()), i + 1, EntryKind::put}, value);
    const std::size_t payload = count * (size + 8);
    const std::size_t counted = memtable->bytes() - before;
    CHECK(counted >= payload);
    CHECK(counted <= payload + count * 100 + payload / 5);
  }
}

// Two readers look on while buckets crowd, divide and get their indexes.
class Crowding {
 public:
  void run() {
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i) readers.emplace_back([this] { read(); });
    for (Sequence sequence = 1; sequence <= last; ++sequence) {
      memtable_->add({by_token, key(sequence), sequence, EntryKind::put}, key(sequence));
      visible_.store(sequence, std::memory_order_release);
      if (sequence % 1000 == 0) await_walk();
    }
    for (std::thread& reader : readers) reader.join();
    CHECK(wrong_ == 0);
  }

 private:
  static constexpr Sequence last = 30000;

  // A third evenly spread, a third on one token, a third close together; all different.
  static std::string key(Sequence sequence) {
    std::uint64_t state = sequence;
    const std::uint64_t token = split_mix(state);
    if (sequence % 3 == 0) return token_key(token);
    if (sequence % 3 == 1) return token_key(7, std::to_string(token));
    return token_key((std::uint64_t{1} << 63) + (token >> 30));
  }

  // So that walks fall everywhere between the first change and the last.
  void await_walk() const {
    for (const int before = walks_; walks_ == before;) std::this_thread::yield();
  }

  void read() {
    for (Sequence seen = 0; seen < last;) {
      seen = visible_.load(std::memory_order_acquire);
      check_all_seen(seen);
      for (Sequence sequence = seen; sequence > 0; sequence /= 2) {
        const auto found = get(*memtable_, by_token, key(sequence), seen);
        if (!found || found->value.view() != key(sequence)) ++wrong_;
      }
    }
  }

  void check_all_seen(Sequence seen) {
    const auto it = memtable_->iterator(by_token);
    Sequence count = 0;
    std::string before;
    for (it->seek_to_first(); it->valid(); it->next()) {
      const Entry entry = it->entry();
      if (entry.sequence <= seen) ++count;
      if (entry.key <= before || entry.value != entry.key) ++wrong_;
      before = entry.key;
    }
    if (count != seen) ++wrong_;
    ++walks_;
  }

  std::shared_ptr<Memtable> memtable_ = make();
  std::atomic<Sequence> visible_{0};
  std::atomic<int> walks_{0};
  std::atomic<int> wrong_{0};
};

TEST_CASE("readers miss nothing while crowded buckets are divided", "[engine][memtable][thread]") {
  Crowding crowding;
  crowding.run();
}

}  // namespace
}  // namespace ouro::engine
