// How a batch's changes lie in the payload of a log frame.
//
//   u8 kind | u8 table | varint key length | key | (puts) varint value length | value
#pragma once

#include "base/coding.hpp"
#include "engine/batch.hpp"
#include "engine/entry.hpp"
#include "engine/wal_format.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace ouro::engine {

/// A change in a frame; views of the frame's payload.
struct LoggedChange {
  TableId table;
  EntryKind kind;
  Sequence sequence;
  std::string_view key;
  std::string_view value;
};

/// The changes of a frame, one after another.
class ChangeReader {
 public:
  /// A change of a table beyond `table_count` is malformed.
  ChangeReader(const LogFrame& frame, std::size_t table_count)
      : rest_(frame.payload),
        next_(frame.first_sequence),
        left_(frame.count),
        table_count_(table_count) {}

  /// False at the end, and at bytes that no batch encodes to: ask finished() then.
  bool next(LoggedChange& change);
  /// All changes were read and nothing is left over.
  bool finished() const noexcept { return left_ == 0 && rest_.finished(); }

 private:
  Reader rest_;
  Sequence next_;
  std::uint32_t left_;
  std::size_t table_count_;
};

/// Gives the tables in encoded changes the names they have on disk.
void rename_tables(std::span<char> changes, std::span<const TableId> table_ids);

}  // namespace ouro::engine
