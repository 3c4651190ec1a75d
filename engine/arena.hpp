// Where a memtable's entries live: memory that is only ever added to and freed as a whole.
#pragma once

#include "base/pages.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace ouro::engine {

/// Hands out memory from blocks that grow with it: a small arena stays small, a large one lies in
/// huge pages. One thread allocates; any thread may ask for size().
class Arena {
 public:
  /// `capacity` is about what will be asked for in all; it decides whether huge pages pay.
  explicit Arena(std::size_t capacity) : capacity_(capacity) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory, aligned for pointers, that lives as long as the arena. size > 0. Throws
  /// std::bad_alloc.
  char* allocate(std::size_t size);

  /// Bytes handed out, and those at the ends of blocks that never will be.
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

 private:
  char* begin_block(std::size_t size);
  char* new_block(std::size_t size);
  std::size_t next_block_size() const;
  // There is one writer, so this need not be one instruction.
  void count(std::size_t bytes) { size_.store(size() + bytes, std::memory_order_relaxed); }

  const std::size_t capacity_;
  std::vector<std::unique_ptr<char[]>> small_;
  std::vector<Pages> large_;
  char* free_ = nullptr;
  std::size_t free_size_ = 0;
  std::atomic<std::size_t> size_{0};
};

}  // namespace ouro::engine
