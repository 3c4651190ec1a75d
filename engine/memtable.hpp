// Where changes live between the log and the tables.
#pragma once

#include "base/shared_bytes.hpp"
#include "engine/arena.hpp"
#include "engine/bucket_table.hpp"
#include "engine/entry.hpp"
#include "engine/options.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

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

  /// `tables` by TableId; `capacity` is about how many bytes will be added before a flush.
  Memtable(std::span<const TableSpec> tables, std::size_t capacity);

  /// Key and value are copied. Sequences only go up.
  void add(const Change& change, std::string_view value);

  /// `prefix` is key_prefix(key).
  std::optional<Found> get(TableId table, std::uint64_t prefix, std::string_view key,
                           Sequence at_most) const;
  /// Begins to load what get() reads first, so that several keys can be looked up at once.
  void prefetch_keys(TableId table, std::uint64_t prefix) const noexcept {
    tables_[table].prefetch_keys(prefix);
  }
  void prefetch(TableId table, std::uint64_t prefix) const noexcept {
    if (!tables_[table].empty()) tables_[table].prefetch(prefix);
  }
  /// Shows all that was added before it was last positioned, and perhaps more.
  std::unique_ptr<EntryIterator> iterator(TableId table) const;

  /// Memory in use, closely.
  std::size_t bytes() const noexcept { return arena_.size(); }
  std::uint64_t entries() const noexcept { return entries_.load(std::memory_order_relaxed); }
  bool has_entries(TableId table) const { return !tables_[table].empty(); }
  /// Of the last entry added. For the writer, or once no more is added.
  Sequence last_sequence() const noexcept { return last_sequence_; }

 private:
  Arena arena_;
  std::deque<BucketTable> tables_;
  std::atomic<std::uint64_t> entries_{0};
  Sequence last_sequence_ = 0;
};

}  // namespace ouro::engine
