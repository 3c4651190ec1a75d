// Blocks kept in memory after they were read, checked and decompressed.
#pragma once

#include "engine/block.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace ouro::engine {

/// Bounded in bytes; evicts by CLOCK (Corbato, 1968): a hit only sets a bit. What is evicted lives
/// on for as long as a reader pins it, uncounted. Sharded; safe to use from any thread, and a lock
/// is never held during I/O.
class BlockCache {
 public:
  struct Key {
    std::uint64_t file;    ///< From new_file_id().
    std::uint64_t offset;  ///< Of the block in it.
    bool operator==(const Key&) const = default;
  };

  explicit BlockCache(std::size_t bytes);
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /// A name for an opened file, so that no two files ever meet in the cache.
  std::uint64_t new_file_id();

  /// Null if it is not there.
  std::shared_ptr<const Block> find(const Key& key);
  /// Keeps `block` if it fits; of two that were loaded at once the first stays.
  void insert(const Key& key, std::shared_ptr<const Block> block);

  struct Usage {
    std::uint64_t hits = 0, misses = 0;
    std::size_t bytes = 0, blocks = 0;
  };
  Usage usage() const;
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct Shard;
  Shard& shard_of(const Key& key) const;

  std::size_t capacity_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::uint64_t> last_file_id_{0};
};

}  // namespace ouro::engine
