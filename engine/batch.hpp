// Changes that take effect together or not at all.
#pragma once

#include "base/shared_bytes.hpp"
#include "engine/entry.hpp"
#include "engine/options.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

constexpr std::size_t key_size_max = 64 * 1024;
constexpr std::size_t value_size_max = std::size_t{64} << 20;

/// An ordered list of changes to any tables. A later change of a key wins over an earlier one.
///
/// Keys have 1 to key_size_max bytes, values at most value_size_max; a batch that goes beyond is
/// refused when it is committed. Changes are kept in the form in which the log stores them, so a
/// commit is mostly one copy.
class Batch {
 public:
  void put(TableId table, std::string_view key, std::string_view value);
  /// The value is the concatenation of `pieces`. Large ones are not copied before they reach the
  /// log.
  void put(TableId table, std::string_view key, std::span<const SharedBytes> pieces);
  void remove(TableId table, std::string_view key);
  /// Empty again; keeps its memory.
  void clear();

  bool empty() const noexcept { return count_ == 0; }
  /// Changes.
  std::size_t count() const noexcept { return count_; }
  /// Bytes in the log.
  std::size_t size() const noexcept { return bytes_.size() + attached_bytes_; }

  /// invalid_argument, naming the limit, unless tables, keys and sizes are in range.
  Status check(std::size_t table_count) const;

  /// Appends the changes as the log stores them. `table_ids[i]` is what table i of the batch is
  /// called on disk. Requires check().
  void encode(std::string& out, std::span<const TableId> table_ids) const;

 private:
  /// Bytes that belong into bytes_ before position `at`.
  struct Attached {
    std::size_t at;
    SharedBytes bytes;
  };

  void begin(EntryKind kind, TableId table, std::string_view key, std::size_t value_size);
  void note_value(std::size_t size);

  std::string bytes_;
  std::vector<Attached> attached_;
  std::size_t attached_bytes_ = 0;
  std::size_t count_ = 0;
  TableId table_max_ = 0;
  std::size_t key_min_ = key_size_max;
  std::size_t key_max_ = 0;
  std::size_t value_max_ = 0;
};

/// The most one batch may hold, in bytes.
constexpr std::size_t batch_size_max = std::size_t{256} << 20;

}  // namespace ouro::engine
