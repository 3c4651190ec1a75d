#include "engine/block_cache.hpp"

#include "engine/block_chunk.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::size_t shards_max = 16;
/// Smaller shards would have small chunks, or few.
constexpr std::size_t shard_bytes_min = std::size_t{64} << 20;

}  // namespace

std::shared_ptr<const Block> BlockSlot::find() noexcept {
  if ((word_.load(std::memory_order_relaxed) & present) == 0) return nullptr;
  std::shared_ptr<const Block> found;
  const std::uint64_t word = word_.fetch_add(1, std::memory_order_acquire);
  if ((word & present) != 0) {
    block_->prefetch();  // the lines behind the first, before the count in it is waited for
    found = block_;
    if ((word & referenced) == 0) word_.fetch_or(referenced, std::memory_order_relaxed);
  }
  word_.fetch_sub(1, std::memory_order_release);
  return found;
}

bool BlockSlot::prefetch_block() noexcept {
  const std::uint64_t word = word_.fetch_add(1, std::memory_order_acquire);
  if ((word & present) != 0) block_->prefetch();
  word_.fetch_sub(1, std::memory_order_release);
  return (word & present) != 0;
}

BlockCache::BlockCache(std::size_t bytes) : capacity_(bytes) {
  const std::size_t shards = std::clamp<std::size_t>(bytes / shard_bytes_min, 1, shards_max);
  for (std::size_t i = 0; i < shards; ++i)
    shards_.push_back(std::make_unique<BlockCacheShard>(bytes / shards));
}

BlockCache::~BlockCache() = default;

void BlockCache::adopt(std::vector<BlockSlot>& slots) {
  std::size_t shard = files_.fetch_add(1, std::memory_order_relaxed);
  for (BlockSlot& slot : slots) slot.shard_ = static_cast<std::uint16_t>(shard++ % shards_.size());
}

BlockHome& BlockCache::home(const BlockSlot& slot) { return *shards_[slot.shard_]; }

void BlockCache::insert(BlockSlot& slot, std::shared_ptr<const Block> block) {
  shards_[slot.shard_]->insert(slot, std::move(block));
}

void BlockCache::forget(std::vector<BlockSlot>& slots) {
  for (std::size_t shard = 0; shard < shards_.size(); ++shard)
    shards_[shard]->forget(slots, static_cast<std::uint16_t>(shard));
}

BlockCache::LoadTurn BlockCache::begin_load(BlockSlot& slot) {
  return shards_[slot.shard_]->begin_load(slot);
}

void BlockCache::end_load(BlockSlot& slot) { shards_[slot.shard_]->end_load(slot); }

void BlockCache::set_capacity(std::size_t bytes) {
  capacity_.store(bytes, std::memory_order_relaxed);
  for (const auto& shard : shards_) shard->set_capacity(bytes / shards_.size());
}

BlockCache::Usage BlockCache::usage() const {
  Usage sum;
  for (const auto& shard : shards_) {
    const Usage usage = shard->usage();
    sum.bytes += usage.bytes;
    sum.blocks += usage.blocks;
  }
  return sum;
}

}  // namespace ouro::engine
