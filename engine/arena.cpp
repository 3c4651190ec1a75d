#include "engine/arena.hpp"

#include <algorithm>

namespace ouro::engine {
namespace {

// From here on the system serves blocks better than the allocator does.
constexpr std::size_t large_block = 64 * 1024;
// A large entry gets a block of its own, so that at most this part of a block is wasted.
constexpr std::size_t waste = 8;

}  // namespace

char* Arena::allocate(std::size_t size) {
  constexpr std::size_t alignment = alignof(void*);
  size = (size + alignment - 1) / alignment * alignment;
  if (size > free_size_) return begin_block(size);
  char* const result = free_;
  free_ += size;
  free_size_ -= size;
  count(size);
  return result;
}

char* Arena::begin_block(std::size_t size) {
  const std::size_t block_size = next_block_size();
  if (size > block_size / waste) {
    char* const own = new_block(size);
    count(size);
    return own;
  }
  char* const block = new_block(block_size);
  count(free_size_ + size);
  free_ = block + size;
  free_size_ = block_size - size;
  return block;
}

// A quarter more each time, so that what is not yet handed out stays small beside what is. Huge
// pages are for arenas that end up much larger than one of them.
std::size_t Arena::next_block_size() const {
  constexpr std::size_t smallest = 4096;
  constexpr std::size_t largest_normal = 256 * 1024;
  if (capacity_ >= 8 * Pages::huge_page_bytes && size() >= Pages::huge_page_bytes / 2)
    return Pages::huge_page_bytes;
  return std::clamp(size() / 4 / smallest * smallest, smallest, largest_normal);
}

char* Arena::new_block(std::size_t size) {
  if (size >= large_block) {
    large_.emplace_back(size, Pages::Kind::huge);
    return large_.back().data();
  }
  // Not make_unique: that would write zeros over memory that is written anyway.
  small_.emplace_back(new char[size]);
  return small_.back().get();
}

}  // namespace ouro::engine
