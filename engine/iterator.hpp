// Walking a table in key order.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace ouro::engine {

/// Stands on an entry, or past the last one. Views stay valid until the iterator moves.
/// For one thread at a time.
class Iterator {
 public:
  virtual ~Iterator() = default;

  /// To the first entry with a key >= `key`.
  virtual void seek(std::string_view key) = 0;
  virtual void seek_to_first() = 0;
  /// Requires valid().
  virtual void next() = 0;

  /// False past the last entry and after an error: ask status() then.
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual Status status() const = 0;
};

}  // namespace ouro::engine
