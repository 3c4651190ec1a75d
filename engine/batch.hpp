// Changes that take effect together or not at all.
#pragma once

#include "base/shared_bytes.hpp"
#include "engine/options.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {

constexpr std::size_t key_size_max = 64 * 1024;
constexpr std::size_t value_size_max = std::size_t{64} << 20;

/// An ordered list of changes to any tables. A later change of a key wins over an earlier one.
class Batch {
 public:
  struct Change {
    TableId table;
    bool removes;
    std::string key;  ///< 1 .. key_size_max bytes.
    std::vector<SharedBytes>
        pieces;  ///< The value is their concatenation, at most value_size_max bytes.
  };

  void put(TableId table, std::string key, std::string value) {
    std::vector<SharedBytes> pieces;
    pieces.emplace_back(std::move(value));
    put(table, std::move(key), std::move(pieces));
  }
  /// The value is the concatenation of `pieces`; they are not copied before they reach log and
  /// memtable.
  void put(TableId table, std::string key, std::vector<SharedBytes> pieces) {
    changes_.push_back({table, false, std::move(key), std::move(pieces)});
  }
  void remove(TableId table, std::string key) {
    changes_.push_back({table, true, std::move(key), {}});
  }

  bool empty() const noexcept { return changes_.empty(); }
  const std::vector<Change>& changes() const noexcept { return changes_; }
  /// Bytes of all keys and values.
  std::size_t size() const;

 private:
  std::vector<Change> changes_;
};

}  // namespace ouro::engine
