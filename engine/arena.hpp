// Where a memtable's entries live: memory that is only ever added to and freed as a whole.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace ouro::engine {

/// Hands out memory from blocks. One thread allocates; any thread may ask for size().
class Arena {
 public:
  /// `block_size` trades waste at the end of a memtable against calls to the allocator.
  explicit Arena(std::size_t block_size) : block_size_(block_size) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory, aligned for pointers, that lives as long as the arena. size > 0.
  char* allocate(std::size_t size);

  /// Bytes handed out.
  std::size_t size() const noexcept { return total_.load(std::memory_order_relaxed); }

 private:
  char* new_block(std::size_t size);

  const std::size_t block_size_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;
  std::size_t free_size_ = 0;
  std::atomic<std::size_t> total_{0};
};

}  // namespace ouro::engine
