// What the database knows about one table file, and how the set of files changes.
#pragma once

#include "base/result.hpp"
#include "engine/entry.hpp"
#include "engine/options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// Levels 0 (runs as flushed, may overlap) to level_count - 1.
constexpr unsigned level_count = 7;

/// One SSTable as the manifest records it.
struct FileMeta {
  std::uint64_t number = 0;  ///< Names the file; never reused within a database.
  TableId table = 0;
  unsigned level = 0;
  std::uint64_t size = 0;         ///< Bytes on disk.
  std::string smallest, largest;  ///< First and last key, both inclusive.
  std::uint64_t entries = 0;
  Sequence min_sequence = 0, max_sequence = 0;
  std::uint64_t checksum = 0;  ///< hash64 of the whole file as it was written.

  bool operator==(const FileMeta&) const = default;
};

/// A step from one set of files to the next, taken in whole or not at all.
struct VersionEdit {
  std::vector<FileMeta> added;
  std::vector<std::uint64_t> removed;  ///< File numbers.
};

std::string encode(const FileMeta& meta);
/// Exactly one encoded FileMeta. Error corruption on anything else.
Result<FileMeta> decode_file_meta(std::string_view bytes);

/// True if the file may hold a key in [smallest, largest].
inline bool overlaps(const FileMeta& file, std::string_view smallest, std::string_view largest) {
  return file.smallest <= largest && smallest <= file.largest;
}

}  // namespace ouro::engine
