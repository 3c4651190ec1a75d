// What a scan sees: of every key its newest visible version, unless that is a removal.
#pragma once

#include "engine/db.hpp"
#include "engine/entry.hpp"

#include <memory>

namespace ouro::engine {

struct ScanView {
  Range range;
  Sequence at_most = 0;
  std::shared_ptr<const void> pin;  ///< Keeps what the entries are read from.
};

/// Stands on the first entry of the range when made.
std::unique_ptr<Iterator> make_iterator(std::unique_ptr<EntryIterator> entries, ScanView view);

/// An iterator over nothing with this status.
std::unique_ptr<Iterator> make_failed_iterator(Error error);

}  // namespace ouro::engine
