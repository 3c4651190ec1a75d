// Which block of a table file to look into.
#pragma once

#include "engine/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// Describes blocks as they are written.
class IndexBuilder {
 public:
  /// `previous_last` is the last key of the block before (empty for the first block).
  void add(std::uint64_t offset, const Entry& first, std::string_view previous_last);
  std::size_t count() const noexcept { return prefixes_.size(); }
  /// `end` is where the last block ends.
  std::string finish(std::uint64_t end) const;

 private:
  std::vector<std::uint64_t> prefixes_, offsets_;
  std::vector<std::string> separators_;  // one for each block, mostly empty
};

/// Stored as
///   u32 count | u32 heap size | u64 prefix[count] | { varint stored size, varint separator size
///   }[count] | heap
/// with the separators in the heap. A block whose first key shares its 8-byte prefix with the last
/// key before it has one (u64 sequence | key: its first entry); all others are told apart by the
/// prefix alone.
///
/// In memory a table over the prefixes' leading bits leads to the few blocks that are left to
/// search: evenly spread prefixes need one look, any others a binary search of what is crowded.
class Index {
 public:
  /// Nothing if the bytes are not a well-formed index over [begin, end).
  static std::optional<Index> decode(std::string_view bytes, std::uint64_t begin,
                                     std::uint64_t end);

  std::size_t count() const noexcept { return prefixes_.size(); }
  std::uint64_t offset(std::size_t block) const noexcept { return offsets_[block]; }
  std::uint64_t stored_size(std::size_t block) const noexcept {
    return offsets_[block + 1] - offsets_[block];
  }
  /// The last block that does not begin after (key, sequence); 0 if all do.
  std::size_t find(std::uint64_t prefix, std::string_view key, Sequence sequence) const noexcept;
  /// True if `block` begins with `key` and the block before ends with a newer version of it or with
  /// a key of equal prefix.
  bool continues(std::size_t block, std::string_view key) const noexcept;
  /// Asks the processor for what find() reads first.
  void prefetch(std::uint64_t prefix) const noexcept;
  /// Bytes of memory.
  std::size_t memory() const noexcept;

 private:
  bool read_blocks(std::string_view bytes, std::uint64_t begin, std::uint64_t end);
  void make_directory();
  std::size_t bucket_of(std::uint64_t prefix) const noexcept;
  std::size_t lower_bound(std::uint64_t prefix) const noexcept;
  std::size_t end_of_equals(std::size_t first, std::uint64_t prefix) const noexcept;
  std::string_view separator(std::size_t block) const noexcept;
  bool begins_after(std::size_t block, std::string_view key, Sequence sequence) const noexcept;

  std::vector<std::uint64_t> prefixes_;
  std::vector<std::uint64_t> offsets_;         // one more than blocks
  std::vector<std::uint32_t> separator_ends_;  // empty if there are no separators
  std::string separators_;
  // directory_[b] is the first block whose prefix is not below bucket b.
  std::vector<std::uint32_t> directory_;
  unsigned shift_ = 0;
};

}  // namespace ouro::engine
