#include "engine/db.hpp"
#include "engine/table_format.hpp"
#include "tests/engine/table_fixture.hpp"

namespace ouro::engine {
namespace {

Options tiny() {
  Options options;
  options.block_bytes = 120;
  options.memory_bytes = 0;
  return options;
}

std::vector<Item> sample() {
  std::vector<Item> items;
  for (int i = 10; i < 25; ++i) {
    items.push_back(put("key" + std::to_string(i), 100 + static_cast<Sequence>(i),
                        std::string(60, static_cast<char>('a' + i % 3))));
    items.push_back(removed("key" + std::to_string(i), static_cast<Sequence>(i)));
  }
  return items;
}

ErrorCode code_of_open(Tables& tables, const FileMeta& meta) {
  const auto reader = TableReader::open(tables.store, meta);
  REQUIRE(!reader);
  CHECK(reader.error().message.find(tables.path(meta.number)) != std::string::npos);
  return reader.error().code;
}

/// Whether all that a damaged table says is either true or an error.
bool honest(Tables& tables, const FileMeta& meta, const std::vector<Item>& items) {
  const auto opened = TableReader::open(tables.store, meta);
  if (!opened) return opened.error().code == ErrorCode::corruption;
  const TableReader& table = **opened;
  for (const Item& item : items)
    for (const Sequence at_most : {Sequence{5}, item.sequence}) {
      Found found;
      const Status status = table.get(PointRead(item.key, at_most, ReadMode::blocking), found);
      if (!status) {
        if (status.error().code != ErrorCode::corruption) return false;
        continue;
      }
      const auto expected = newest(items, item.key, at_most);
      if (expected.has_value() != (found.kind != Found::Kind::none)) return false;
      if (expected && (found.sequence != expected->sequence ||
                       (expected->kind == EntryKind::put && found.value.view() != expected->value)))
        return false;
    }
  const auto iterator = table.iterator({ReadMode::blocking, false});
  std::size_t seen = 0;
  for (iterator->seek_to_first(); iterator->valid(); iterator->next(), ++seen)
    if (seen >= items.size() || item_of(iterator->entry()) != items[seen]) return false;
  if (iterator->status() && seen != items.size()) return false;
  VerifyReport report;
  // Nothing that changed may go unnoticed when everything is checked.
  return table.verify(report) && !report.damage.empty();
}

TEST_CASE("a flipped bit anywhere in a table never changes an answer, and verify finds it") {
  Tables tables(tiny());
  const auto items = sample();
  const FileMeta meta = tables.write(items);
  const std::string path = tables.path(meta.number);
  for (std::uint64_t offset = 0; offset < meta.size; ++offset) {
    const auto mask = static_cast<std::uint8_t>(offset % 3 == 0 ? 0xff : 1u << offset % 8);
    tables.files.flip(path, offset, mask);
    const bool good = honest(tables, meta, items);
    tables.files.flip(path, offset, mask);
    CAPTURE(offset);
    REQUIRE(good);
  }
  VerifyReport report;
  REQUIRE(tables.open(meta)->verify(report));
  CHECK(report.damage.empty());
  CHECK(report.files == 1);
  CHECK(report.entries == items.size());
  CHECK(report.blocks > 5);
}

TEST_CASE("damage is named by file and offset") {
  Tables tables(tiny());
  const FileMeta meta = tables.write(sample());
  tables.files.flip(tables.path(meta.number), table_header_size + 3);
  Found found;
  const Status status = tables.open(meta)->get(PointRead("key10", 999, ReadMode::blocking), found);
  REQUIRE(!status);
  CHECK(status.error().code == ErrorCode::corruption);
  CHECK(status.error().message.find(tables.path(meta.number) + " at 40") != std::string::npos);
}

TEST_CASE("a file cut at any length is refused") {
  Tables tables(tiny());
  const FileMeta meta = tables.write(sample());
  const std::string path = tables.path(meta.number);
  const std::string whole = tables.files.bytes(path);
  for (std::uint64_t size = 0; size < meta.size; size += 7) {
    tables.files.overwrite(path, whole.substr(0, size));
    CHECK(code_of_open(tables, meta) == ErrorCode::corruption);
    // Even if the manifest believes in the length.
    FileMeta believing = meta;
    believing.size = size;
    CHECK(code_of_open(tables, believing) == ErrorCode::corruption);
  }
  tables.files.overwrite(path, whole + whole.substr(whole.size() - 128));
  CHECK(code_of_open(tables, meta) == ErrorCode::corruption);
}

TEST_CASE("a file in another's place is refused") {
  Tables tables(tiny());
  const FileMeta first = tables.write(sample());
  const FileMeta second = tables.write(sample());
  REQUIRE(first.size == second.size);
  tables.files.overwrite(tables.path(second.number), tables.files.bytes(tables.path(first.number)));
  CHECK(code_of_open(tables, second) == ErrorCode::corruption);
}

TEST_CASE("a file of another database is refused") {
  Tables tables(tiny());
  const FileMeta meta = tables.write(sample());
  tables.store.database_id ^= 1;
  CHECK(code_of_open(tables, meta) == ErrorCode::corruption);
}

TEST_CASE("a block from another place or file does not verify") {
  Tables tables(tiny());
  const FileMeta first = tables.write(sample());
  auto items = sample();
  for (Item& item : items) item.key[2] = 'z';
  const FileMeta second = tables.write(items);
  REQUIRE(first.size == second.size);
  std::string bytes = tables.files.bytes(tables.path(first.number));
  // The header stays, the first data blocks come from the other file.
  bytes.replace(table_header_size, 400,
                tables.files.bytes(tables.path(second.number)).substr(table_header_size, 400));
  tables.files.overwrite(tables.path(first.number), bytes);
  CHECK(honest(tables, first, sample()));
  Found found;
  CHECK(!tables.open(first)->get(PointRead("key10", 999, ReadMode::blocking), found));
}

TEST_CASE("a manifest that tells other counts or sequences is contradicted") {
  Tables tables(tiny());
  const FileMeta meta = tables.write(sample());
  FileMeta other = meta;
  ++other.entries;
  CHECK(code_of_open(tables, other) == ErrorCode::corruption);
  other = meta;
  --other.min_sequence;
  CHECK(code_of_open(tables, other) == ErrorCode::corruption);
  other = meta;
  other.largest = "key99";
  VerifyReport report;
  REQUIRE(tables.open(other)->verify(report));
  CHECK(!report.damage.empty());
}

TEST_CASE("a newer format version is refused by name") {
  Tables tables(tiny());
  const FileMeta meta = tables.write(sample());
  const std::string path = tables.path(meta.number);
  std::string bytes = tables.files.bytes(path);
  TableHeader header;
  header.version = table_format_version + 1;
  header.number = meta.number;
  header.database_id = tables.store.database_id;
  bytes.replace(0, table_header_size, encode(header));
  tables.files.overwrite(path, bytes);
  CHECK(code_of_open(tables, meta) == ErrorCode::unsupported);
}

TEST_CASE("a missing file is an error that names it") {
  Tables tables;
  FileMeta meta = tables.write(sample());
  REQUIRE(tables.files.remove(tables.path(meta.number)));
  CHECK(code_of_open(tables, meta) == ErrorCode::not_found);
}

// Bytes written by an earlier build must stay readable: a change here is a change of the format.
TEST_CASE("a table's bytes are the same for ever") {
  Options options;
  options.tables = {{"data", true}};
  options.compress = false;  // releases of LZ4 differ in what they make of the same bytes
  Tables tables(options);
  const FileMeta meta = tables.write(
      {put("apple", 3, "red"), removed("apple", 2), put("banana", 1, std::string(200, 'y'))});
  CHECK(meta.size == 722);
  CHECK(meta.checksum == 10486770864286721713u);
}

}  // namespace
}  // namespace ouro::engine
