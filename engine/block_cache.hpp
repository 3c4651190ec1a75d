// Blocks kept in memory after they were read, checked and decompressed.
#pragma once

#include "engine/block.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace ouro::engine {

class BlockCache;

/// Where one block of an open file stands when it is cached: every file has one slot for each of
/// its blocks, so a lookup needs no hash table (a "swizzled" cache, Graefe et al., VLDB 2014).
class BlockSlot {
 public:
  BlockSlot() = default;
  BlockSlot(const BlockSlot&) = delete;
  BlockSlot& operator=(const BlockSlot&) = delete;

  /// The block if it is cached. Takes no lock.
  std::shared_ptr<const Block> find() noexcept;
  /// Asks the processor for the slot.
  void prefetch() const noexcept { __builtin_prefetch(this); }
  /// Asks it for the block; false if there is none.
  bool prefetch_block() noexcept;

 private:
  friend class BlockCache;

  // The low half counts those who are copying block_ just now; it is only set and cleared while
  // they are none (after the reference-counted slots of RocksDB's HyperClockCache).
  static constexpr std::uint64_t present = std::uint64_t{1} << 32;
  static constexpr std::uint64_t referenced = std::uint64_t{1} << 33;
  static constexpr std::uint64_t leaving = std::uint64_t{1} << 34;  ///< Being evicted just now.

  std::atomic<std::uint64_t> word_{0};
  std::shared_ptr<const Block> block_;  ///< Fixed while `present` is set.
  std::uint32_t place_ = 0;             ///< In its shard's circle, under the shard's lock.
  std::uint16_t shard_ = 0;             ///< Fixed by adopt().
  bool loading_ = false;                ///< Under the shard's lock.
};

/// Bounded in bytes; evicts by CLOCK (Corbato, 1968): a hit only sets a bit. What is evicted lives
/// on for as long as a reader pins it, uncounted. Sharded; safe to use from any thread, and a lock
/// is never held during I/O.
class BlockCache {
 public:
  explicit BlockCache(std::size_t bytes);
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /// Before anything else is done with the slots of a file: spreads them over the shards.
  void adopt(std::vector<BlockSlot>& slots);
  /// Keeps `block` if it fits; of two that were loaded at once the first stays.
  void insert(BlockSlot& slot, std::shared_ptr<const Block> block);
  /// Gives up all blocks of a file that is closed. Nobody else uses the slots any more.
  void forget(std::vector<BlockSlot>& slots);

  /// One loader per missing block: the first that asks becomes it and must call end_load(); the
  /// others wait for that and get the block, if it could be loaded and kept.
  struct LoadTurn {
    bool loads;                          ///< The caller is the loader.
    std::shared_ptr<const Block> block;  ///< Found after all; null: look again.
  };
  LoadTurn begin_load(BlockSlot& slot);
  void end_load(BlockSlot& slot);

  /// The bound from now on; evicts what is too much.
  void set_capacity(std::size_t bytes);
  std::size_t capacity() const noexcept { return capacity_.load(std::memory_order_relaxed); }

  struct Usage {
    std::size_t bytes = 0, blocks = 0;
  };
  Usage usage() const;

 private:
  struct Shard;
  Shard& shard_of(const BlockSlot& slot) const { return *shards_[slot.shard_]; }

  std::atomic<std::size_t> capacity_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::size_t> files_{0};
};

}  // namespace ouro::engine
