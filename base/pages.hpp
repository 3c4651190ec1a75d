// Where large memory comes from: zeroed pages straight from the system.
#pragma once

#include <cstddef>
#include <utility>

namespace ouro {

/// Zeroed memory that the system commits page by page when it is first touched: what is never
/// touched costs address space only. Owns it. Not for small or short-lived memory: each costs two
/// system calls and the faults of its pages.
class Pages {
 public:
  /// `normal` commits 4 KiB at a time. `huge` begins at a multiple of 2 MiB and asks for huge
  /// pages, which make random access far cheaper; then each first touch commits 2 MiB, and what is
  /// left at the end beyond a multiple of 2 MiB is in normal pages.
  enum class Kind { normal, huge };
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

  Pages() = default;
  /// `size` > 0 is rounded up to whole normal pages. Throws std::bad_alloc.
  Pages(std::size_t size, Kind kind);
  ~Pages();
  Pages(Pages&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  /// Null if default constructed or moved from.
  char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ouro
