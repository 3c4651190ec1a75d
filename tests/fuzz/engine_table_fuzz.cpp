// A table file from a damaged disk, as it is and with its checksums set right: it must be refused
// or be read and checked from end to end, whatever it is.
#include "base/check.hpp"
#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/file_names.hpp"
#include "engine/table_reader.hpp"
#include "sim/file_system.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace ouro;
using namespace ouro::engine;

constexpr std::uint64_t database_id = 0;
constexpr std::uint64_t number = 1;

// A block's trailer ends with the hash of the rest, seeded with that of the payload.
void seal_block(std::string& file, std::uint64_t offset, std::uint64_t size, std::uint64_t seed) {
  if (size < block_trailer_size || offset > file.size() || size > file.size() - offset) return;
  const std::string_view bytes = std::string_view(file).substr(offset, size);
  const std::string_view payload = bytes.substr(0, size - block_trailer_size);
  const std::string_view trailer = bytes.substr(payload.size(), block_trailer_size - 8);
  store_fixed(file.data() + offset + size - 8, hash64(trailer, hash64(payload, seed ^ offset)));
}

void seal_data_blocks(std::string& file, const Footer& footer, std::uint64_t seed) {
  const Section& section = footer.index;
  if (section.size < block_trailer_size || section.offset > file.size() ||
      section.size > file.size() - section.offset)
    return;
  const auto index = Index::decode(
      std::string_view(file).substr(section.offset, section.size - block_trailer_size),
      table_header_size, footer.filter.offset);
  if (!index) return;
  for (std::size_t i = 0; i < index->count(); ++i)
    seal_block(file, index->offset(i), index->stored_size(i), seed);
}

/// The footer if the file got as far as having one.
std::optional<Footer> seal(std::string& file) {
  if (file.size() < table_header_size + table_footer_size) return std::nullopt;
  const std::uint64_t seed = table_seed(database_id, number);
  store_fixed(file.data() + table_header_size - 8,
              hash64(std::string_view(file).substr(0, table_header_size - 8)));
  const std::size_t at = file.size() - table_footer_size;
  store_fixed(file.data() + file.size() - 8,
              hash64(std::string_view(file).substr(at, table_footer_size - 8), seed));
  const auto footer = decode_footer(std::string_view(file).substr(at), seed);
  if (!footer) return std::nullopt;
  for (const Section& section : {footer->filter, footer->index, footer->properties})
    seal_block(file, section.offset, section.size, seed);
  seal_data_blocks(file, *footer, seed);
  return footer;
}

void use(const TableReader& table) {
  const auto iterator = table.iterator({ReadMode::blocking, false});
  std::string last;
  std::size_t seen = 0;
  for (iterator->seek_to_first(); iterator->valid() && seen < 10'000; iterator->next(), ++seen)
    if (seen % 7 == 0) last = iterator->entry().key;
  for (const std::string_view key : {std::string_view("k"), std::string_view(last)}) {
    if (key.empty()) continue;
    Found found;
    static_cast<void>(table.get(PointRead(key, sequence_max, ReadMode::blocking), found));
    iterator->seek(key, sequence_max);
  }
  VerifyReport report;
  static_cast<void>(table.verify(report));
}

void read_table(const std::string& file, const std::optional<Footer>& footer) {
  sim::FileSystem files;
  ouro::check(files.create_directory("db").has_value());
  ouro::check(files.create(table_path("db", number)).has_value());
  files.overwrite(table_path("db", number), file);
  Options options;
  options.tables = {{.name = "data"}};
  options.memory_bytes = 1 << 16;
  TableStore store(options, files, database_id);
  store.directory = "db";
  FileMeta meta;
  meta.number = number;
  meta.size = file.size();
  meta.smallest = std::string(1, '\0');
  meta.largest = std::string(16, '\xff');
  if (footer) {
    meta.entries = footer->entries;
    meta.min_sequence = footer->min_sequence;
    meta.max_sequence = footer->max_sequence;
  }
  if (const auto table = TableReader::open(store, meta)) use(**table);
  if (const auto table = TableReader::open_damaged(store, meta)) use(**table);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string file(reinterpret_cast<const char*>(data), size);
  read_table(file, std::nullopt);
  const auto footer = seal(file);
  if (footer) read_table(file, footer);
  return 0;
}
