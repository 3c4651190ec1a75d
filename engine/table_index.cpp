#include "engine/table_index.hpp"

#include "base/coding.hpp"
#include "engine/block.hpp"
#include "engine/table_format.hpp"

#include <bit>
#include <limits>

namespace ouro::engine {
namespace {

constexpr std::size_t separator_max = sizeof(Sequence) + 64 * 1024;
constexpr std::size_t blocks_per_bucket = 2;

}  // namespace

void IndexBuilder::add(std::uint64_t offset, const Entry& first, std::string_view previous_last) {
  const std::uint64_t prefix = key_prefix(first.key);
  std::string separator;
  if (!prefixes_.empty() && key_prefix(previous_last) == prefix) {
    put_fixed(separator, first.sequence);
    separator.append(first.key);
  }
  prefixes_.push_back(prefix);
  offsets_.push_back(offset);
  separators_.push_back(std::move(separator));
}

std::string IndexBuilder::finish(std::uint64_t end) const {
  std::string heap;
  for (const std::string& separator : separators_) heap.append(separator);
  std::string out;
  put_fixed(out, static_cast<std::uint32_t>(count()));
  put_fixed(out, static_cast<std::uint32_t>(heap.size()));
  for (const std::uint64_t prefix : prefixes_) put_fixed(out, prefix);
  for (std::size_t i = 0; i < count(); ++i) {
    put_varint(out, (i + 1 < count() ? offsets_[i + 1] : end) - offsets_[i]);
    put_varint(out, separators_[i].size());
  }
  out.append(heap);
  return out;
}

std::optional<Index> Index::decode(std::string_view bytes, std::uint64_t begin, std::uint64_t end) {
  Index index;
  if (!index.read_blocks(bytes, begin, end)) return std::nullopt;
  index.make_directory();
  return index;
}

bool Index::read_blocks(std::string_view bytes, std::uint64_t begin, std::uint64_t end) {
  Reader reader(bytes);
  const auto count = reader.fixed<std::uint32_t>();
  const auto heap_size = reader.fixed<std::uint32_t>();
  if (!reader.ok() || count == 0 || count > bytes.size() / sizeof(std::uint64_t)) return false;
  prefixes_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto prefix = reader.fixed<std::uint64_t>();
    if (i > 0 && prefix < prefixes_.back()) return false;
    prefixes_.push_back(prefix);
  }
  offsets_.reserve(std::size_t{count} + 1);
  offsets_.push_back(begin);
  std::uint64_t separators = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t size = reader.varint();
    const std::uint64_t separator = reader.varint_up_to(separator_max);
    if (!reader.ok() || size < block_trailer_size || size > end - offsets_.back()) return false;
    if (separator > 0 && (i == 0 || separator <= sizeof(Sequence))) return false;
    offsets_.push_back(offsets_.back() + size);
    separators += separator;
    if (heap_size > 0) separator_ends_.push_back(static_cast<std::uint32_t>(separators));
  }
  separators_ = reader.bytes(heap_size);
  return reader.finished() && offsets_.back() == end && separators == heap_size;
}

void Index::make_directory() {
  const std::uint64_t spread = prefixes_.back() - prefixes_.front();
  const std::size_t buckets = std::bit_ceil(count() / blocks_per_bucket + 1);
  const auto bits = static_cast<unsigned>(std::bit_width(buckets) - 1);
  const auto width = static_cast<unsigned>(std::bit_width(spread));
  shift_ = width > bits ? width - bits : 0;
  directory_.assign((spread >> shift_) + 2, 0);
  for (std::size_t block = 0; block < count(); ++block)
    ++directory_[bucket_of(prefixes_[block]) + 1];
  for (std::size_t bucket = 1; bucket < directory_.size(); ++bucket)
    directory_[bucket] += directory_[bucket - 1];
}

/// For a prefix within the index's range.
std::size_t Index::bucket_of(std::uint64_t prefix) const noexcept {
  return static_cast<std::size_t>((prefix - prefixes_.front()) >> shift_);
}

std::size_t Index::lower_bound(std::uint64_t prefix) const noexcept {
  if (prefix <= prefixes_.front()) return 0;
  if (prefix > prefixes_.back()) return count();
  const std::size_t bucket = bucket_of(prefix);
  const std::size_t low = directory_[bucket], high = directory_[bucket + 1];
  return low + lower_bound_u64({prefixes_.data() + low, high - low}, prefix);
}

void Index::prefetch(std::uint64_t prefix) const noexcept {
  if (prefix <= prefixes_.front() || prefix > prefixes_.back()) return;
  __builtin_prefetch(&directory_[bucket_of(prefix)]);
  // Where the block would be if prefixes were spread evenly.
  const double share = static_cast<double>(prefix - prefixes_.front()) /
                       static_cast<double>(prefixes_.back() - prefixes_.front());
  __builtin_prefetch(
      &prefixes_[static_cast<std::size_t>(share * static_cast<double>(count() - 1))]);
}

std::size_t Index::memory() const noexcept {
  return (prefixes_.capacity() + offsets_.capacity()) * sizeof(std::uint64_t) +
         (separator_ends_.capacity() + directory_.capacity()) * sizeof(std::uint32_t) +
         separators_.capacity();
}

std::string_view Index::separator(std::size_t block) const noexcept {
  if (separator_ends_.empty()) return {};
  const std::uint32_t begin = block == 0 ? 0 : separator_ends_[block - 1];
  return std::string_view(separators_).substr(begin, separator_ends_[block] - begin);
}

bool Index::begins_after(std::size_t block, std::string_view key,
                         Sequence sequence) const noexcept {
  const std::string_view first = separator(block);
  if (first.empty()) return false;
  const int order = first.substr(sizeof(Sequence)).compare(key);
  return order > 0 || (order == 0 && load_fixed<Sequence>(first.data()) < sequence);
}

bool Index::continues(std::size_t block, std::string_view key) const noexcept {
  const std::string_view first = separator(block);
  return !first.empty() && first.substr(sizeof(Sequence)) == key;
}

/// Behind the blocks from `first` on that begin with `prefix`.
std::size_t Index::end_of_equals(std::size_t first, std::uint64_t prefix) const noexcept {
  if (first == count() || prefixes_[first] != prefix) return first;
  if (first + 1 == count() || prefixes_[first + 1] != prefix) return first + 1;
  return prefix == std::numeric_limits<std::uint64_t>::max() ? count() : lower_bound(prefix + 1);
}

std::size_t Index::find(std::uint64_t prefix, std::string_view key,
                        Sequence sequence) const noexcept {
  // Blocks before `low` begin before the key; [low, high) share its prefix and begin in order.
  std::size_t low = lower_bound(prefix);
  std::size_t high = end_of_equals(low, prefix);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (begins_after(middle, key, sequence))
      high = middle;
    else
      low = middle + 1;
  }
  return low == 0 ? 0 : low - 1;
}

}  // namespace ouro::engine
