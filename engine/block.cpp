#include "engine/block.hpp"

#include "base/check.hpp"
#include "base/coding.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace ouro::engine {
namespace {

/// Whether (a_key, a_sequence) comes strictly before (b_key, b_sequence).
bool ordered(std::string_view a_key, Sequence a_sequence, std::string_view b_key,
             Sequence b_sequence) {
  const int order = a_key.compare(b_key);
  return order < 0 || (order == 0 && a_sequence > b_sequence);
}

/// Puts the block, its reference count and the bytes behind it into one place.
template <class T>
struct InPlace {
  using value_type = T;

  InPlace(std::size_t tail_, const BlockPlace& place_) : tail(tail_), place(place_) {}
  template <class U>
  InPlace(const InPlace<U>& other) : tail(other.tail), place(other.place) {}

  T* allocate(std::size_t n) {
    const std::size_t size = n * sizeof(T) + tail;
    if (place.at == nullptr) return static_cast<T*>(::operator new(size));
    check(size <= place.size);
    return static_cast<T*>(place.at);
  }
  void deallocate(T* at, std::size_t) noexcept {
    if (place.at == nullptr) ::operator delete(at);
  }
  template <class U>
  bool operator==(const InPlace<U>& other) const {
    return place.at == other.place.at;
  }

  std::size_t tail;
  BlockPlace place;
};

}  // namespace

std::uint64_t key_prefix(std::string_view key) {
  if (key.size() >= sizeof(std::uint64_t)) return load_big64(key.data());
  char filled[sizeof(std::uint64_t)] = {};
  if (!key.empty()) std::memcpy(filled, key.data(), key.size());
  return load_big64(filled);
}

bool before(const Entry& a, const Entry& b) {
  return ordered(a.key, a.sequence, b.key, b.sequence);
}

std::size_t lower_bound_u64(std::span<const std::uint64_t> numbers, std::uint64_t value) noexcept {
  const std::uint64_t* at = numbers.data();
  std::size_t length = numbers.size();
  if (length == 0) return 0;
  while (length > 1) {
    const std::size_t half = length / 2;
    at += at[half - 1] < value ? half : 0;
    length -= half;
  }
  return static_cast<std::size_t>(at - numbers.data()) + (*at < value ? 1 : 0);
}

std::shared_ptr<Block> Block::make_in(Shape shape, BlockPlace place) {
  void* const owner = place.owner.get();
  return std::allocate_shared<Block>(InPlace<Block>(shape.size, place), shape, owner);
}

std::shared_ptr<Block> Block::make(std::size_t count, std::size_t heap_size, BlockHome* home) {
  const Shape shape{
      count, count * sizeof(std::uint64_t) + (count + 1) * sizeof(std::uint32_t) + heap_size};
  return make_in(shape, home == nullptr ? BlockPlace() : home->allocate(shape.size + overhead));
}

std::shared_ptr<const Block> Block::copy(const Block& block, BlockPlace place) {
  auto copied = make_in({block.count_, block.size_}, std::move(place));
  std::memcpy(copied->tail(), block.prefixes().data(), block.size_);
  return copied;
}

Entry Block::entry(std::size_t index) const noexcept {
  const std::size_t begin = offsets()[index], end = offsets()[index + 1];
  const char* at = heap() + begin;
  const auto tag = load_fixed<std::uint64_t>(at);
  const std::size_t key_size = load_fixed<std::uint32_t>(at + 8);
  const char* key = at + entry_head_size;
  return {{key, key_size},
          tag >> 8,
          static_cast<EntryKind>(tag & 0xff),
          {key + key_size, end - begin - entry_head_size - key_size}};
}

void Block::prefetch() const noexcept {
  const char* const first = reinterpret_cast<const char*>(this);
  for (std::size_t line = 0; line < 8; ++line) __builtin_prefetch(first + line * 64);
}

void Block::prefetch_entry(std::size_t index) const noexcept {
  const char* const at = heap() + offsets()[index];
  __builtin_prefetch(at);
  __builtin_prefetch(at + 64);
}

std::size_t Block::lower_bound(std::uint64_t prefix_of_key, std::string_view key,
                               Sequence sequence) const {
  const std::span<const std::uint64_t> all = prefixes();
  const std::size_t low = lower_bound_u64(all, prefix_of_key);
  if (low == count_ || all[low] != prefix_of_key) return low;
  std::size_t high = low + 1;
  if (high < count_ && all[high] == prefix_of_key)
    high = prefix_of_key == UINT64_MAX
               ? count_
               : high + lower_bound_u64(all.subspan(high), prefix_of_key + 1);
  return first_not_before(low, high, key, sequence);
}

std::size_t Block::first_not_before(std::size_t low, std::size_t high, std::string_view key,
                                    Sequence sequence) const {
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const Entry at = entry(middle);
    if (ordered(at.key, at.sequence, key, sequence))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace ouro::engine
