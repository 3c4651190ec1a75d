#include "engine/block.hpp"

#include "base/check.hpp"
#include "base/coding.hpp"
#include "engine/batch.hpp"

#include <algorithm>
#include <cstring>

namespace ouro::engine {
namespace {

constexpr std::size_t head_size = 8;
constexpr std::size_t entry_head_size = 12;
constexpr std::size_t size_per_entry = sizeof(std::uint64_t) + sizeof(std::uint32_t);

std::uint64_t u64_at(const char* array, std::size_t index) {
  return load_fixed<std::uint64_t>(array + index * sizeof(std::uint64_t));
}

std::uint32_t u32_at(const char* array, std::size_t index) {
  return load_fixed<std::uint32_t>(array + index * sizeof(std::uint32_t));
}

std::size_t heap_size_of(const Entry& entry) {
  return entry_head_size + entry.key.size() + entry.value.size();
}

/// Whether (a_key, a_sequence) comes strictly before (b_key, b_sequence).
bool ordered(std::string_view a_key, Sequence a_sequence, std::string_view b_key,
             Sequence b_sequence) {
  const int order = a_key.compare(b_key);
  return order < 0 || (order == 0 && a_sequence > b_sequence);
}

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

std::size_t lower_bound_u64(const char* array, std::size_t count, std::uint64_t value) {
  std::size_t low = 0, high = count;  // the answer lies in [low, high]
  constexpr std::size_t small = 16;
  for (int probes = 0; probes < 4 && high - low > small; ++probes) {
    const std::uint64_t first = u64_at(array, low), last = u64_at(array, high - 1);
    if (value <= first) return low;
    if (value > last) return high;
    __extension__ using Wide = unsigned __int128;
    const Wide scaled = Wide{value - first} * (high - 1 - low);
    const std::size_t guess = low + static_cast<std::size_t>(scaled / (last - first));
    // Around the guess, as far as n evenly spread values are off by chance.
    std::size_t reach = 4;
    while (reach * reach < high - low) reach *= 2;
    const std::size_t from = guess - low > reach ? guess - reach : low;
    const std::size_t to = high - guess > reach ? guess + reach : high;
    if (u64_at(array, from) >= value)
      high = from;
    else if (u64_at(array, to - 1) < value)
      low = to;
    else
      low = from, high = to;
  }
  std::size_t length = high - low;
  while (length > 0) {
    const std::size_t half = length / 2;
    const bool less = u64_at(array, low + half) < value;
    low = less ? low + half + 1 : low;
    length = less ? length - half - 1 : half;
  }
  return low;
}

void BlockBuilder::add(const Entry& entry) {
  check(entry.sequence <= sequence_max);
  prefixes_.push_back(key_prefix(entry.key));
  offsets_.push_back(static_cast<std::uint32_t>(heap_.size()));
  put_fixed<std::uint64_t>(heap_, entry.sequence << 8 | static_cast<std::uint64_t>(entry.kind));
  put_fixed<std::uint32_t>(heap_, static_cast<std::uint32_t>(entry.key.size()));
  heap_.append(entry.key);
  heap_.append(entry.value);
}

std::size_t BlockBuilder::size() const noexcept {
  return head_size + prefixes_.size() * size_per_entry + sizeof(std::uint32_t) + heap_.size();
}

std::size_t BlockBuilder::size_with(const Entry& entry) const noexcept {
  return size() + size_per_entry + heap_size_of(entry);
}

std::string_view BlockBuilder::finish() {
  offsets_.push_back(static_cast<std::uint32_t>(heap_.size()));
  block_.clear();
  block_.reserve(size());
  put_fixed<std::uint32_t>(block_, static_cast<std::uint32_t>(prefixes_.size()));
  put_fixed<std::uint32_t>(block_, static_cast<std::uint32_t>(heap_.size()));
  for (const std::uint64_t prefix : prefixes_) put_fixed(block_, prefix);
  for (const std::uint32_t offset : offsets_) put_fixed(block_, offset);
  block_.append(heap_);
  prefixes_.clear();
  offsets_.clear();
  heap_.clear();
  return block_;
}

std::shared_ptr<const Block> Block::parse(std::unique_ptr<char[]> bytes, std::size_t size) {
  auto block = std::make_shared<Block>();
  block->bytes_ = std::move(bytes);
  block->size_ = size;
  if (size < head_size) return nullptr;
  const char* at = block->bytes_.get();
  block->count_ = u32_at(at, 0);
  const std::size_t heap_size = u32_at(at, 1);
  const std::size_t tables = head_size + block->count_ * size_per_entry + sizeof(std::uint32_t);
  if (block->count_ == 0 || tables + heap_size != size) return nullptr;
  block->prefixes_ = at + head_size;
  block->offsets_ = block->prefixes_ + block->count_ * sizeof(std::uint64_t);
  block->heap_ = at + tables;
  if (!block->well_formed()) return nullptr;
  return block;
}

bool Block::well_formed() const {
  const std::size_t heap_size = u32_at(bytes_.get(), 1);
  if (u32_at(offsets_, 0) != 0 || u32_at(offsets_, count_) != heap_size) return false;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::size_t begin = u32_at(offsets_, i), end = u32_at(offsets_, i + 1);
    if (end > heap_size || begin > end || end - begin < entry_head_size) return false;
    const auto kind = static_cast<std::uint8_t>(heap_[begin]);
    if (kind != static_cast<std::uint8_t>(EntryKind::put) &&
        kind != static_cast<std::uint8_t>(EntryKind::remove))
      return false;
    const std::size_t key_size = load_fixed<std::uint32_t>(heap_ + begin + 8);
    if (key_size > key_size_max || key_size > end - begin - entry_head_size) return false;
    if (prefix(i) != key_prefix({heap_ + begin + entry_head_size, key_size})) return false;
  }
  return true;
}

Entry Block::entry(std::size_t index) const noexcept {
  const std::size_t begin = u32_at(offsets_, index), end = u32_at(offsets_, index + 1);
  const char* at = heap_ + begin;
  const auto tag = load_fixed<std::uint64_t>(at);
  const std::size_t key_size = load_fixed<std::uint32_t>(at + 8);
  const char* key = at + entry_head_size;
  return {{key, key_size},
          tag >> 8,
          static_cast<EntryKind>(tag & 0xff),
          {key + key_size, end - begin - entry_head_size - key_size}};
}

std::uint64_t Block::prefix(std::size_t index) const noexcept { return u64_at(prefixes_, index); }

std::size_t Block::lower_bound(std::uint64_t prefix_of_key, std::string_view key,
                               Sequence sequence) const {
  const std::size_t low = lower_bound_u64(prefixes_, count_, prefix_of_key);
  if (low == count_ || prefix(low) != prefix_of_key) return low;
  std::size_t high = low + 1;
  if (high < count_ && prefix(high) == prefix_of_key)
    high = prefix_of_key == UINT64_MAX
               ? count_
               : high + lower_bound_u64(prefixes_ + high * sizeof(std::uint64_t), count_ - high,
                                        prefix_of_key + 1);
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
