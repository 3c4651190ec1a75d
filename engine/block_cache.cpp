#include "engine/block_cache.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace ouro::engine {
namespace {

std::uint64_t hash_of(const BlockCache::Key& key) {
  std::uint64_t mixed = key.file * 0x9e3779b97f4a7c15u ^ key.offset;
  mixed ^= mixed >> 32;
  mixed *= 0xd6e8feb86659fd93u;
  return mixed ^ mixed >> 32;
}

constexpr std::size_t shards_max = 16;
/// Smaller shards would refuse blocks of common sizes.
constexpr std::size_t shard_bytes_min = std::size_t{1} << 20;

}  // namespace

/// A hash table with linear probing whose slots are also CLOCK's circle, so that a hit touches one
/// slot and nothing else.
struct BlockCache::Shard {
  struct Slot {
    Key key{};
    std::shared_ptr<const Block> block;  // null: the slot is empty
    bool referenced = false;
  };

  Slot* find(const Key& key);
  void insert(Slot slot);
  /// Gives up one block. It is handed out, so that it is freed without the lock.
  std::shared_ptr<const Block> evict();
  std::shared_ptr<const Block> erase(std::size_t at);
  void grow();
  std::size_t after(std::size_t at) const { return (at + 1) & (slots.size() - 1); }
  std::size_t home(const Key& key) const { return hash_of(key) & (slots.size() - 1); }

  mutable std::mutex mutex;
  std::size_t capacity = 0;
  std::size_t bytes = 0;
  std::uint64_t hits = 0, misses = 0;
  std::vector<Slot> slots = std::vector<Slot>(64);  // always a power of two, never full
  std::size_t blocks = 0;
  std::size_t hand = 0;
};

BlockCache::Shard::Slot* BlockCache::Shard::find(const Key& key) {
  for (std::size_t at = home(key); slots[at].block; at = after(at))
    if (slots[at].key == key) return &slots[at];
  return nullptr;
}

void BlockCache::Shard::insert(Slot slot) {
  if ((blocks + 1) * 4 > slots.size() * 3) grow();
  std::size_t at = home(slot.key);
  while (slots[at].block) at = after(at);
  bytes += slot.block->memory();
  ++blocks;
  slots[at] = std::move(slot);
}

void BlockCache::Shard::grow() {
  std::vector<Slot> old(slots.size() * 2);
  old.swap(slots);
  bytes = blocks = hand = 0;
  for (Slot& slot : old)
    if (slot.block) insert(std::move(slot));
}

std::shared_ptr<const Block> BlockCache::Shard::evict() {
  for (;; hand = after(hand))
    if (slots[hand].block && !std::exchange(slots[hand].referenced, false)) return erase(hand);
}

// Those behind that were pushed past the hole move up (Knuth, volume 3, 6.4, algorithm R), so that
// no search stops early.
std::shared_ptr<const Block> BlockCache::Shard::erase(std::size_t hole) {
  std::shared_ptr<const Block> erased = std::move(slots[hole].block);
  bytes -= erased->memory();
  --blocks;
  const std::size_t mask = slots.size() - 1;
  for (std::size_t at = after(hole); slots[at].block; at = after(at)) {
    const std::size_t from_home = (at - home(slots[at].key)) & mask;
    if (from_home < ((at - hole) & mask)) continue;
    slots[hole] = std::move(slots[at]);
    hole = at;
  }
  return erased;
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
  Shard::Slot* slot = shard.find(key);
  if (slot == nullptr) {
    ++shard.misses;
    return nullptr;
  }
  ++shard.hits;
  slot->referenced = true;
  return slot->block;
}

void BlockCache::insert(const Key& key, std::shared_ptr<const Block> block) {
  Shard& shard = shard_of(key);
  const std::size_t size = block->memory();
  if (size > shard.capacity) return;
  std::vector<std::shared_ptr<const Block>> evicted;  // freed after the lock
  const std::lock_guard lock(shard.mutex);
  if (shard.find(key) != nullptr) return;
  while (shard.bytes + size > shard.capacity) evicted.push_back(shard.evict());
  shard.insert({key, std::move(block), false});
}

BlockCache::Usage BlockCache::usage() const {
  Usage usage;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    usage.hits += shard->hits;
    usage.misses += shard->misses;
    usage.bytes += shard->bytes;
    usage.blocks += shard->blocks;
  }
  return usage;
}

}  // namespace ouro::engine
