// A block of entries as it is stored: how it is packed and unpacked.
//
//   u32 count | u8 width of prefix steps | u8 width of sequences | u16 0
//   u64 first prefix | u64 smallest sequence
//   kind[count] (a byte each)
//   prefix step[count - 1] | sequence - smallest sequence [count]     (little-endian, of the
//   widths) varint key length[count] | varint value length[count] key bytes behind the first 8, of
//   all keys | all values
//
// Alike lies beside alike, so that what repeats (kinds, lengths, the parts of keys) costs LZ4 next
// to nothing, and the token is stored once, as the step from its neighbour.
#pragma once

#include "engine/block.hpp"
#include "engine/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// Gathers entries, which come in order, into one block.
class BlockBuilder {
 public:
  void add(const Entry& entry);
  bool empty() const noexcept { return prefixes_.empty(); }
  std::size_t count() const noexcept { return prefixes_.size(); }
  /// Bytes of the block if it were finished now, and if `entry` were added first; at most a few
  /// bytes too many for each entry.
  std::size_t size() const noexcept;
  std::size_t size_with(const Entry& entry) const noexcept;
  /// The block's bytes; valid until the next call. The builder is empty again.
  std::string_view finish();

 private:
  std::vector<std::uint64_t> prefixes_;
  std::vector<Sequence> sequences_;
  std::string kinds_, key_sizes_, value_sizes_, keys_, values_;
  std::string block_;
};

/// The block that `bytes` hold; null if they are none. Order is not checked: the checksum vouches
/// for what the builder wrote; every length is. With `home` the block lies there.
std::shared_ptr<const Block> unpack_block(std::string_view bytes, BlockHome* home = nullptr);

}  // namespace ouro::engine
