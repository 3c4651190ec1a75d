#include "engine/block_chunk.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::size_t alignment = 64;  // blocks begin with a cache line
constexpr std::size_t chunk_size_min = 64 * 1024;
/// Chunks of which a shard has at least so many, or giving one up would be too much at once.
constexpr std::size_t chunks_min = 16;

std::size_t chunk_size_for(std::size_t capacity) {
  const std::size_t size = capacity / chunks_min;
  if (size < chunk_size_min) return 0;
  return std::min(size, Pages::huge_page_bytes);
}

}  // namespace

BlockChunk::BlockChunk(std::size_t size) : size_(size) {
  if (size >= Pages::huge_page_bytes)
    pages_ = Pages(size, Pages::Kind::huge);
  else
    heap_ = std::make_unique_for_overwrite<char[]>(size + alignment);
}

char* BlockChunk::take(std::size_t size) noexcept {
  char* base = pages_.data();
  if (base == nullptr) {
    const auto address = reinterpret_cast<std::uintptr_t>(heap_.get());
    base = heap_.get() + (alignment - address % alignment) % alignment;
  }
  return base + std::exchange(used_, used_ + size);
}

BlockPlace BlockCacheShard::allocate(std::size_t size) {
  size = (size + alignment - 1) / alignment * alignment;
  Gone gone;  // before the lock, so that it is freed after it
  const std::lock_guard lock(mutex_);
  if (size > capacity_) return {};
  std::shared_ptr<BlockChunk> chunk = filling_;
  if (size > chunk_size_ / 4)
    chunk = begin_chunk_locked(size, gone);
  else if (!chunk || chunk->room() < size)
    filling_ = chunk = begin_chunk_locked(chunk_size_, gone);
  char* const at = chunk->take(size);
  if (chunk == filling_) shrink_locked(capacity_, gone);
  return {at, size, std::move(chunk)};
}

// A chunk for one block is made room for before; a shared one afterwards, as it takes over what
// shall stay.
std::shared_ptr<BlockChunk> BlockCacheShard::begin_chunk_locked(std::size_t size, Gone& gone) {
  if (size != chunk_size_) shrink_locked(capacity_ - size, gone);
  auto chunk = std::make_shared<BlockChunk>(size);
  chunks_.push_back(chunk);
  bytes_ += size;
  return chunk;
}

void BlockCacheShard::shrink_locked(std::size_t limit, Gone& gone) {
  // Twice round: the first time may only clear bits. The rest is in use at this very moment.
  for (std::size_t steps = 2 * chunks_.size(); steps > 0 && bytes_ > limit; --steps)
    if (!evict_oldest_locked(gone)) return;
}

// False if there is nothing to evict but the chunk that is being filled.
bool BlockCacheShard::evict_oldest_locked(Gone& gone) {
  if (chunks_.empty() || chunks_.front() == filling_) {
    if (chunks_.size() < 2) return false;
    std::swap(chunks_.front(), chunks_.back());
  }
  const std::shared_ptr<BlockChunk> chunk = std::move(chunks_.front());
  chunks_.pop_front();
  for (std::size_t i = 0; i < chunk->slots.size(); ++i) {
    if (chunk->slots[i] == nullptr) continue;
    BlockSlot& slot = *chunk->slots[i];
    const std::uint64_t word =
        slot.word_.fetch_and(~BlockSlot::referenced, std::memory_order_relaxed);
    const bool again = (word & BlockSlot::referenced) != 0;
    // Alone in its chunk: it stays where it is.
    if (again && chunk->size() != chunk_size_) continue;
    auto block = take_locked(slot);
    if (!block || (again && keep_locked(slot, block))) continue;
    gone.push_back(std::move(block));
  }
  if (chunk->living > 0) {
    chunks_.push_back(chunk);
    return true;
  }
  chunk->given_up = true;
  bytes_ -= chunk->size();
  gone.push_back(chunk);
  return true;
}

// Up to half of a chunk is for those that are kept, or nothing would ever be given up.
bool BlockCacheShard::keep_locked(BlockSlot& slot, std::shared_ptr<const Block>& block) {
  const std::size_t size = (block->memory() + alignment - 1) / alignment * alignment;
  if (!filling_ || filling_->room() < size + filling_->size() / 2) return false;
  BlockPlace place{filling_->take(size), size, filling_};
  auto copied = Block::copy(*block, std::move(place));
  put_locked(slot, *filling_, std::move(copied));
  return true;
}

void BlockCacheShard::put_locked(BlockSlot& slot, BlockChunk& chunk,
                                 std::shared_ptr<const Block> block) {
  slot.chunk_ = &chunk;
  slot.place_ = static_cast<std::uint32_t>(chunk.slots.size());
  chunk.slots.push_back(&slot);
  ++chunk.living;
  slot.block_ = std::move(block);
  slot.word_.fetch_or(BlockSlot::present, std::memory_order_release);
}

/// Null if somebody is copying it just now.
std::shared_ptr<const Block> BlockCacheShard::take_locked(BlockSlot& slot) {
  std::uint64_t word = slot.word_.load(std::memory_order_relaxed);
  do {
    if ((word & (BlockSlot::present - 1)) != 0) return nullptr;
  } while (!slot.word_.compare_exchange_weak(word, 0, std::memory_order_acquire));
  slot.chunk_->slots[slot.place_] = nullptr;
  --slot.chunk_->living;
  slot.chunk_ = nullptr;
  return std::move(slot.block_);
}

void BlockCacheShard::insert(BlockSlot& slot, std::shared_ptr<const Block> block) {
  auto* const chunk = static_cast<BlockChunk*>(block->owner());
  const std::lock_guard lock(mutex_);
  if (chunk == nullptr || chunk->given_up || slot.block_) return;
  put_locked(slot, *chunk, std::move(block));
}

// Under the lock for all of them, even those that look empty: an eviction may be at work on a slot.
void BlockCacheShard::forget(std::vector<BlockSlot>& slots, std::uint16_t shard) {
  Gone gone;
  const std::lock_guard lock(mutex_);
  for (BlockSlot& slot : slots) {
    if (slot.shard_ != shard || !slot.block_) continue;
    BlockChunk& chunk = *slot.chunk_;
    gone.push_back(take_locked(slot));
    if (chunk.living == 0 && &chunk != filling_.get()) drop_empty_locked(chunk, gone);
  }
}

void BlockCacheShard::drop_empty_locked(BlockChunk& chunk, Gone& gone) {
  const auto at = std::find_if(chunks_.begin(), chunks_.end(),
                               [&](const auto& each) { return each.get() == &chunk; });
  chunk.given_up = true;
  bytes_ -= chunk.size();
  gone.push_back(std::move(*at));
  chunks_.erase(at);
}

BlockCache::LoadTurn BlockCacheShard::begin_load(BlockSlot& slot) {
  std::unique_lock lock(mutex_);
  if (slot.block_) return {false, slot.block_};
  if (!std::exchange(slot.loading_, true)) return {true, nullptr};
  loaded_.wait(lock, [&] { return !slot.loading_; });
  return {false, slot.block_};
}

void BlockCacheShard::end_load(BlockSlot& slot) {
  {
    const std::lock_guard lock(mutex_);
    slot.loading_ = false;
  }
  loaded_.notify_all();
}

void BlockCacheShard::set_capacity_locked(std::size_t capacity) {
  capacity_ = capacity;
  if (chunk_size_ != chunk_size_for(capacity)) filling_.reset();
  chunk_size_ = chunk_size_for(capacity);
}

void BlockCacheShard::set_capacity(std::size_t capacity) {
  Gone gone;
  const std::lock_guard lock(mutex_);
  set_capacity_locked(capacity);
  shrink_locked(capacity_, gone);
}

BlockCache::Usage BlockCacheShard::usage() const {
  const std::lock_guard lock(mutex_);
  BlockCache::Usage usage{bytes_, 0};
  for (const auto& chunk : chunks_) usage.blocks += chunk->living;
  return usage;
}

}  // namespace ouro::engine
