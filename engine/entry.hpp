// One version of one key: what memtables hold, tables store and merges order.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>

namespace ouro::engine {

/// Numbers the changes of a database in the order they took effect, from 1.
using Sequence = std::uint64_t;

/// Of entries that are older than every change of this database: those it took from another.
constexpr Sequence ingested_sequence = 0;

enum class EntryKind : std::uint8_t { put = 1, remove = 2 };

/// Order everywhere: key ascending by bytes, then sequence descending (newest first).
struct Entry {
  std::string_view key;
  Sequence sequence = 0;
  EntryKind kind = EntryKind::put;
  std::string_view value;
};

/// Walks entries in their order. Views stay valid until the iterator moves. For one thread at a
/// time.
class EntryIterator {
 public:
  virtual ~EntryIterator() = default;

  /// To the first entry that is not before (key, sequence) in the order above.
  virtual void seek(std::string_view key, Sequence sequence) = 0;
  virtual void seek_to_first() = 0;
  /// Requires valid().
  virtual void next() = 0;

  /// False past the last entry and after an error: ask status() then.
  virtual bool valid() const = 0;
  virtual Entry entry() const = 0;
  virtual Status status() const = 0;
};

}  // namespace ouro::engine
