#include "engine/table_format.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"

namespace ouro::engine {
namespace {

constexpr std::string_view header_magic = "OUROSST\n";
constexpr std::string_view footer_magic = "OUROEND\n";
constexpr std::size_t checksum_size = sizeof(std::uint64_t);

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

}  // namespace ouro::engine
