// Dropping ranges of keys, writing them out as files and taking them in.
#include "tests/engine/hooked_file_system.hpp"
#include "tests/engine/range_fixture.hpp"

#include <string>

namespace ouro::engine {
namespace {

struct Fixture {
  sim::FileSystem files;
  HookedFileSystem hooked{files};
  RangeDb source{hooked};

  // Another database, with another identity and other keys than the source.
  std::unique_ptr<RangeDb> other() {
    auto made = std::make_unique<RangeDb>(hooked, "other");
    for (std::uint64_t i = 0; i < 4; ++i) {
      made->put(i, "own");
      made->put(90 + i, "own");
    }
    REQUIRE(made->db->compact_sync());
    return made;
  }
};

TEST_CASE("a dropped range is gone from every level and memtable, and stays gone", "[ranges]") {
  for (const Range& range :
       {Range{key_of(10), key_of(40)}, Range{"", key_of(25)}, Range{key_of(25), ""}, Range{"", ""},
        Range{key_of(7), key_of(8)}, Range{"x", "y"}, Range{key_of(40), key_of(10)}}) {
    CAPTURE(range.start, range.end);
    Fixture f;
    f.source.fill();
    f.source.drop(range);
    f.source.check();
    CHECK(f.source.db.get(1, key_of(5)) == "other table");
    f.files.crash({sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0}, 1);
    REQUIRE(f.source.db.reopen());
    f.source.check();
    REQUIRE(f.source.db->compact_sync());
    f.source.check();
  }
}

TEST_CASE("dropping everything leaves no table file behind", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->drop_range(1, {}));
  f.source.drop({});
  f.source.db.lane.run_all();
  CHECK(f.source.db->stats().table_files == 0);
  CHECK(files_in(f.files, "db", ".sst").empty());
}

TEST_CASE("a dropped range can be written again", "[ranges]") {
  Fixture f;
  f.source.fill();
  f.source.drop({key_of(10), key_of(40)});
  f.source.put(20, "again");
  f.source.check();
  REQUIRE(f.source.db->compact_sync());
  f.source.check();
}

TEST_CASE("a compaction that is half done is finished before a range is dropped", "[ranges]") {
  for (int jobs = 1; jobs < 12; ++jobs) {
    CAPTURE(jobs);
    Fixture f;
    f.source.fill();
    for (int job = 0; job < jobs; ++job) f.source.db.lane.run_one();
    f.source.drop({key_of(10), key_of(40)});
    f.source.check();
    f.source.db.lane.run_all();
    f.source.check();
  }
}

TEST_CASE("what is committed while a range is dropped stays", "[ranges]") {
  for (const bool flush : {false, true}) {
    CAPTURE(flush);
    Fixture f;
    f.source.fill();
    REQUIRE(f.source.db->flush_sync());
    f.hooked.before_create(".sst", [&] {
      REQUIRE(f.source.db.put(0, key_of(20), "during"));
      if (flush) REQUIRE(f.source.db->flush_sync());
    });
    f.source.drop({key_of(10), key_of(40)});
    f.source.model[key_of(20)] = "during";
    f.source.check();
    REQUIRE(f.source.db->compact_sync());
    f.source.check();
  }
}

TEST_CASE("iterators keep a dropped range, snapshots lose it", "[ranges]") {
  Fixture f;
  f.source.fill();
  const Content before = f.source.model;
  const auto snapshot = f.source.db->snapshot();
  const auto iterator = f.source.db->scan(0, {}, {});
  f.source.drop({key_of(10), key_of(40)});
  Content seen;
  for (; iterator->valid(); iterator->next()) seen.emplace(iterator->key(), iterator->value());
  CHECK(iterator->status());
  CHECK(seen == before);
  CHECK(f.source.db.content(0, snapshot.get()) == f.source.model);
}

TEST_CASE("what a snapshot sees outside of a dropped range stays", "[ranges]") {
  Fixture f;
  f.source.fill();
  Content expected = f.source.model;
  const Range range{key_of(10), key_of(40)};
  erase(expected, range);
  const auto snapshot = f.source.db->snapshot();
  for (std::uint64_t i = 0; i < 60; i += 2) f.source.put(i, "later");
  f.source.drop(range);
  REQUIRE(f.source.db->compact_sync());
  CHECK(f.source.db.content(0, snapshot.get()) == expected);
  f.source.check();
}

TEST_CASE("damage inside a dropped range is no hindrance", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->drop_range(1, {}));
  REQUIRE(f.source.db->compact_sync());
  f.source.db.lane.run_all();
  const auto tables = files_in(f.files, "db", ".sst");
  REQUIRE(tables.size() > 2);
  // Damage all, see which one has the key, and mend the others.
  const auto flip_blocks = [&](const std::string& path) {
    for (std::uint64_t offset = 50; offset < *f.files.file_size(path); offset += 50)
      f.files.flip(path, offset);
  };
  for (const std::string& path : tables) flip_blocks(path);
  const std::string answer = f.source.db.get(0, key_of(30));
  for (const std::string& path : tables)
    if (answer.find(path) == std::string::npos) flip_blocks(path);
  REQUIRE_FALSE(f.source.db->verify()->damage.empty());
  f.source.drop({key_of(3), key_of(57)});
  f.source.check();
}

TEST_CASE("an export holds what is alive in its range", "[ranges]") {
  Fixture f;
  f.source.fill();
  const Range range{key_of(10), key_of(40)};
  const auto exported = f.source.db->export_range(0, range, "export");
  REQUIRE(exported);
  const Content expected = part(f.source.model, range);
  CHECK(exported->entries == expected.size());
  const auto tables = files_in(f.files, "export", ".sst");
  CHECK(exported->files == tables.size());
  CHECK(exported->files > 1);
  std::uint64_t bytes = 0;
  for (const std::string& table : tables) bytes += *f.files.file_size(table);
  CHECK(exported->bytes == bytes);

  const auto target = f.other();
  // Nothing of it needs the source.
  f.files.crash({sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0}, 1);
  REQUIRE(target->db.reopen());
  const auto taken = target->db->ingest(0, "export");
  REQUIRE(taken);
  CHECK(taken->entries == expected.size());
  CHECK(taken->files == exported->files);
  CHECK(taken->bytes == exported->bytes);
  target->model.insert(expected.begin(), expected.end());
  target->check();
  f.files.crash({sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0}, 1);
  REQUIRE(target->db.reopen());
  target->check();
  REQUIRE(target->db->compact_sync());
  target->check();
}

TEST_CASE("an export of a snapshot holds what the snapshot sees", "[ranges]") {
  Fixture f;
  f.source.fill();
  const Content expected = f.source.model;
  const auto snapshot = f.source.db->snapshot();
  for (std::uint64_t i = 0; i < 60; ++i) f.source.put(i, "later");
  REQUIRE(f.source.db->export_range(0, {}, "export", {.snapshot = snapshot.get()}));
  RangeDb target(f.files, "new");
  REQUIRE(target.db->ingest(0, "export"));
  CHECK(target.db.content(0) == expected);
}

TEST_CASE("an empty range makes an empty export, which brings nothing", "[ranges]") {
  Fixture f;
  const auto exported = f.source.db->export_range(0, {"x", "y"}, "export");
  REQUIRE(exported);
  CHECK(exported->files == 0);
  const auto target = f.other();
  REQUIRE(target->db->ingest(0, "export"));
  target->check();
}

TEST_CASE("an export needs a new place", "[ranges]") {
  Fixture f;
  REQUIRE(f.source.db->export_range(0, {}, "export"));
  CHECK(code_of(f.source.db->export_range(0, {}, "export")) == ErrorCode::exists);
  CHECK(code_of(f.source.db->export_range(0, {}, "db")) == ErrorCode::exists);
  CHECK(code_of(f.source.db->export_range(7, {}, "new")) == ErrorCode::invalid_argument);
}

TEST_CASE("a database is no export and an export no database", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->export_range(0, {}, "export"));
  const auto target = f.other();
  CHECK(code_of(target->db->ingest(0, "db")) == ErrorCode::not_found);
  CHECK(code_of(target->db->ingest(0, "nowhere")) == ErrorCode::not_found);
  TestDb opened(f.files, small_options("export"));
  CHECK(code_of(opened.open()) == ErrorCode::corruption);
}

TEST_CASE("what lies in an export's range keeps it out, be it a removal", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->export_range(0, {key_of(10), key_of(40)}, "export"));
  for (const bool flush : {false, true}) {
    const auto target = std::make_unique<RangeDb>(f.files, flush ? "flushed" : "in memory");
    REQUIRE(target->db.remove(0, key_of(20)));
    if (flush) REQUIRE(target->db->flush_sync());
    const auto refused = target->db->ingest(0, "export");
    REQUIRE(code_of(refused) == ErrorCode::exists);
    CHECK(refused.error().message.find("\"k110\" to \"k139\"") != std::string::npos);
    CHECK(refused.error().message.find("\"k120\"") != std::string::npos);
    target->check();
    target->drop({key_of(10), key_of(40)});
    REQUIRE(target->db->ingest(0, "export"));
    target->model = part(f.source.model, {key_of(10), key_of(40)});
    target->check();
  }
}

TEST_CASE("what is committed during an ingest is newer than what it brings", "[ranges]") {
  for (const bool flush : {false, true}) {
    CAPTURE(flush);
    Fixture f;
    f.source.fill();
    REQUIRE(f.source.db->export_range(0, {key_of(10), key_of(40)}, "export"));
    const auto target = f.other();
    f.hooked.before_create(".sst", [&] {
      REQUIRE(target->db.put(0, key_of(12), "during"));
      REQUIRE(target->db.remove(0, key_of(15)));
      if (flush) REQUIRE(target->db->flush_sync());
    });
    REQUIRE(target->db->ingest(0, "export"));
    const Content brought = part(f.source.model, {key_of(10), key_of(40)});
    target->model.insert(brought.begin(), brought.end());
    target->model[key_of(12)] = "during";
    target->model.erase(key_of(15));
    target->check();
    target->put(30, "after");
    REQUIRE(target->db->compact_sync());
    target->check();
  }
}

TEST_CASE("a database with nothing in it can begin with an export", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->export_range(0, {}, "export"));
  RangeDb target(f.files, "new");
  REQUIRE(target.db->ingest(0, "export"));
  target.model = f.source.model;
  target.check();
  REQUIRE(target.db->export_range(0, {}, "second"));
  target.put(10, "newer");
  target.remove(12);
  REQUIRE(target.db.reopen());
  target.check();
}

TEST_CASE("any flipped byte of an export is found, and nothing is taken in", "[ranges]") {
  Fixture f;
  for (std::uint64_t i = 0; i < 12; ++i) f.source.put(i, "value" + std::to_string(i));
  REQUIRE(f.source.db->export_range(0, {}, "export"));
  RangeDb target(f.files, "new");
  for (const std::string& name : *f.files.list("export")) {
    const std::string path = "export/" + name;
    for (std::uint64_t offset = 0; offset < *f.files.file_size(path); ++offset) {
      CAPTURE(path, offset);
      f.files.flip(path, offset);
      const auto refused = target.db->ingest(0, "export");
      REQUIRE_FALSE(refused);
      REQUIRE((refused.error().code == ErrorCode::corruption ||
               refused.error().code == ErrorCode::unsupported));
      REQUIRE(refused.error().message.find(path) != std::string::npos);
      f.files.flip(path, offset);
    }
  }
  target.check();
  REQUIRE(target.db->ingest(0, "export"));
}

TEST_CASE("an export with a file cut short or missing is refused", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->export_range(0, {}, "export"));
  const auto target = f.other();
  for (const std::string& name : *f.files.list("export")) {
    const std::string path = "export/" + name;
    const std::string whole = f.files.bytes(path);
    for (const std::size_t size : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
      CAPTURE(path, size);
      f.files.truncate(path, size);
      const auto refused = target->db->ingest(0, "export");
      REQUIRE(code_of(refused) == ErrorCode::corruption);
      REQUIRE(refused.error().message.find(path) != std::string::npos);
      f.files.overwrite(path, whole);
    }
  }
  REQUIRE(f.files.remove(files_in(f.files, "export", ".sst").back()));
  CHECK(code_of(target->db->ingest(0, "export")) == ErrorCode::corruption);
  target->check();
}

TEST_CASE("an export goes only into a table of the same order", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->export_range(0, {}, "export"));
  Options options = small_options("tokens");
  options.tables[0].token_order = true;
  TestDb target(f.files, options);
  REQUIRE(target.open());
  CHECK(code_of(target->ingest(0, "export")) == ErrorCode::invalid_argument);
  CHECK(target->ingest(1, "export"));
  CHECK(target.content(1) == f.source.model);
}

TEST_CASE("a failed database drops and takes in nothing", "[ranges]") {
  Fixture f;
  f.source.fill();
  REQUIRE(f.source.db->export_range(0, {}, "export"));
  f.files.fail_when([](sim::Operation operation, const std::string& path) {
    return operation == sim::Operation::sync && path.ends_with(".wal")
               ? std::optional(ErrorCode::io)
               : std::nullopt;
  });
  REQUIRE_FALSE(f.source.db.put(0, "x", "y"));
  f.files.fail_when(nullptr);
  CHECK(code_of(f.source.db->drop_range(0, {})) == ErrorCode::closed);
  CHECK(code_of(f.source.db->ingest(0, "export")) == ErrorCode::closed);
  CHECK(f.source.db->export_range(0, {}, "second"));
}

}  // namespace
}  // namespace ouro::engine
