// Checkpoints: copies that stand by themselves.
#include "tests/engine/hooked_file_system.hpp"
#include "tests/engine/range_fixture.hpp"

#include <string>

namespace ouro::engine {
namespace {

const sim::CrashPolicy harsh{sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0};

// Batch i writes i under two keys in two tables: a state tells which batch it ends with.
void write(TestDb& db, std::uint64_t number) {
  Batch batch;
  batch.put(0, "last", std::to_string(number));
  batch.put(1, "last", std::to_string(number));
  batch.put(0, "batch" + std::to_string(number), "x");
  REQUIRE(db->commit_sync(std::move(batch), Durability::os));
}

// Which batch a database ends with; fails the test unless it holds exactly those up to it.
std::uint64_t last_of(TestDb& db) {
  const Content content = db.content(0);
  const std::uint64_t last = std::stoull(content.at("last"));
  REQUIRE(db.get(1, "last") == std::to_string(last));
  REQUIRE(content.size() == last + 1);
  return last;
}

TEST_CASE("a checkpoint taken during writes holds a prefix of them", "[checkpoint]") {
  for (const std::string moment : {".sst", "copy/", "copy/manifest-", "copy/CURRENT"}) {
    CAPTURE(moment);
    sim::FileSystem files;
    HookedFileSystem hooked(files);
    TestDb db(hooked);
    REQUIRE(db.open());
    std::uint64_t number = 0;
    while (number < 100) write(db, ++number);
    db.lane.run_all();
    hooked.before_create(moment, [&] {
      // So few that they need no flush, which might be what is under way.
      for (int i = 0; i < 3; ++i) write(db, ++number);
    });
    REQUIRE(db->checkpoint("copy"));
    for (int i = 0; i < 20; ++i) write(db, ++number);
    files.crash(harsh, 1);
    TestDb copy(files, small_options("copy"));
    REQUIRE(copy.open());
    const std::uint64_t last = last_of(copy);
    CHECK(last >= 100);
    CHECK(last < number);
    check_whole(copy);
  }
}

TEST_CASE("a checkpoint has no log of the original", "[checkpoint]") {
  sim::FileSystem files;
  RangeDb original(files);
  original.fill();
  REQUIRE(original.db->checkpoint("copy"));
  const auto logs = files_in(files, "copy", ".wal");
  REQUIRE(logs.size() == 1);
  for (const std::string& log : files_in(files, "db", ".wal"))
    CHECK(log.substr(2) != logs.front().substr(4));
  // A header: no bytes that somebody might still be appending to.
  CHECK(*files.file_size(logs.front()) == 80);
}

TEST_CASE("a checkpoint outlives the original", "[checkpoint]") {
  sim::FileSystem files;
  RangeDb original(files);
  original.fill();
  REQUIRE(original.db->checkpoint("copy"));
  const Content expected = original.model;
  for (std::uint64_t i = 0; i < 60; ++i) original.put(i, "later");
  REQUIRE(original.db->compact_sync());
  original.drop({});
  original.db.close();
  for (const std::string& name : *files.list("db")) REQUIRE(files.remove("db/" + name));
  REQUIRE(files.sync_directory("db"));
  files.crash(harsh, 1);
  RangeDb copy(files, "copy");
  copy.model = expected;
  copy.check();
  copy.put(1, "own");
  REQUIRE(copy.db->compact_sync());
  copy.check();
}

TEST_CASE("damage to the original's log and manifest does not reach a checkpoint", "[checkpoint]") {
  sim::FileSystem files;
  RangeDb original(files);
  original.fill();
  REQUIRE(original.db->checkpoint("copy"));
  const Content expected = original.model;
  original.put(1, "later");
  original.db.close();
  for (const std::string& name : *files.list("db"))
    if (!name.ends_with(".sst")) files.overwrite("db/" + name, "damaged");
  REQUIRE_FALSE(original.db.open());
  RangeDb copy(files, "copy");
  copy.model = expected;
  copy.check();
}

TEST_CASE("a checkpoint holds what was taken in and not what was dropped", "[checkpoint]") {
  sim::FileSystem files;
  RangeDb original(files);
  original.fill();
  REQUIRE(original.db->export_range(0, {key_of(20), key_of(30)}, "export"));
  const Content brought = part(original.model, {key_of(20), key_of(30)});
  original.drop({key_of(10), key_of(40)});
  REQUIRE(original.db->ingest(0, "export"));
  original.model.insert(brought.begin(), brought.end());
  REQUIRE(original.db->checkpoint("copy"));
  files.crash(harsh, 1);
  RangeDb copy(files, "copy");
  copy.model = original.model;
  copy.check();
}

}  // namespace
}  // namespace ouro::engine
