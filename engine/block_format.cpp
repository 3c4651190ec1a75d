#include "engine/block_format.hpp"

#include "base/check.hpp"
#include "base/coding.hpp"
#include "engine/batch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::size_t head_size = 24;
constexpr std::size_t prefix_size = sizeof(std::uint64_t);
/// Widths of an entry's sequence and prefix step are not known before the end: usual ones.
constexpr std::size_t size_per_entry = 1 + 6 + 3;

/// Bytes that hold `number`.
unsigned width_of(std::uint64_t number) {
  return (static_cast<unsigned>(std::bit_width(number)) + 7) / 8;
}

void put_narrow(std::string& out, std::uint64_t number, unsigned width) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, width);
}

std::size_t varint_size(std::uint64_t number) { return number < 128 ? 1 : number < 16384 ? 2 : 5; }

std::string_view tail_of(std::string_view key) {
  return key.size() > prefix_size ? key.substr(prefix_size) : std::string_view();
}

/// The columns of a stored block.
class Columns {
 public:
  /// False if the fixed parts do not fit into the bytes.
  bool read(std::string_view bytes) {
    Reader reader(bytes);
    count = reader.fixed<std::uint32_t>();
    prefix_width_ = reader.fixed<std::uint8_t>();
    sequence_width_ = reader.fixed<std::uint8_t>();
    const auto zero = reader.fixed<std::uint16_t>();
    first_prefix_ = reader.fixed<std::uint64_t>();
    smallest_sequence_ = reader.fixed<std::uint64_t>();
    if (!reader.ok() || zero != 0 || count == 0 || prefix_width_ > 8 || sequence_width_ > 7 ||
        count > bytes.size())
      return false;
    kinds_ = reader.bytes(count);
    steps_ = reader.bytes((count - 1) * prefix_width_);
    sequences_ = reader.bytes(count * sequence_width_);
    rest_ = reader.rest();
    return reader.ok();
  }

  /// What must be added up before there is a place to put the entries.
  bool measure() {
    Reader lengths(rest_);
    std::uint64_t keys = 0, tails = 0, values = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t size = lengths.varint_up_to(key_size_max);
      keys += size;
      tails += size > prefix_size ? size - prefix_size : 0;
    }
    for (std::size_t i = 0; i < count; ++i) values += lengths.varint_up_to(value_size_max);
    const std::string_view bytes = lengths.rest();
    if (!lengths.ok() || tails > bytes.size() || values != bytes.size() - tails) return false;
    tails_ = bytes.substr(0, static_cast<std::size_t>(tails));
    values_ = bytes.substr(static_cast<std::size_t>(tails));
    const std::uint64_t total = keys + values + count * Block::entry_head_size;
    heap_size = static_cast<std::size_t>(total);
    return total <= std::numeric_limits<std::uint32_t>::max();
  }

  bool fill(Block& block) {
    Reader key_sizes(rest_);
    Reader value_sizes(rest_);
    for (std::size_t i = 0; i < count; ++i) value_sizes.varint();
    const std::span<std::uint64_t> prefixes = block.writable_prefixes();
    const std::span<std::uint32_t> offsets = block.writable_offsets();
    char* const heap = block.writable_heap();
    char* at = heap;
    std::uint64_t prefix = first_prefix_;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) prefix += narrow(steps_, i - 1, prefix_width_);
      const Sequence sequence = smallest_sequence_ + narrow(sequences_, i, sequence_width_);
      if (sequence > sequence_max || !known(kinds_[i])) return false;
      prefixes[i] = prefix;
      offsets[i] = static_cast<std::uint32_t>(at - heap);
      const auto key_size = static_cast<std::size_t>(key_sizes.varint());
      // The prefix of a short key is filled up with zero bytes.
      if (key_size < prefix_size && prefix << key_size * 8 != 0) return false;
      store_fixed(at, sequence << 8 | static_cast<std::uint8_t>(kinds_[i]));
      store_fixed(at + 8, static_cast<std::uint32_t>(key_size));
      at = put_key(at + Block::entry_head_size, prefix, key_size);
      at = put(at, values_, static_cast<std::size_t>(value_sizes.varint()));
    }
    offsets[count] = static_cast<std::uint32_t>(at - heap);
    return true;
  }

  std::size_t count = 0;
  std::size_t heap_size = 0;

 private:
  static bool known(char kind) {
    return kind == static_cast<char>(EntryKind::put) ||
           kind == static_cast<char>(EntryKind::remove);
  }

  static std::uint64_t narrow(std::string_view column, std::size_t index, std::size_t width) {
    const std::size_t begin = index * width;
    // One load wherever eight bytes are left.
    if (begin + sizeof(std::uint64_t) <= column.size()) {
      const auto wide = load_fixed<std::uint64_t>(column.data() + begin);
      return width == 8 ? wide : wide & ((std::uint64_t{1} << width * 8) - 1);
    }
    std::uint64_t number = 0;
    if (width > 0) std::memcpy(&number, column.data() + begin, width);
    return number;
  }

  char* put_key(char* at, std::uint64_t prefix, std::size_t size) {
    const std::uint64_t big = __builtin_bswap64(prefix);
    if (size <= prefix_size) {
      if (size > 0) std::memcpy(at, &big, size);
      return at + size;
    }
    std::memcpy(at, &big, prefix_size);
    return put(at + prefix_size, tails_, size - prefix_size);
  }

  static char* put(char* at, std::string_view& from, std::size_t size) {
    if (size > 0) std::memcpy(at, from.data(), size);
    from.remove_prefix(size);
    return at + size;
  }

  std::size_t prefix_width_ = 0, sequence_width_ = 0;
  std::uint64_t first_prefix_ = 0;
  Sequence smallest_sequence_ = 0;
  std::string_view kinds_, steps_, sequences_, rest_, tails_, values_;
};

}  // namespace

void BlockBuilder::add(const Entry& entry) {
  check(entry.sequence <= sequence_max);
  prefixes_.push_back(key_prefix(entry.key));
  sequences_.push_back(entry.sequence);
  kinds_.push_back(static_cast<char>(entry.kind));
  put_varint(key_sizes_, entry.key.size());
  put_varint(value_sizes_, entry.value.size());
  keys_.append(tail_of(entry.key));
  values_.append(entry.value);
}

std::size_t BlockBuilder::size() const noexcept {
  return head_size + prefixes_.size() * size_per_entry + key_sizes_.size() + value_sizes_.size() +
         keys_.size() + values_.size();
}

std::size_t BlockBuilder::size_with(const Entry& entry) const noexcept {
  return size() + size_per_entry + varint_size(entry.key.size()) + varint_size(entry.value.size()) +
         tail_of(entry.key).size() + entry.value.size();
}

std::string_view BlockBuilder::finish() {
  check(!empty());
  std::uint64_t widest_step = 0;
  for (std::size_t i = 1; i < prefixes_.size(); ++i)
    widest_step = std::max(widest_step, prefixes_[i] - prefixes_[i - 1]);
  const auto [smallest, largest] = std::minmax_element(sequences_.begin(), sequences_.end());
  const unsigned prefix_width = width_of(widest_step);
  const unsigned sequence_width = width_of(*largest - *smallest);
  block_.clear();
  put_fixed<std::uint32_t>(block_, static_cast<std::uint32_t>(prefixes_.size()));
  put_fixed<std::uint8_t>(block_, static_cast<std::uint8_t>(prefix_width));
  put_fixed<std::uint8_t>(block_, static_cast<std::uint8_t>(sequence_width));
  put_fixed<std::uint16_t>(block_, 0);
  put_fixed<std::uint64_t>(block_, prefixes_.front());
  put_fixed<std::uint64_t>(block_, *smallest);
  block_.append(kinds_);
  for (std::size_t i = 1; i < prefixes_.size(); ++i)
    put_narrow(block_, prefixes_[i] - prefixes_[i - 1], prefix_width);
  for (const Sequence sequence : sequences_)
    put_narrow(block_, sequence - *smallest, sequence_width);
  block_.append(key_sizes_).append(value_sizes_).append(keys_).append(values_);
  prefixes_.clear();
  sequences_.clear();
  for (std::string* column : {&kinds_, &key_sizes_, &value_sizes_, &keys_, &values_})
    column->clear();
  return block_;
}

std::shared_ptr<const Block> unpack_block(std::string_view bytes, BlockHome* home) {
  Columns columns;
  if (!columns.read(bytes) || !columns.measure()) return nullptr;
  std::shared_ptr<Block> block = Block::make(columns.count, columns.heap_size, home);
  if (!columns.fill(*block)) return nullptr;
  return block;
}

}  // namespace ouro::engine
