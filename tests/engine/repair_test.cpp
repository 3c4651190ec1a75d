// What repair brings back from each kind of damage, and what it refuses to decide.
#include "engine/repair.hpp"
#include "engine/file_names.hpp"
#include "engine/wal_format.hpp"
#include "tests/engine/offline_fixture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {
namespace {

RepairReport repaired(FileSystem& files, const RepairOptions& options = {}) {
  const auto report = repair(files, "db", options);
  INFO((report ? std::string() : to_string(report.error())));
  REQUIRE(report);
  return *report;
}

// That a repaired database opens, has this content, is whole and can be used.
void check_content(sim::FileSystem& files, const Content& data, const Content& extra) {
  TestDb db(files);
  const Status opened = db.open();
  INFO((opened ? std::string() : to_string(opened.error())));
  REQUIRE(opened);
  CHECK(db.content(0) == data);
  CHECK(db.content(1) == extra);
  const auto verified = db->verify();
  REQUIRE(verified);
  CHECK(verified->damage.empty());
  REQUIRE(db.put(0, "after", "repair"));
  REQUIRE(db->compact_sync());
  REQUIRE(db.reopen());
  CHECK(db.get(0, "after") == "repair");
}

// Nothing is there that was not written once.
bool invents_nothing(const Content& content, const Offline& f) {
  for (const auto& [key, value] : content)
    if (const auto found = f.written.find(key);
        found == f.written.end() || !found->second.contains(value))
      return false;
  return true;
}

// The fixture's second table has nothing but a log that tells of it.
RepairOptions named() {
  RepairOptions options;
  options.tables = small_options().tables;
  return options;
}

TEST_CASE("a database without damage is left as it is", "[engine][repair]") {
  Offline f;
  const auto before = *f.files.list("db");
  const RepairReport report = repaired(f.files);
  CHECK(report.method == RepairMethod::none);
  CHECK_FALSE(report.done);
  CHECK(*f.files.list("db") == before);
}

TEST_CASE("a lost or damaged CURRENT is replaced and no table file is written anew",
          "[engine][repair]") {
  for (const bool lost : {true, false}) {
    Offline f;
    const std::size_t tables = f.live_tables().size();
    if (lost)
      REQUIRE(f.files.remove("db/CURRENT"));
    else
      f.files.flip("db/CURRENT", 12);
    const RepairReport report = repaired(f.files);
    CHECK(report.method == RepairMethod::replace);
    CHECK(report.files_kept == tables);
    check_content(f.files, f.data, f.extra);
  }
}

TEST_CASE("a lost manifest is rebuilt from the table files and logs", "[engine][repair]") {
  for (const bool current_too : {false, true}) {
    Offline f;
    REQUIRE(f.files.remove(f.manifest()));
    if (current_too) REQUIRE(f.files.remove("db/CURRENT"));
    const auto refused = repair(f.files, "db");
    REQUIRE(code_of(refused) == ErrorCode::corruption);
    CHECK(refused.error().message.find("name of table 1") != std::string::npos);
    const RepairReport report = repaired(f.files, named());
    CHECK(report.method == RepairMethod::rebuild);
    CHECK(report.done);
    check_content(f.files, f.data, f.extra);
  }
}

TEST_CASE("a manifest damaged anywhere costs nothing", "[engine][repair]") {
  Offline f;
  const std::string path = f.manifest();
  const std::size_t size = f.files.bytes(path).size();
  for (std::uint64_t at = 0; at < size; at += 7) {
    CAPTURE(at);
    const auto copy = f.copy();
    copy->flip(path, at, 4);
    const RepairReport report = repaired(*copy, named());
    TestDb db(*copy);
    REQUIRE(db.open());
    REQUIRE(db.content(0) == f.data);
    REQUIRE(db.content(1) == f.extra);
  }
}

TEST_CASE("entries of a damaged block are lost, all others stay", "[engine][repair]") {
  for (const bool with_manifest : {true, false}) {
    Offline f;
    const std::string path = f.largest_table();
    const std::size_t size = f.files.bytes(path).size();
    for (std::uint64_t at = 0; at < size; at += 97) {
      CAPTURE(with_manifest, at);
      const auto copy = f.copy();
      copy->flip(path, at);
      if (!with_manifest) REQUIRE(copy->remove(f.manifest()));
      const RepairReport report = repaired(*copy, named());
      REQUIRE_FALSE(report.damage.empty());
      TestDb db(*copy);
      REQUIRE(db.open());
      const Content data = db.content(0);
      REQUIRE(invents_nothing(data, f));
      // One block has at most this many of the fixture's entries; the footer and the index hold
      // the whole file together.
      const bool in_blocks = at < f.files.bytes(path).size() * 6 / 10;
      if (in_blocks) REQUIRE(data.size() + 8 >= f.data.size());
      REQUIRE(db.content(1) == f.extra);
      REQUIRE(db->verify()->damage.empty());
    }
  }
}

TEST_CASE("the sentence about a damaged block names file, offset and keys", "[engine][repair]") {
  Offline f;
  const std::string path = f.largest_table();
  f.files.flip(path, 300);
  const RepairReport report = repaired(f.files, {.dry_run = true});
  CHECK_FALSE(report.done);
  std::string all;
  for (const std::string& sentence : report.damage) all += sentence + "\n";
  CAPTURE(all);
  CHECK(all.find(path + " at ") != std::string::npos);
  CHECK(all.find("and before \"key") != std::string::npos);
  CHECK(f.files.exists(path));
  CHECK_FALSE(f.files.exists("db/lost"));
}

TEST_CASE("a lost or empty table file costs its entries only", "[engine][repair]") {
  for (const bool emptied : {false, true}) {
    Offline f;
    for (const std::string& path : f.live_tables()) {
      CAPTURE(path, emptied);
      const auto copy = f.copy();
      if (emptied)
        copy->truncate(path, 0);
      else
        REQUIRE(copy->remove(path));
      const RepairReport report = repaired(*copy);
      CHECK(report.method == RepairMethod::replace);
      TestDb db(*copy);
      REQUIRE(db.open());
      CHECK(invents_nothing(db.content(0), f));
      CHECK(db->verify()->damage.empty());
      CHECK(copy->exists("db/lost/" + path.substr(3)) == emptied);
    }
  }
}

TEST_CASE("files with each other's names are refused by name", "[engine][repair]") {
  Offline f;
  const auto paths = f.paths(".sst");
  REQUIRE(paths.size() >= 2);
  const std::string first = f.files.bytes(paths[0]);
  f.files.overwrite(paths[0], f.files.bytes(paths[1]));
  f.files.overwrite(paths[1], first);
  const auto before = *f.files.list("db");
  const auto refused = repair(f.files, "db");
  REQUIRE(code_of(refused) == ErrorCode::corruption);
  CHECK(refused.error().message.find(paths[1].substr(3)) != std::string::npos);
  CHECK(*f.files.list("db") == before);
}

TEST_CASE("a log that breaks off is kept up to there, or beyond if asked", "[engine][repair]") {
  Offline f;
  const std::string path = f.paths(".wal").back();
  f.files.flip(path, log_header_size + 50);
  const auto copy = f.copy();
  const RepairReport careful = repaired(*copy);
  CHECK(careful.changes_kept == 0);
  CHECK(careful.changes_left_out > 0);
  check_content(*copy, f.flushed, {});
  const RepairReport salvaged = repaired(f.files, {.dry_run = false, .salvage = true});
  CHECK(salvaged.changes_kept == careful.changes_left_out);
  TestDb db(f.files);
  REQUIRE(db.open());
  CHECK(invents_nothing(db.content(0), f));
  CHECK(db.content(0).size() + 1 >= f.data.size());
}

TEST_CASE("a lost log costs its changes only", "[engine][repair]") {
  Offline f;
  REQUIRE(f.files.remove(f.paths(".wal").back()));
  const RepairReport report = repaired(f.files);
  CHECK(report.changes_kept == 0);
  check_content(f.files, f.flushed, {});
}

TEST_CASE("table names come from the caller when only logs are left", "[engine][repair]") {
  sim::FileSystem files;
  {
    TestDb db(files);
    REQUIRE(db.open());
    REQUIRE(db.put(1, "k", "v"));
    files.end_process();
  }
  for (const std::string& name : *files.list("db"))
    if (name.starts_with("manifest") || name == "CURRENT") REQUIRE(files.remove("db/" + name));
  const auto refused = repair(files, "db");
  REQUIRE(code_of(refused) == ErrorCode::corruption);
  RepairOptions options;
  options.tables = small_options().tables;
  repaired(files, options);
  check_content(files, {}, {{"k", "v"}});
}

TEST_CASE("files of another database are told apart, or refused where nothing tells which",
          "[engine][repair]") {
  Offline f;
  // Another database of the same shape, whose first table takes the place of one of ours.
  Options other = small_options("other");
  other.identity = 43;
  {
    TestDb db(f.files, other);
    REQUIRE(db.open());
    REQUIRE(db.put(0, "foreign", "entry"));
    REQUIRE(db->flush_sync());
  }
  std::string foreign;
  for (const std::string& name : *f.files.list("other"))
    if (name.ends_with(".sst")) foreign = "other/" + name;
  const std::string stray = table_path("db", 0x77777777);
  REQUIRE(f.files.link(foreign, stray));
  {
    const auto copy = f.copy();
    const RepairReport report = repaired(*copy);
    CHECK(report.damage.size() == 1);
    CHECK(copy->exists("db/lost/" + stray.substr(3)));
    check_content(*copy, f.data, f.extra);
  }
  REQUIRE(f.files.remove(f.manifest()));
  const auto refused = repair(f.files, "db");
  REQUIRE(code_of(refused) == ErrorCode::corruption);
  CHECK(refused.error().message.find("several databases") != std::string::npos);
}

TEST_CASE("a database that is open is not repaired", "[engine][repair]") {
  Offline f;
  TestDb db(f.files);
  REQUIRE(db.open());
  const auto refused = repair(f.files, "db");
  REQUIRE(code_of(refused) == ErrorCode::denied);
  CHECK(refused.error().message.find("stop the node") != std::string::npos);
}

TEST_CASE("a directory without a database is not repaired", "[engine][repair]") {
  sim::FileSystem files;
  REQUIRE(files.create_directory("empty"));
  CHECK(code_of(repair(files, "empty")) == ErrorCode::not_found);
}

TEST_CASE("every file that repair replaces is in lost, even after several repairs",
          "[engine][repair]") {
  Offline f;
  std::vector<std::string> before;
  for (int round = 0; round < 3; ++round) {
    const std::string path = f.manifest();
    f.files.flip(path, 200);
    const std::string damaged = f.files.bytes(path);
    const std::string current = f.files.bytes("db/CURRENT");
    for (const std::string& table : f.paths(".sst")) before.push_back(table);
    repaired(f.files, named());
    CHECK(f.files.bytes("db/lost/" + path.substr(3)) == damaged);
    const std::string copy = round == 0 ? "" : "." + std::to_string(round);
    CHECK(f.files.bytes("db/lost/CURRENT" + copy) == current);
  }
  for (const std::string& path : before)
    CHECK((f.files.exists(path) || f.files.exists("db/lost/" + path.substr(3))));
  check_content(f.files, f.data, f.extra);
}

// What a database holds, or why it does not open.
std::string summary(sim::FileSystem& files) {
  TestDb db(files);
  if (const Status opened = db.open(); !opened) return to_string(opened.error());
  std::string text;
  for (const TableId table : {TableId{0}, TableId{1}})
    for (const auto& [key, value] : db.content(table)) text += key + "=" + value + ";";
  return text;
}

void crash_everywhere(const Offline& f, const std::string& expected) {
  std::uint64_t end = 0;
  {
    const auto copy = f.copy();
    repaired(*copy, named());
    end = copy->changes();
    REQUIRE(summary(*copy) == expected);
  }
  for (std::uint64_t k = 0; k < end; ++k) {
    std::uint64_t policy_number = 0;
    for (const sim::CrashPolicy& policy : sim::crash_policies()) {
      CAPTURE(k, policy_number++);
      const auto copy = f.copy();
      copy->stop_after_change(k);
      static_cast<void>(repair(*copy, "db", named()));
      const auto crashed = copy->after_crash(policy, k + 1);
      const auto again = repair(*crashed, "db", named());
      INFO((again ? std::string() : to_string(again.error())));
      REQUIRE(again);
      REQUIRE(summary(*crashed) == expected);
    }
  }
}

TEST_CASE("a repair that was stopped anywhere can be run again with the same result",
          "[engine][repair][crash]") {
  SECTION("without a manifest") {
    Offline f;
    REQUIRE(f.files.remove(f.manifest()));
    const auto copy = f.copy();
    repaired(*copy, named());
    crash_everywhere(f, summary(*copy));
  }
  SECTION("with a damaged table file and log") {
    Offline f;
    f.files.flip(f.largest_table(), 300);
    f.files.flip(f.paths(".wal").back(), log_header_size + 200);
    const auto copy = f.copy();
    repaired(*copy, named());
    crash_everywhere(f, summary(*copy));
  }
}

TEST_CASE("a failing operation leaves what was there or what was repaired", "[engine][repair]") {
  Offline f;
  REQUIRE(f.files.remove(f.manifest()));
  std::uint64_t end = 0;
  std::string expected;
  {
    const auto copy = f.copy();
    const std::uint64_t begin = copy->operations();
    repaired(*copy, named());
    end = copy->operations() - begin;
    expected = summary(*copy);
  }
  for (std::uint64_t k = 0; k < end; ++k) {
    CAPTURE(k);
    const auto copy = f.copy();
    copy->fail_operation(copy->operations() + k, k % 2 == 0 ? ErrorCode::io : ErrorCode::no_space);
    static_cast<void>(repair(*copy, "db", named()));
    repaired(*copy, named());
    REQUIRE(summary(*copy) == expected);
  }
}

}  // namespace
}  // namespace ouro::engine
