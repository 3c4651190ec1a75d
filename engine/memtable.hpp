// Where changes live between the log and the tables.
#pragma once

#include "base/shared_bytes.hpp"
#include "engine/arena.hpp"
#include "engine/entry.hpp"
#include "engine/options.hpp"
#include "engine/skiplist.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// The recent entries of all tables. One thread adds at a time; any number read meanwhile, without
/// locks. Held by shared_ptr: what get() and iterators return keeps it alive.
class Memtable : public std::enable_shared_from_this<Memtable> {
 public:
  struct Change {
    TableId table;
    std::string_view key;
    Sequence sequence;
    EntryKind kind;
  };
  /// The newest version of a key that a reader may see.
  struct Found {
    EntryKind kind;
    SharedBytes value;
  };

  Memtable(std::size_t table_count, std::size_t capacity);

  /// The value is the concatenation of `pieces`, copied once. Sequences only go up.
  void add(const Change& change, std::span<const SharedBytes> pieces);
  void add(const Change& change, std::string_view value);

  std::optional<Found> get(TableId table, std::string_view key, Sequence at_most) const;
  std::unique_ptr<EntryIterator> iterator(TableId table) const;

  std::size_t bytes() const noexcept { return arena_.size(); }
  std::uint64_t entries() const noexcept { return entries_.load(std::memory_order_relaxed); }
  bool has_entries(TableId table) const { return lists_[table]->first() != nullptr; }
  /// Of the last entry added. For the writer, or once no more is added.
  Sequence last_sequence() const noexcept { return last_sequence_; }

 private:
  Arena arena_;
  std::vector<std::unique_ptr<SkipList>> lists_;
  std::atomic<std::uint64_t> entries_{0};
  Sequence last_sequence_ = 0;
};

}  // namespace ouro::engine
