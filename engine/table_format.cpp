#include "engine/table_format.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/block.hpp"
#include "engine/point_read.hpp"

#include <cstring>

namespace ouro::engine {
namespace {

constexpr std::string_view header_magic = "OUROSST\n";
constexpr std::string_view footer_magic = "OUROEND\n";
constexpr std::size_t checksum_size = sizeof(std::uint64_t);
constexpr std::size_t index_head_size = 8;

void put_section(std::string& out, const Section& section) {
  put_fixed<std::uint64_t>(out, section.offset);
  put_fixed<std::uint64_t>(out, section.size);
}

Section read_section(Reader& reader) {
  Section section;
  section.offset = reader.fixed<std::uint64_t>();
  section.size = reader.fixed<std::uint64_t>();
  return section;
}

/// The bytes without the checksum at their end; nothing if it does not match.
std::optional<std::string_view> checked(std::string_view bytes, std::uint64_t seed) {
  if (bytes.size() < checksum_size) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - checksum_size);
  if (load_fixed<std::uint64_t>(body.data() + body.size()) != hash64(body, seed))
    return std::nullopt;
  return body;
}

}  // namespace

std::uint64_t table_seed(std::uint64_t database_id, std::uint64_t number) {
  std::string name;
  put_fixed(name, database_id);
  put_fixed(name, number);
  return hash64(name);
}

std::string encode(const TableHeader& header) {
  std::string out(header_magic);
  put_fixed<std::uint32_t>(out, header.version);
  put_fixed<std::uint32_t>(out, 0);
  put_fixed(out, header.number);
  put_fixed(out, header.database_id);
  put_fixed(out, hash64(out));
  return out;
}

std::optional<TableHeader> decode_table_header(std::string_view bytes) {
  const auto body = checked(bytes, 0);
  if (!body || bytes.size() != table_header_size || !body->starts_with(header_magic))
    return std::nullopt;
  Reader reader(body->substr(header_magic.size()));
  TableHeader header;
  header.version = reader.fixed<std::uint32_t>();
  reader.fixed<std::uint32_t>();
  header.number = reader.fixed<std::uint64_t>();
  header.database_id = reader.fixed<std::uint64_t>();
  return header;
}

std::string encode(const BlockTrailer& trailer, std::string_view payload, std::uint64_t seed) {
  std::string out;
  put_fixed<std::uint8_t>(out, static_cast<std::uint8_t>(trailer.type));
  put_fixed<std::uint8_t>(out, static_cast<std::uint8_t>(trailer.compression));
  put_fixed<std::uint16_t>(out, 0);
  put_fixed<std::uint32_t>(out, trailer.raw_size);
  // The seed of the trailer's hash carries the payload's, so that both need not lie together.
  put_fixed(out, hash64(out, hash64(payload, seed)));
  return out;
}

std::optional<BlockTrailer> decode_block_trailer(std::string_view stored, std::uint64_t seed) {
  if (stored.size() < block_trailer_size) return std::nullopt;
  const std::size_t payload_size = stored.size() - block_trailer_size;
  const std::string_view trailer = stored.substr(payload_size);
  if (!checked(trailer, hash64(stored.substr(0, payload_size), seed))) return std::nullopt;
  Reader reader(trailer);
  const auto type = reader.fixed<std::uint8_t>();
  const auto compression = reader.fixed<std::uint8_t>();
  const auto zero = reader.fixed<std::uint16_t>();
  const auto raw_size = reader.fixed<std::uint32_t>();
  if (type < 1 || type > 4 || compression > 1 || zero != 0) return std::nullopt;
  BlockTrailer result{static_cast<BlockType>(type), static_cast<Compression>(compression),
                      raw_size};
  if (result.compression == Compression::none && raw_size != payload_size) return std::nullopt;
  return result;
}

std::string encode(const Footer& footer, std::uint64_t seed) {
  std::string out(footer_magic);
  put_fixed<std::uint32_t>(out, table_format_version);
  put_fixed<std::uint32_t>(out, 0);
  put_fixed(out, footer.number);
  put_fixed(out, footer.database_id);
  put_section(out, footer.filter);
  put_section(out, footer.index);
  put_section(out, footer.properties);
  for (const std::uint64_t number :
       {footer.entries, footer.removes, footer.blocks, footer.min_sequence, footer.max_sequence})
    put_fixed(out, number);
  put_fixed(out, hash64(out, seed));
  return out;
}

std::optional<Footer> decode_footer(std::string_view bytes, std::uint64_t seed) {
  const auto body = checked(bytes, seed);
  if (!body || bytes.size() != table_footer_size || !body->starts_with(footer_magic))
    return std::nullopt;
  Reader reader(body->substr(footer_magic.size()));
  if (reader.fixed<std::uint32_t>() != table_format_version) return std::nullopt;
  reader.fixed<std::uint32_t>();
  Footer footer;
  footer.number = reader.fixed<std::uint64_t>();
  footer.database_id = reader.fixed<std::uint64_t>();
  footer.filter = read_section(reader);
  footer.index = read_section(reader);
  footer.properties = read_section(reader);
  footer.entries = reader.fixed<std::uint64_t>();
  footer.removes = reader.fixed<std::uint64_t>();
  footer.blocks = reader.fixed<std::uint64_t>();
  footer.min_sequence = reader.fixed<std::uint64_t>();
  footer.max_sequence = reader.fixed<std::uint64_t>();
  if (!reader.finished()) return std::nullopt;
  return footer;
}

void IndexBuilder::add(std::uint64_t offset, const Entry& first, std::string_view previous_last) {
  const std::uint64_t prefix = key_prefix(first.key);
  put_fixed(prefixes_, prefix);
  put_fixed(offsets_, offset);
  if (count_ > 0 && key_prefix(previous_last) == prefix) {
    put_fixed(separators_, first.sequence);
    separators_.append(first.key);
  }
  put_fixed(separator_ends_, static_cast<std::uint32_t>(separators_.size()));
  ++count_;
}

std::string IndexBuilder::finish(std::uint64_t end) const {
  std::string out;
  put_fixed(out, static_cast<std::uint32_t>(count_));
  put_fixed(out, static_cast<std::uint32_t>(separators_.size()));
  out.append(prefixes_).append(offsets_);
  put_fixed(out, end);
  out.append(separator_ends_).append(separators_);
  return out;
}

std::optional<Index> Index::decode(std::string bytes, std::uint64_t begin, std::uint64_t end) {
  Index index;
  index.bytes_ = std::move(bytes);
  if (index.bytes_.size() < index_head_size) return std::nullopt;
  index.count_ = load_fixed<std::uint32_t>(index.bytes_.data());
  index.prefixes_ = index_head_size;
  index.offsets_ = index.prefixes_ + index.count_ * sizeof(std::uint64_t);
  index.separator_ends_ = index.offsets_ + (index.count_ + 1) * sizeof(std::uint64_t);
  index.heap_ = index.separator_ends_ + index.count_ * sizeof(std::uint32_t);
  if (!index.well_formed(begin, end)) return std::nullopt;
  return index;
}

bool Index::well_formed(std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t heap_size = load_fixed<std::uint32_t>(bytes_.data() + sizeof(std::uint32_t));
  if (count_ == 0 || heap_ + heap_size != bytes_.size()) return false;
  if (offset(0) != begin || offset(count_) != end) return false;
  std::uint32_t separators = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (offset(i + 1) <= offset(i) || stored_size(i) < block_trailer_size) return false;
    if (i > 0 && prefix(i) < prefix(i - 1)) return false;
    const auto separator_end =
        load_fixed<std::uint32_t>(bytes_.data() + separator_ends_ + i * sizeof(std::uint32_t));
    if (separator_end < separators || separator_end > heap_size) return false;
    const std::uint32_t size = separator_end - separators;
    if (size > 0 && (i == 0 || size < sizeof(Sequence))) return false;
    separators = separator_end;
  }
  return separators == heap_size;
}

std::uint64_t Index::offset(std::size_t block) const noexcept {
  return load_fixed<std::uint64_t>(bytes_.data() + offsets_ + block * sizeof(std::uint64_t));
}

std::uint64_t Index::prefix(std::size_t block) const noexcept {
  return load_fixed<std::uint64_t>(bytes_.data() + prefixes_ + block * sizeof(std::uint64_t));
}

std::string_view Index::separator(std::size_t block) const noexcept {
  const char* ends = bytes_.data() + separator_ends_;
  const std::uint32_t begin =
      block == 0 ? 0 : load_fixed<std::uint32_t>(ends + (block - 1) * sizeof(std::uint32_t));
  const auto end = load_fixed<std::uint32_t>(ends + block * sizeof(std::uint32_t));
  return {bytes_.data() + heap_ + begin, end - begin};
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

std::size_t Index::find(std::uint64_t prefix_of_key, std::string_view key,
                        Sequence sequence) const noexcept {
  const char* prefixes = bytes_.data() + prefixes_;
  std::size_t low = lower_bound_u64(prefixes, count_, prefix_of_key);
  // Blocks before `low` begin before the key; [low, high) share its prefix and begin in order.
  std::size_t high = low;
  if (low < count_ && prefix(low) == prefix_of_key)
    high = prefix_of_key == UINT64_MAX
               ? count_
               : low + lower_bound_u64(prefixes + low * sizeof(std::uint64_t), count_ - low,
                                       prefix_of_key + 1);
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
