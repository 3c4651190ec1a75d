// Tables on a simulated disk, and plain entries to fill and compare them with.
#pragma once

#include "base/random.hpp"
#include "engine/block.hpp"
#include "engine/file_names.hpp"
#include "engine/table_builder.hpp"
#include "engine/table_job.hpp"
#include "engine/table_reader.hpp"
#include "engine/table_store.hpp"
#include "engine/version.hpp"
#include "sim/file_system.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace ouro::engine {

/// An entry that owns its bytes.
struct Item {
  std::string key;
  Sequence sequence = 0;
  EntryKind kind = EntryKind::put;
  std::string value;

  Entry entry() const { return {key, sequence, kind, value}; }
  bool operator==(const Item&) const = default;
};

inline Item put(std::string key, Sequence sequence, std::string value) {
  return {std::move(key), sequence, EntryKind::put, std::move(value)};
}
inline Item removed(std::string key, Sequence sequence) {
  return {std::move(key), sequence, EntryKind::remove, {}};
}
inline Item item_of(const Entry& entry) {
  return {std::string(entry.key), entry.sequence, entry.kind, std::string(entry.value)};
}
inline void sort_entries(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return before(a.entry(), b.entry()); });
}

/// Walks items that are in order. Fails with `failure` instead of showing item `fail_at`.
class ItemIterator final : public EntryIterator {
 public:
  explicit ItemIterator(std::vector<Item> items, std::size_t fail_at = SIZE_MAX)
      : items_(std::move(items)), at_(items_.size()), fail_at_(fail_at) {}

  void seek(std::string_view key, Sequence sequence) override {
    const Entry target{key, sequence, EntryKind::put, {}};
    at_ = static_cast<std::size_t>(
        std::partition_point(items_.begin(), items_.end(),
                             [&](const Item& item) { return before(item.entry(), target); }) -
        items_.begin());
  }
  void seek_to_first() override { at_ = 0; }
  void next() override { ++at_; }
  bool valid() const override { return at_ < items_.size() && at_ < fail_at_; }
  Entry entry() const override { return items_[at_].entry(); }
  Status status() const override {
    if (at_ < fail_at_) return {};
    return Error{ErrorCode::io, "the source failed"};
  }

 private:
  std::vector<Item> items_;
  std::size_t at_;
  std::size_t fail_at_;
};

inline std::vector<Item> read_all(EntryIterator& iterator) {
  std::vector<Item> items;
  for (iterator.seek_to_first(); iterator.valid(); iterator.next())
    items.push_back(item_of(iterator.entry()));
  REQUIRE(iterator.status());
  return items;
}

/// The newest version of a key at or before a sequence, in the way a plain list would tell.
inline std::optional<Item> newest(const std::vector<Item>& items, std::string_view key,
                                  Sequence at_most) {
  std::optional<Item> best;
  for (const Item& item : items)
    if (item.key == key && item.sequence <= at_most && (!best || item.sequence > best->sequence))
      best = item;
  return best;
}

struct Tables {
  explicit Tables(Options options_ = {})
      : options(std::move(options_)), store(options, files, 0x0123456789abcdef) {
    if (options.tables.empty()) options.tables = {{"data", true}, {"other", false}};
    store.directory = "/db";
    store.next_number = [this] { return ++last_number; };
    REQUIRE(files.create_directory(store.directory));
  }

  std::string path(std::uint64_t number) const { return table_path(store.directory, number); }

  /// Writes items that are in order.
  FileMeta write(const std::vector<Item>& items, unsigned level = 0, TableId table = 0) {
    auto builder = TableBuilder::create(store, {store.next_number(), table, level});
    REQUIRE(builder);
    for (const Item& item : items) REQUIRE((*builder)->add(item.entry()));
    auto meta = (*builder)->finish();
    REQUIRE(meta);
    return *meta;
  }

  std::shared_ptr<TableReader> open(const FileMeta& meta) {
    auto reader = TableReader::open(store, meta);
    INFO((reader ? std::string() : to_string(reader.error())));
    REQUIRE(reader);
    return *reader;
  }

  std::shared_ptr<TableReader> table(const std::vector<Item>& items, unsigned level = 0,
                                     TableId id = 0) {
    return open(write(items, level, id));
  }

  /// A version of one table that has these files (each with its level).
  std::shared_ptr<const Version> version(const std::vector<std::shared_ptr<TableReader>>& readers) {
    VersionEdit edit;
    for (const auto& reader : readers) edit.added.push_back(reader->meta());
    const auto made = Version(options.tables.size()).apply(edit, readers);
    INFO((made ? std::string() : to_string(made.error())));
    REQUIRE(made);
    return *made;
  }

  std::size_t file_count() {
    const auto names = files.list(store.directory);
    REQUIRE(names);
    return names->size();
  }

  Options options;
  sim::FileSystem files;
  TableStore store;
  std::uint64_t last_number = 0;
};

/// Keys of all shapes: short, shared prefixes, many versions, binary.
inline std::string random_key(Random& random, std::size_t spread) {
  const std::string number = std::to_string(random.below(spread));
  switch (random.below(4)) {
    case 0:
      return std::string(1 + random.below(3), static_cast<char>('a' + random.below(3)));
    case 1:
      return "prefix shared by many keys/" + number;
    case 2:
      return number + std::string(random.below(3), '\0');
    default:
      return std::string(1, static_cast<char>(random.below(256))) + number;
  }
}

/// `count` entries with unique sequences from `first`, sorted.
inline std::vector<Item> random_items(Random& random, std::size_t count, Sequence first = 1,
                                      std::size_t value_max = 40) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < count; ++i) {
    std::string key = random_key(random, count);
    const Sequence sequence = first + i;
    if (random.one_in(4))
      items.push_back(removed(std::move(key), sequence));
    else
      items.push_back(put(std::move(key), sequence,
                          std::string(random.below(value_max), 'v') + std::to_string(sequence)));
  }
  sort_entries(items);
  return items;
}

}  // namespace ouro::engine
