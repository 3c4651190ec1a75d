// What lies in a range of keys, and what is left without it.
#pragma once

#include "engine/db.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"

#include <memory>
#include <string_view>

namespace ouro::engine {

inline bool is_empty(const Range& range) { return !range.end.empty() && range.end <= range.start; }

inline bool contains(const Range& range, std::string_view key) {
  return key >= range.start && (range.end.empty() || key < range.end);
}

/// True if the file may hold a key of the range.
inline bool overlaps(const FileMeta& file, const Range& range) {
  return file.largest >= range.start && (range.end.empty() || file.smallest < range.end);
}

/// True if all keys of the file are in the range.
inline bool covers(const Range& range, const FileMeta& file) {
  return contains(range, file.smallest) && contains(range, file.largest);
}

/// The entries of `entries` that are not in `range`; what is, is stepped over by a seek, so that
/// its blocks are not read.
std::unique_ptr<EntryIterator> without_range(std::unique_ptr<EntryIterator> entries, Range range);

}  // namespace ouro::engine
