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

constexpr std::uint32_t table_format_version = 2;
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

}  // namespace ouro::engine
