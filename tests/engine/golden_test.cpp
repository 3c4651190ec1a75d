// Databases as earlier builds wrote them: does this build read them to the last byte?
//
// tests/golden has a directory for each pair of format versions, made once by the hidden test below
// and then never changed. In each there are two databases and, as text, what they hold.
#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/file_names.hpp"
#include "engine/inspect.hpp"
#include "engine/printable.hpp"
#include "engine/table_format.hpp"
#include "engine/wal_format.hpp"
#include "tests/engine/db_fixture.hpp"
#include "tests/engine/golden_path.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace ouro::engine {
namespace {

namespace fs = std::filesystem;

const char* const variants[] = {"flushed", "unflushed"};

Options golden_options() {
  Options options = small_options();
  options.tables = {{.name = "tokens", .token_order = true},
                    {.name = "bytes", .token_order = false},
                    {.name = "empty", .token_order = false}};
  options.identity = 20260101;
  options.memtable_bytes = 32 * 1024;
  options.memory_bytes = 512 * 1024;
  options.level0_runs_max = 4;  // runs stay in level 0
  return options;
}

fs::path directory_of_this_version() {
  return fs::path(GOLDEN_DIRECTORY) / ("engine-log" + std::to_string(log_format_version) +
                                       "-table" + std::to_string(table_format_version));
}

// Keys of the token table: 8 bytes that are spread evenly, then a name.
std::string token_key(unsigned i) {
  std::string key;
  put_big64(key, hash64(std::to_string(i)));
  return key + "name" + std::to_string(i);
}

void write_some(TestDb& db, unsigned round) {
  for (unsigned i = round * 20; i < round * 20 + 30; ++i) {
    Batch batch;
    batch.put(0, token_key(i), "round " + std::to_string(round) + std::string(i % 50, 'v'));
    batch.put(1, "key" + std::to_string(i), std::string(1, static_cast<char>(i)) + "\xff\0\n");
    if (i % 7 == 0) batch.remove(1, "key" + std::to_string(i / 2));
    REQUIRE(db->commit_sync(std::move(batch), Durability::disk));
  }
}

// Files of every kind: tables of several levels, removes, an entry larger than a block, and for the
// unflushed one a log of several frames.
void make(sim::FileSystem& files, const std::string& variant) {
  TestDb db(files, golden_options());
  REQUIRE(db.open());
  write_some(db, 0);
  REQUIRE(db.put(1, "large", std::string(3000, 'L')));
  REQUIRE(db->compact_sync());
  write_some(db, 1);
  REQUIRE(db->flush_sync());
  if (variant == "unflushed") write_some(db, 2);
  db.lane.run_all();
  files.end_process();
}

void print(std::string& text, const std::string& table, const std::string& key,
           const std::string& value) {
  text += table + "\t" + printable(key) + "\t" + printable(value) + "\n";
}

// In the form of `ouro engine dump`.
std::string content_when_open(sim::FileSystem& files) {
  TestDb db(files, golden_options());
  const Status opened = db.open();
  INFO((opened ? std::string() : to_string(opened.error())));
  REQUIRE(opened);
  std::string text;
  const Options options = golden_options();
  for (std::size_t i = 0; i < options.tables.size(); ++i)
    for (const auto& [key, value] : db.content(static_cast<TableId>(i)))
      print(text, options.tables[i].name, key, value);
  return text;
}

std::string content_when_inspected(sim::FileSystem& files) {
  const auto inspector = Inspector::open(files, "db");
  INFO((inspector ? std::string() : to_string(inspector.error())));
  REQUIRE(inspector);
  std::string text;
  const auto& tables = (*inspector)->state().tables;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto it = (*inspector)->scan(static_cast<TableId>(i), {});
    for (; it->valid(); it->next())
      print(text, tables[i].name, std::string(it->key()), std::string(it->value()));
    REQUIRE(it->status());
  }
  return text;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  REQUIRE(file.flush());
}

// A copy on a simulated disk, as `db`.
void load(const fs::path& directory, sim::FileSystem& files) {
  REQUIRE(files.create_directory("db"));
  for (const auto& entry : fs::directory_iterator(directory)) {
    auto file = files.create("db/" + entry.path().filename().string());
    REQUIRE(file);
    REQUIRE((*file)->append(read(entry.path())));
    REQUIRE((*file)->sync());
  }
  REQUIRE(files.sync_directory("db"));
}

void check_reads(sim::FileSystem& files, const std::string& expected) {
  CHECK(content_when_inspected(files) == expected);
  CHECK(content_when_open(files) == expected);
  CHECK(content_when_open(files) == expected);  // what the first open made of it
}

TEST_CASE("golden databases of every version are read back exactly", "[engine][golden]") {
  if (!fs::exists(GOLDEN_DIRECTORY)) return;
  REQUIRE(fs::exists(directory_of_this_version()));
  for (const auto& version : fs::directory_iterator(GOLDEN_DIRECTORY)) {
    if (!version.is_directory()) continue;
    for (const std::string variant : variants) {
      CAPTURE(version.path().string(), variant);
      sim::FileSystem files;
      load(version.path() / variant, files);
      check_reads(files, read(version.path() / (variant + ".txt")));
    }
  }
}

TEST_CASE("what would become golden files has every kind of file and reads back",
          "[engine][golden]") {
  for (const std::string variant : variants) {
    CAPTURE(variant);
    sim::FileSystem files;
    make(files, variant);
    std::set<FileKind> kinds;
    for (const std::string& name : *files.list("db"))
      if (const auto file = parse_file_name(name)) kinds.insert(file->kind);
    CHECK(kinds.contains(FileKind::log));
    CHECK(kinds.contains(FileKind::table));
    CHECK(kinds.contains(FileKind::manifest));
    CHECK(kinds.contains(FileKind::current));
    const auto inspector = Inspector::open(files, "db");
    REQUIRE(inspector);
    CHECK(((*inspector)->logged_changes() > 0) == (variant == "unflushed"));
    std::set<unsigned> levels;
    for (const auto& [number, file] : (*inspector)->state().files) levels.insert(file.level);
    CHECK(levels.size() > 1);
    files.end_process();
    const std::string expected = content_when_inspected(files);
    CHECK(expected.size() > 3000);
    files.end_process();
    check_reads(files, expected);
  }
}

TEST_CASE("write the golden files of this version", "[.golden-write]") {
  // A filter that only excludes runs hidden tests too.
  if (std::getenv("OURO_WRITE_GOLDEN") == nullptr) return;
  const fs::path directory = directory_of_this_version();
  INFO(directory.string());
  // What was released is kept as it was: only a new version gets new files.
  REQUIRE_FALSE(fs::exists(directory));
  for (const std::string variant : variants) {
    sim::FileSystem files;
    make(files, variant);
    fs::create_directories(directory / variant);
    for (const std::string& name : *files.list("db")) {
      const auto file = parse_file_name(name);
      if (!file || file->kind == FileKind::lock || file->kind == FileKind::temporary) continue;
      write(directory / variant / name, files.bytes("db/" + name));
    }
    write(directory / (variant + ".txt"), content_when_inspected(files));
  }
}

}  // namespace
}  // namespace ouro::engine
