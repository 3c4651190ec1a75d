// A sorted block of entries: how it is laid out, built and searched.
//
//   u32 count | u32 heap size | u64 prefix[count] | u32 offset[count + 1] | heap
//   heap entry: u64 sequence << 8 | kind | u32 key length | key | value
//
// The prefixes (first 8 key bytes, big-endian) lie together so that a search compares integers in
// one or two cache lines and looks at whole keys only where prefixes are equal. An entry ends where
// the next one begins.
#pragma once

#include "engine/entry.hpp"
#include "engine/point_read.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// Sequences share 64 bits with the kind.
constexpr Sequence sequence_max = (Sequence{1} << 56) - 1;

/// True if `a` comes strictly before `b`: key ascending, then sequence descending.
bool before(const Entry& a, const Entry& b);

/// The first index in [0, count) of the ascending little-endian u64 array at `array` whose value is
/// not less than `value`; count if there is none. Guesses by interpolation first (Peterson, 1957),
/// so evenly spread values take few steps; any other distribution costs no more than a binary
/// search and a few probes.
std::size_t lower_bound_u64(const char* array, std::size_t count, std::uint64_t value);

/// Gathers entries, which come in order, into one block.
class BlockBuilder {
 public:
  void add(const Entry& entry);
  bool empty() const noexcept { return prefixes_.empty(); }
  std::size_t count() const noexcept { return prefixes_.size(); }
  /// Bytes of the block if it were finished now, and if `entry` were added first.
  std::size_t size() const noexcept;
  std::size_t size_with(const Entry& entry) const noexcept;
  /// The block's bytes; valid until the next call. The builder is empty again.
  std::string_view finish();

 private:
  std::vector<std::uint64_t> prefixes_;
  std::vector<std::uint32_t> offsets_;
  std::string heap_;
  std::string block_;
};

/// A block in memory that was checked when it was made. Immutable.
class Block {
 public:
  /// Takes over the first `size` bytes of `bytes`. Nothing if they are not a well-formed block
  /// (order is not checked here: the checksum vouches for what the builder wrote).
  static std::shared_ptr<const Block> parse(std::unique_ptr<char[]> bytes, std::size_t size);

  std::size_t count() const noexcept { return count_; }
  std::size_t memory() const noexcept { return size_ + sizeof(Block); }
  /// index < count().
  Entry entry(std::size_t index) const noexcept;
  std::uint64_t prefix(std::size_t index) const noexcept;
  /// The first entry that is not before (key, sequence); count() if there is none.
  std::size_t lower_bound(std::uint64_t prefix, std::string_view key, Sequence sequence) const;

 private:
  bool well_formed() const;
  std::size_t first_not_before(std::size_t low, std::size_t high, std::string_view key,
                               Sequence sequence) const;

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  const char* prefixes_ = nullptr;
  const char* offsets_ = nullptr;
  const char* heap_ = nullptr;
};

}  // namespace ouro::engine
