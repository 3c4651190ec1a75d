// A sorted block of entries in memory: how it is laid out and searched.
//
//   u64 prefix[count] | u32 offset[count + 1] | heap
//   heap entry: u64 sequence << 8 | kind | u32 key length | key | value
//
// The prefixes (first 8 key bytes, big-endian) lie together so that a search compares integers in
// a few cache lines and looks at whole keys only where prefixes are equal. An entry ends where the
// next one begins. What lies on disk is denser: see block_format.hpp.
#pragma once

#include "engine/entry.hpp"
#include "engine/point_read.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace ouro::engine {

/// Sequences share 64 bits with the kind.
constexpr Sequence sequence_max = (Sequence{1} << 56) - 1;

/// True if `a` comes strictly before `b`: key ascending, then sequence descending.
bool before(const Entry& a, const Entry& b);

/// The first index of the ascending `numbers` whose value is not less than `value`; their count if
/// there is none. Without branches that depend on the values.
std::size_t lower_bound_u64(std::span<const std::uint64_t> numbers, std::uint64_t value) noexcept;

/// Room for one block, and what must live for as long as the block does.
struct BlockPlace {
  void* at = nullptr;  ///< Aligned for any object; null: on the heap.
  std::size_t size = 0;
  std::shared_ptr<void> owner;
};

/// Who gives blocks their memory: the cache, for blocks that are to stay. Safe to use from any
/// thread.
class BlockHome {
 public:
  virtual ~BlockHome() = default;
  virtual BlockPlace allocate(std::size_t size) = 0;
};

/// Immutable; one allocation holds the object, its bytes and its reference count, so that a lookup
/// finds them in neighbouring cache lines.
class Block {
 public:
  /// Unfilled: for block_format.cpp. Takes `count` prefixes and entries of `heap_size` bytes in
  /// all. Without `home` it lies on the heap.
  static std::shared_ptr<Block> make(std::size_t count, std::size_t heap_size, BlockHome* home);
  /// The same bytes in another place, which has as much room as memory() says.
  static std::shared_ptr<const Block> copy(const Block& block, BlockPlace place);

  std::size_t count() const noexcept { return count_; }
  /// Bytes of memory, all told.
  std::size_t memory() const noexcept { return size_ + overhead; }
  /// The owner of its place; null on the heap.
  void* owner() const noexcept { return owner_; }
  /// index < count().
  Entry entry(std::size_t index) const noexcept;
  std::uint64_t prefix(std::size_t index) const noexcept { return prefixes()[index]; }
  /// The first entry that is not before (key, sequence); count() if there is none.
  std::size_t lower_bound(std::uint64_t prefix, std::string_view key, Sequence sequence) const;

  /// Asks the processor for the lines that a search reads first, resp. for an entry.
  void prefetch() const noexcept;
  void prefetch_entry(std::size_t index) const noexcept;

  /// For whoever fills a new block.
  std::span<std::uint64_t> writable_prefixes() noexcept { return {tail(), count_}; }
  std::span<std::uint32_t> writable_offsets() noexcept {
    return {reinterpret_cast<std::uint32_t*>(tail() + count_), count_ + 1};
  }
  char* writable_heap() noexcept {
    return reinterpret_cast<char*>(tail() + count_) + (count_ + 1) * sizeof(std::uint32_t);
  }

  static constexpr std::size_t entry_head_size = 12;

  struct Shape {
    std::size_t count;
    std::size_t size;  ///< Bytes behind the object.
  };
  Block(Shape shape, void* owner) noexcept
      : count_(shape.count), size_(shape.size), owner_(owner) {}

 private:
  /// The object itself, and at most what std::shared_ptr keeps beside it.
  static constexpr std::size_t overhead = 96;

  static std::shared_ptr<Block> make_in(Shape shape, BlockPlace place);
  std::uint64_t* tail() noexcept { return reinterpret_cast<std::uint64_t*>(this + 1); }
  std::span<const std::uint64_t> prefixes() const noexcept {
    return {reinterpret_cast<const std::uint64_t*>(this + 1), count_};
  }
  const std::uint32_t* offsets() const noexcept {
    return reinterpret_cast<const std::uint32_t*>(prefixes().data() + count_);
  }
  const char* heap() const noexcept {
    return reinterpret_cast<const char*>(offsets() + count_ + 1);
  }
  std::size_t first_not_before(std::size_t low, std::size_t high, std::string_view key,
                               Sequence sequence) const;

  const std::size_t count_;
  const std::size_t size_;
  void* const owner_;
};

}  // namespace ouro::engine
