#include "engine/arena.hpp"

namespace ouro::engine {

char* Arena::allocate(std::size_t size) {
  constexpr std::size_t alignment = alignof(void*);
  size = (size + alignment - 1) / alignment * alignment;
  total_.fetch_add(size, std::memory_order_relaxed);
  // A large entry gets a block of its own, so that the rest of the present one is not wasted.
  if (size > block_size_ / 4) return new_block(size);
  if (size > free_size_) {
    free_ = new_block(block_size_);
    free_size_ = block_size_;
  }
  char* const result = free_;
  free_ += size;
  free_size_ -= size;
  return result;
}

char* Arena::new_block(std::size_t size) {
  // Not make_unique: that would write zeros over memory that is written anyway.
  blocks_.emplace_back(new char[size]);
  return blocks_.back().get();
}

}  // namespace ouro::engine
