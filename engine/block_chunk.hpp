// Memory that cached blocks share, and the part of the cache that hands it out.
#pragma once

#include "base/pages.hpp"
#include "engine/block_cache.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace ouro::engine {

/// Filled front to back and freed as a whole, once the cache and all blocks in it have let go.
class BlockChunk {
 public:
  explicit BlockChunk(std::size_t size);

  std::size_t size() const noexcept { return size_; }
  std::size_t room() const noexcept { return size_ - used_; }
  /// Requires room() >= size.
  char* take(std::size_t size) noexcept;

  /// The slots of the blocks in it; null where one was given up. `living` counts the others.
  std::vector<BlockSlot*> slots;
  std::size_t living = 0;
  bool given_up = false;  ///< Nothing is cached in it any more.

 private:
  const std::size_t size_;
  std::size_t used_ = 0;
  Pages pages_;                   // of large chunks
  std::unique_ptr<char[]> heap_;  // of others
};

/// One of several parts of the cache, each with its lock. Public functions take it; those with
/// "locked" are called with it held.
class BlockCacheShard final : public BlockHome {
 public:
  explicit BlockCacheShard(std::size_t capacity) { set_capacity_locked(capacity); }

  BlockPlace allocate(std::size_t size) override;
  void insert(BlockSlot& slot, std::shared_ptr<const Block> block);
  /// Those of the slots that are of this shard, which is number `shard`.
  void forget(std::vector<BlockSlot>& slots, std::uint16_t shard);
  BlockCache::LoadTurn begin_load(BlockSlot& slot);
  void end_load(BlockSlot& slot);
  void set_capacity(std::size_t capacity);
  BlockCache::Usage usage() const;

 private:
  using Gone = std::vector<std::shared_ptr<const void>>;  // freed without the lock

  void set_capacity_locked(std::size_t capacity);
  std::shared_ptr<BlockChunk> begin_chunk_locked(std::size_t size, Gone& gone);
  void shrink_locked(std::size_t limit, Gone& gone);
  bool evict_oldest_locked(Gone& gone);
  bool keep_locked(BlockSlot& slot, std::shared_ptr<const Block>& block);
  void put_locked(BlockSlot& slot, BlockChunk& chunk, std::shared_ptr<const Block> block);
  std::shared_ptr<const Block> take_locked(BlockSlot& slot);
  void drop_empty_locked(BlockChunk& chunk, Gone& gone);

  mutable std::mutex mutex_;
  std::condition_variable loaded_;
  std::size_t capacity_ = 0;
  std::size_t chunk_size_ = 0;  ///< 0: a chunk for each block.
  std::size_t bytes_ = 0;
  std::deque<std::shared_ptr<BlockChunk>> chunks_;  ///< Oldest first.
  std::shared_ptr<BlockChunk> filling_;             ///< The newest shared one.
};

}  // namespace ouro::engine
