// What an open does with damage, with leftovers and with formats of the future.
#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/file_names.hpp"
#include "engine/manifest.hpp"
#include "engine/wal_format.hpp"
#include "tests/engine/db_fixture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {
namespace {

constexpr sim::CrashPolicy harsh{sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0};

struct Fixture {
  sim::FileSystem files;
  TestDb db{files};
  Fixture() { REQUIRE(db.open()); }

  std::vector<std::string> paths_ending(const std::string& suffix) {
    std::vector<std::string> found;
    for (const std::string& name : *files.list("db"))
      if (name.ends_with(suffix)) found.push_back("db/" + name);
    return found;
  }
  std::string manifest() {
    for (const std::string& name : *files.list("db"))
      if (name.starts_with("manifest-")) return "db/" + name;
    return "";
  }
  // Ends the process without closing, so that the log stays as it is.
  void kill() { files.end_process(); }
  Error open_error() {
    TestDb next(files);
    const Status opened = next.open();
    REQUIRE_FALSE(opened);
    return opened.error();
  }
};

TEST_CASE("each durability survives what it promises to", "[engine]") {
  for (const Durability durability : {Durability::memory, Durability::os, Durability::disk}) {
    Fixture f;
    Batch batch;
    batch.put(0, "k", "v");
    REQUIRE(f.db->commit_sync(std::move(batch), durability));
    const auto crashed = f.files.after_crash(harsh, 1);
    TestDb after_crash(*crashed);
    REQUIRE(after_crash.open());
    if (durability == Durability::disk) CHECK(after_crash.get(0, "k") == "v");
    f.kill();
    TestDb after_kill(f.files);
    REQUIRE(after_kill.open());
    if (durability != Durability::memory) CHECK(after_kill.get(0, "k") == "v");
  }
}

TEST_CASE("a clean close makes everything durable", "[engine]") {
  Fixture f;
  Batch batch;
  batch.put(0, "k", "v");
  REQUIRE(f.db->commit_sync(std::move(batch), Durability::memory));
  f.db.close();
  f.files.crash(harsh, 1);
  REQUIRE(f.db.open());
  CHECK(f.db.get(0, "k") == "v");
}

TEST_CASE("damage anywhere in a closed database is found or does no harm", "[engine]") {
  Fixture f;
  for (int i = 0; i < 15; ++i) REQUIRE(f.db.put(0, "k" + std::to_string(i), std::string(50, 'v')));
  REQUIRE(f.db->flush_sync());
  for (int i = 0; i < 10; ++i) REQUIRE(f.db.put(1, "k" + std::to_string(i), std::string(50, 'w')));
  const Content expected[2] = {f.db.content(0), f.db.content(1)};
  f.db.close();
  for (const std::string& name : *f.files.list("db")) {
    if (name == "LOCK") continue;
    const std::string path = "db/" + name;
    const std::size_t size = f.files.bytes(path).size();
    for (std::uint64_t at = 0; at < size; at += 3) {
      CAPTURE(path, at);
      const auto copy =
          f.files.after_crash({sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0}, 1);
      copy->flip(path, at, 16);
      TestDb db(*copy);
      const Status opened = db.open();
      if (!opened) {
        REQUIRE(opened.error().code == ErrorCode::corruption);
        // A lost last edit shows in the files it was about.
        if (!name.starts_with("manifest"))
          REQUIRE(opened.error().message.find(name) != std::string::npos);
        continue;
      }
      for (TableId table = 0; table < 2; ++table) {
        const Content content = db.content(table);
        if (content.contains("error"))
          REQUIRE(content.at("error").find(name) != std::string::npos);
        else
          REQUIRE(content == expected[table]);
      }
    }
  }
}

TEST_CASE("a lost file is missed by name", "[engine]") {
  Fixture f;
  // The log of several segments cannot be flushed, so that all of them count.
  f.files.fail_when([](sim::Operation operation, const std::string& path) {
    return operation == sim::Operation::create && path.ends_with(".sst")
               ? std::optional(ErrorCode::no_space)
               : std::nullopt;
  });
  for (int i = 0; i < 12; ++i) REQUIRE(f.db.put(0, "k" + std::to_string(i), std::string(600, 'v')));
  f.kill();
  const auto segments = f.paths_ending(".wal");
  REQUIRE(segments.size() > 2);
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    const auto copy = f.files.after_crash(harsh, 1);
    REQUIRE(copy->remove(segments[i]));
    TestDb db(*copy);
    const Status opened = db.open();
    REQUIRE(code_of(opened) == ErrorCode::corruption);
    CHECK(opened.error().message.find(segments[i]) != std::string::npos);
  }
  f.files.fail_when(nullptr);
  TestDb db(f.files);
  REQUIRE(db.open());
  CHECK(db.content(0).size() == 12);
  db.close();
  const auto tables = f.paths_ending(".sst");
  REQUIRE_FALSE(tables.empty());
  REQUIRE(f.files.remove(tables[0]));
  CHECK(f.open_error().message.find(tables[0]) != std::string::npos);
}

TEST_CASE("a segment cut before the place where its successor was begun is corruption",
          "[engine]") {
  Fixture f;
  f.files.fail_when([](sim::Operation operation, const std::string& path) {
    return operation == sim::Operation::create && path.ends_with(".sst")
               ? std::optional(ErrorCode::no_space)
               : std::nullopt;
  });
  for (int i = 0; i < 12; ++i) REQUIRE(f.db.put(0, "k" + std::to_string(i), std::string(600, 'v')));
  f.kill();
  f.files.fail_when(nullptr);
  const auto segments = f.paths_ending(".wal");
  REQUIRE(segments.size() > 2);
  f.files.truncate(segments[0], f.files.bytes(segments[0]).size() - 8);
  const Error error = f.open_error();
  CHECK(error.code == ErrorCode::corruption);
  CHECK(error.message.find(segments[0]) != std::string::npos);
}

TEST_CASE("without CURRENT a directory with data is not taken for a new one", "[engine]") {
  Fixture f;
  REQUIRE(f.db.put(0, "k", "v"));
  f.kill();
  REQUIRE(f.files.remove("db/CURRENT"));
  CHECK(f.open_error().code == ErrorCode::corruption);
}

TEST_CASE("an error while reading is an error, not an empty database", "[engine]") {
  Fixture f;
  REQUIRE(f.db.put(0, "k", "v"));
  f.kill();
  for (const std::string suffix : {".wal", "CURRENT"}) {
    f.files.fail_when([suffix](sim::Operation operation, const std::string& path) {
      return operation == sim::Operation::read && path.ends_with(suffix)
                 ? std::optional(ErrorCode::io)
                 : std::nullopt;
    });
    CHECK(f.open_error().code == ErrorCode::io);
  }
  f.files.fail_when(nullptr);
  TestDb db(f.files);
  REQUIRE(db.open());
  CHECK(db.get(0, "k") == "v");
}

// Gives a log another version and a header that is right apart from that.
void make_newer(sim::FileSystem& files, const std::string& path, std::uint64_t number) {
  std::string bytes = files.bytes(path);
  store_fixed(bytes.data() + 8, log_format_version + 1);
  const std::uint64_t seed = number * 0x9e3779b97f4a7c15;
  store_fixed(bytes.data() + log_header_size - 8,
              hash64(std::string_view(bytes).substr(0, log_header_size - 8), seed));
  files.overwrite(path, bytes);
}

TEST_CASE("a newer format is refused and left alone", "[engine]") {
  for (const bool manifest : {false, true}) {
    Fixture f;
    REQUIRE(f.db.put(0, "k", "v"));
    f.kill();
    const std::string path = manifest ? f.manifest() : f.paths_ending(".wal")[0];
    make_newer(f.files, path, parse_file_name(path.substr(3))->number);
    const auto before = *f.files.list("db");
    const Error error = f.open_error();
    CHECK(error.code == ErrorCode::unsupported);
    CHECK(error.message.find(path) != std::string::npos);
    CHECK(*f.files.list("db") == before);
  }
}

TEST_CASE("edits keep what they say, and tags of the future are told apart", "[engine]") {
  ManifestEdit edit;
  edit.tables = {{.name = "t", .token_order = true}};
  edit.log_number = 3;
  edit.next_file_number = 900;
  edit.last_sequence = 77;
  edit.files.removed = {5, 6};
  FileMeta file;
  file.number = 8;
  file.size = 1000;
  file.entries = 3;
  file.min_sequence = 70;
  file.max_sequence = 77;
  file.smallest = "a";
  file.largest = "b";
  edit.files.added = {file};
  const std::string bytes = encode(edit);
  const auto decoded = decode_manifest_edit(bytes);
  REQUIRE(decoded);
  CHECK(encode(*decoded) == bytes);
  CHECK(decoded->files.added == edit.files.added);
  CHECK(decoded->files.removed == edit.files.removed);
  CHECK(decoded->tables[0].token_order);
  CHECK(hash64(bytes) == 0x26fe1474ae8aeda6);

  std::string ignorable = bytes;
  put_fixed(ignorable, std::uint32_t{0x80000063});
  put_sized(ignorable, "whatever");
  CHECK(decode_manifest_edit(ignorable));
  std::string binding = bytes;
  put_fixed(binding, std::uint32_t{0x63});
  put_sized(binding, "whatever");
  CHECK(code_of(decode_manifest_edit(binding)) == ErrorCode::unsupported);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    // A cut between two records is a shorter edit; anywhere else it is damage.
    const auto cut = decode_manifest_edit(std::string_view(bytes).substr(0, size));
    if (cut) CHECK(encode(*cut) == bytes.substr(0, size));
  }
}

}  // namespace
}  // namespace ouro::engine
