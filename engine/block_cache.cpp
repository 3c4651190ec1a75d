#include "engine/block_cache.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ouro::engine {
namespace {

std::uint64_t hash_of(const BlockCache::Key& key) {
  std::uint64_t mixed = key.file * 0x9e3779b97f4a7c15u ^ key.offset;
  mixed ^= mixed >> 32;
  mixed *= 0xd6e8feb86659fd93u;
  return mixed ^ mixed >> 32;
}

struct KeyHash {
  std::size_t operator()(const BlockCache::Key& key) const noexcept { return hash_of(key); }
};

constexpr std::size_t shards_max = 16;
/// Smaller shards would refuse blocks of common sizes.
constexpr std::size_t shard_bytes_min = std::size_t{1} << 20;

}  // namespace

struct BlockCache::Shard {
  struct Slot {
    Key key{};
    std::shared_ptr<const Block> block;
    bool referenced = false;
  };

  /// Gives up one block. The evicted block is handed out, so that it is freed without the lock.
  std::shared_ptr<const Block> evict();
  std::size_t free_slot();

  mutable std::mutex mutex;
  std::size_t capacity = 0;
  std::size_t bytes = 0;
  std::uint64_t hits = 0, misses = 0;
  std::unordered_map<Key, std::size_t, KeyHash> index;  // key -> slot
  std::vector<Slot> slots;
  std::vector<std::size_t> empty;
  std::size_t hand = 0;
};

std::shared_ptr<const Block> BlockCache::Shard::evict() {
  for (;;) {
    Slot& slot = slots[hand];
    const std::size_t here = hand;
    hand = (hand + 1) % slots.size();
    if (!slot.block) continue;
    if (std::exchange(slot.referenced, false)) continue;
    index.erase(slot.key);
    empty.push_back(here);
    bytes -= slot.block->memory();
    return std::move(slot.block);
  }
}

std::size_t BlockCache::Shard::free_slot() {
  if (empty.empty()) {
    slots.emplace_back();
    return slots.size() - 1;
  }
  const std::size_t slot = empty.back();
  empty.pop_back();
  return slot;
}

BlockCache::BlockCache(std::size_t bytes) : capacity_(bytes) {
  const std::size_t shards = std::clamp<std::size_t>(bytes / shard_bytes_min, 1, shards_max);
  for (std::size_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Shard>());
    shards_.back()->capacity = bytes / shards;
  }
}

BlockCache::~BlockCache() = default;

std::uint64_t BlockCache::new_file_id() {
  return last_file_id_.fetch_add(1, std::memory_order_relaxed) + 1;
}

BlockCache::Shard& BlockCache::shard_of(const Key& key) const {
  return *shards_[(hash_of(key) >> 48) % shards_.size()];
}

std::shared_ptr<const Block> BlockCache::find(const Key& key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) {
    ++shard.misses;
    return nullptr;
  }
  ++shard.hits;
  Shard::Slot& slot = shard.slots[found->second];
  slot.referenced = true;
  return slot.block;
}

void BlockCache::insert(const Key& key, std::shared_ptr<const Block> block) {
  Shard& shard = shard_of(key);
  const std::size_t size = block->memory();
  if (size > shard.capacity) return;
  std::vector<std::shared_ptr<const Block>> evicted;
  const std::lock_guard lock(shard.mutex);
  if (shard.index.contains(key)) return;
  while (shard.bytes + size > shard.capacity) evicted.push_back(shard.evict());
  const std::size_t slot = shard.free_slot();
  shard.slots[slot] = {key, std::move(block), false};
  shard.index.emplace(key, slot);
  shard.bytes += size;
}

BlockCache::Usage BlockCache::usage() const {
  Usage usage;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    usage.hits += shard->hits;
    usage.misses += shard->misses;
    usage.bytes += shard->bytes;
    usage.blocks += shard->index.size();
  }
  return usage;
}

}  // namespace ouro::engine
