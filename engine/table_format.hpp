// The fixed parts of a table file: header, stored blocks, index, footer. docs/formats.md has the
// byte layouts.
#pragma once

#include "base/result.hpp"
#include "engine/entry.hpp"
#include "engine/options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::engine {

constexpr std::uint32_t table_format_version = 1;
constexpr std::size_t table_header_size = 40;
constexpr std::size_t table_footer_size = 128;
constexpr std::size_t block_trailer_size = 16;
/// The most memory a block may ask for when it is decompressed: one entry of the greatest size
/// fits.
constexpr std::size_t block_raw_size_max = std::size_t{128} << 20;

enum class BlockType : std::uint8_t { data = 1, filter = 2, index = 3, properties = 4 };
enum class Compression : std::uint8_t { none = 0, lz4 = 1 };

/// Seeds the checksums of one file; a block's seed is this xor its offset, so that a block which is
/// stale, or in the wrong place, file or database, never verifies.
std::uint64_t table_seed(std::uint64_t database_id, std::uint64_t number);

/// Who a file says it is. The header's layout is the same in every format version.
struct TableHeader {
  std::uint32_t version = table_format_version;
  std::uint64_t number = 0;
  std::uint64_t database_id = 0;
};
std::string encode(const TableHeader& header);
/// Nothing if the bytes are not a header.
std::optional<TableHeader> decode_table_header(std::string_view bytes);

/// What follows a block's payload on disk.
struct BlockTrailer {
  BlockType type;
  Compression compression;
  std::uint32_t raw_size;  ///< Of the payload when decompressed.
};
/// The trailer of a payload that is stored at an offset whose seed is `seed`.
std::string encode(const BlockTrailer& trailer, std::string_view payload, std::uint64_t seed);
/// `stored` is payload and trailer. Nothing if the checksum or a field is wrong.
std::optional<BlockTrailer> decode_block_trailer(std::string_view stored, std::uint64_t seed);

/// Where a section lies: payload and trailer. size 0: there is none.
struct Section {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const Section&) const = default;
};

struct Footer {
  std::uint64_t number = 0;
  std::uint64_t database_id = 0;
  Section filter, index, properties;
  std::uint64_t entries = 0, removes = 0, blocks = 0;
  Sequence min_sequence = 0, max_sequence = 0;
};
std::string encode(const Footer& footer, std::uint64_t seed);
std::optional<Footer> decode_footer(std::string_view bytes, std::uint64_t seed);

/// Describes blocks as they are written.
class IndexBuilder {
 public:
  /// `previous_last` is the last key of the block before (empty for the first block).
  void add(std::uint64_t offset, const Entry& first, std::string_view previous_last);
  std::size_t count() const noexcept { return count_; }
  /// `end` is where the last block ends.
  std::string finish(std::uint64_t end) const;

 private:
  std::size_t count_ = 0;
  std::string prefixes_, offsets_, separator_ends_, separators_;
};

/// Which block to look into:
///   u32 count | u32 heap size | u64 prefix[count] | u64 offset[count + 1] | u32 end[count] | heap
/// A block whose first key shares its 8-byte prefix with the last key before it has a separator in
/// the heap (u64 sequence | key: its first entry); all others are told apart by the prefix alone.
class Index {
 public:
  /// Nothing if the bytes are not a well-formed index over [begin, end).
  static std::optional<Index> decode(std::string bytes, std::uint64_t begin, std::uint64_t end);

  std::size_t count() const noexcept { return count_; }
  std::uint64_t offset(std::size_t block) const noexcept;
  std::uint64_t stored_size(std::size_t block) const noexcept {
    return offset(block + 1) - offset(block);
  }
  /// The last block that does not begin after (key, sequence); 0 if all do.
  std::size_t find(std::uint64_t prefix, std::string_view key, Sequence sequence) const noexcept;
  /// True if `block` begins with `key` and the block before ends with a newer version of it or with
  /// a key of equal prefix.
  bool continues(std::size_t block, std::string_view key) const noexcept;

 private:
  bool well_formed(std::uint64_t begin, std::uint64_t end) const;
  std::uint64_t prefix(std::size_t block) const noexcept;
  std::string_view separator(std::size_t block) const noexcept;
  bool begins_after(std::size_t block, std::string_view key, Sequence sequence) const noexcept;

  std::string bytes_;
  std::size_t count_ = 0;
  // Offsets into bytes_, so that an index can be moved.
  std::size_t prefixes_ = 0, offsets_ = 0, separator_ends_ = 0, heap_ = 0;
};

}  // namespace ouro::engine
