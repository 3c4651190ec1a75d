#include "engine/block_cache.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::size_t shards_max = 16;
/// Smaller shards would refuse blocks of common sizes.
constexpr std::size_t shard_bytes_min = std::size_t{1} << 20;

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

/// The slots of its cached blocks form CLOCK's circle.
struct BlockCache::Shard {
  void insert(BlockSlot& slot, std::shared_ptr<const Block> block);
  /// Makes room for `size` bytes, if it can without waiting. What goes is handed out, so that it is
  /// freed without the lock.
  std::vector<std::shared_ptr<const Block>> make_room(std::size_t size);
  /// Null if somebody is copying it just now.
  std::shared_ptr<const Block> take(BlockSlot& slot);

  mutable std::mutex mutex;
  std::condition_variable loaded;
  std::size_t capacity = 0;
  std::size_t bytes = 0;
  std::vector<BlockSlot*> circle;
  std::vector<std::uint32_t> holes;  // places in the circle that are null
  std::size_t hand = 0;
};

void BlockCache::Shard::insert(BlockSlot& slot, std::shared_ptr<const Block> block) {
  bytes += block->memory();
  if (holes.empty()) {
    holes.push_back(static_cast<std::uint32_t>(circle.size()));
    circle.push_back(nullptr);
  }
  slot.place_ = holes.back();
  holes.pop_back();
  circle[slot.place_] = &slot;
  slot.block_ = std::move(block);
  slot.word_.fetch_or(BlockSlot::present, std::memory_order_release);
}

std::shared_ptr<const Block> BlockCache::Shard::take(BlockSlot& slot) {
  std::uint64_t word = slot.word_.load(std::memory_order_relaxed);
  do {
    if ((word & (BlockSlot::present - 1)) != 0) return nullptr;
  } while (!slot.word_.compare_exchange_weak(word, BlockSlot::leaving, std::memory_order_acquire));
  bytes -= slot.block_->memory();
  circle[slot.place_] = nullptr;
  holes.push_back(slot.place_);
  std::shared_ptr<const Block> taken = std::move(slot.block_);
  // From here on forget() lets the slot go.
  slot.word_.fetch_and(~BlockSlot::leaving, std::memory_order_release);
  return taken;
}

std::vector<std::shared_ptr<const Block>> BlockCache::Shard::make_room(std::size_t size) {
  std::vector<std::shared_ptr<const Block>> gone;
  // Twice round: the first time may only clear bits. The rest is in use at this very moment.
  for (std::size_t steps = 2 * circle.size(); steps > 0 && bytes + size > capacity; --steps) {
    if (hand >= circle.size()) hand = 0;
    BlockSlot* const slot = circle[hand++];
    if (slot == nullptr) continue;
    const std::uint64_t word =
        slot->word_.fetch_and(~BlockSlot::referenced, std::memory_order_relaxed);
    if ((word & BlockSlot::referenced) != 0) continue;
    if (auto block = take(*slot)) gone.push_back(std::move(block));
  }
  return gone;
}

BlockCache::BlockCache(std::size_t bytes) : capacity_(bytes) {
  const std::size_t shards = std::clamp<std::size_t>(bytes / shard_bytes_min, 1, shards_max);
  for (std::size_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Shard>());
    shards_.back()->capacity = bytes / shards;
  }
}

BlockCache::~BlockCache() = default;

void BlockCache::adopt(std::vector<BlockSlot>& slots) {
  std::size_t shard = files_.fetch_add(1, std::memory_order_relaxed);
  for (BlockSlot& slot : slots) slot.shard_ = static_cast<std::uint16_t>(shard++ % shards_.size());
}

void BlockCache::insert(BlockSlot& slot, std::shared_ptr<const Block> block) {
  Shard& shard = shard_of(slot);
  const std::size_t size = block->memory();
  std::vector<std::shared_ptr<const Block>> gone;  // freed after the lock
  const std::lock_guard lock(shard.mutex);
  if (size > shard.capacity || slot.block_) return;
  gone = shard.make_room(size);
  if (shard.bytes + size <= shard.capacity) shard.insert(slot, std::move(block));
}

void BlockCache::forget(std::vector<BlockSlot>& slots) {
  for (BlockSlot& slot : slots) {
    const std::uint64_t word = slot.word_.load(std::memory_order_acquire);
    if ((word & (BlockSlot::present | BlockSlot::leaving)) == 0) continue;
    Shard& shard = shard_of(slot);
    std::shared_ptr<const Block> gone;
    const std::lock_guard lock(shard.mutex);
    if (slot.block_) gone = shard.take(slot);
  }
}

BlockCache::LoadTurn BlockCache::begin_load(BlockSlot& slot) {
  Shard& shard = shard_of(slot);
  std::unique_lock lock(shard.mutex);
  if (slot.block_) return {false, slot.block_};
  if (!std::exchange(slot.loading_, true)) return {true, nullptr};
  shard.loaded.wait(lock, [&] { return !slot.loading_; });
  return {false, slot.block_};
}

void BlockCache::end_load(BlockSlot& slot) {
  Shard& shard = shard_of(slot);
  {
    const std::lock_guard lock(shard.mutex);
    slot.loading_ = false;
  }
  shard.loaded.notify_all();
}

void BlockCache::set_capacity(std::size_t bytes) {
  capacity_.store(bytes, std::memory_order_relaxed);
  for (const auto& shard : shards_) {
    std::vector<std::shared_ptr<const Block>> gone;
    const std::lock_guard lock(shard->mutex);
    shard->capacity = bytes / shards_.size();
    gone = shard->make_room(0);
  }
}

BlockCache::Usage BlockCache::usage() const {
  Usage usage;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    usage.bytes += shard->bytes;
    usage.blocks += shard->circle.size() - shard->holes.size();
  }
  return usage;
}

}  // namespace ouro::engine
