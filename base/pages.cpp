#include "base/pages.hpp"

#include <sys/mman.h>
#include <cstdint>
#include <limits>
#include <new>

namespace ouro {
namespace {

char* map(std::size_t size) {
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(memory);
}

// Cannot fail for a range that map() gave, except for want of memory to note a hole in it; then the
// range stays mapped, which is harmless.
void unmap(char* memory, std::size_t size) {
  if (size > 0) static_cast<void>(::munmap(memory, size));
}

// Maps a huge page too much and gives back what lies outside the aligned part.
char* map_aligned(std::size_t size) {
  constexpr std::size_t alignment = Pages::huge_page_bytes;
  char* const memory = map(size + alignment);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(memory) % alignment;
  const std::size_t before = past == 0 ? 0 : alignment - past;
  unmap(memory, before);
  unmap(memory + before + size, alignment - before);
  return memory + before;
}

}  // namespace

Pages::Pages(std::size_t size, Kind kind) {
  if (size > std::numeric_limits<std::size_t>::max() / 2) throw std::bad_alloc();
  size_ = (size + page_bytes - 1) / page_bytes * page_bytes;
  if (kind == Kind::normal || size_ < huge_page_bytes) {
    data_ = map(size_);
    return;
  }
  data_ = map_aligned(size_);
  // Only advice: a kernel without huge pages serves normal ones.
  static_cast<void>(::madvise(data_, size_, MADV_HUGEPAGE));
}

Pages::~Pages() { unmap(data_, size_); }

}  // namespace ouro
