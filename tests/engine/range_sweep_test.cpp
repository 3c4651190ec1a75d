// A crash or a failure at every single operation of dropping a range and of taking one in: it is
// wholly there or wholly gone, and nothing else is touched.
#include "tests/engine/range_fixture.hpp"

#include <functional>
#include <string>

namespace ouro::engine {
namespace {

const Range swept{key_of(10), key_of(40)};

/// One operation under test, and the states before and after it.
struct Story {
  std::string name;
  /// Makes the disk on which it begins; the answer is the content then.
  std::function<Content(FileSystem&)> prepare;
  /// Answers the content it must lead to.
  std::function<Content(const Content&)> expected;
  std::function<Status(Db&)> act;
};

Content brought() {
  Content content;
  SeededRandom random(3);
  for (std::uint64_t i = 10; i < 40; ++i) content[key_of(i)] = random_text(random, 200);
  return content;
}

// Keys on both sides of the range, in files that reach across it, and some in the memtable.
Content make_target(FileSystem& files) {
  RangeDb target(files);
  for (std::uint64_t i = 0; i < 50; i += (i == 9 ? 31 : 1)) target.put(i, "own");
  REQUIRE(target.db->compact_sync());
  for (std::uint64_t i = 40; i < 50; i += 2) target.put(i, "newer");
  return target.model;
}

Story drop_story() {
  return {"drop",
          [](FileSystem& files) {
            RangeDb target(files);
            target.fill();
            return target.model;
          },
          [](const Content& before) {
            Content after = before;
            erase(after, swept);
            return after;
          },
          [](Db& db) { return db.drop_range(0, swept); }};
}

Story ingest_story() {
  return {"ingest",
          [](FileSystem& files) {
            RangeDb source(files, "source");
            for (const auto& [key, value] : brought()) REQUIRE(source.db.put(0, key, value));
            REQUIRE(source.db->export_range(0, {}, "export"));
            return make_target(files);
          },
          [](const Content& before) {
            Content after = before;
            for (const auto& [key, value] : brought()) after[key] = value;
            return after;
          },
          [](Db& db) -> Status {
            const auto taken = db.ingest(0, "export");
            if (!taken) return taken.error();
            return {};
          }};
}

// Opens and acts; true if the act was acknowledged.
bool play(TestDb& db, const Story& story) {
  return db.open() && db->flush_sync() && story.act(*db);
}

void check_outcome(FileSystem& files, const Content& before, const Content& after, bool done) {
  TestDb db(files);
  const Status opened = db.open();
  CAPTURE(opened ? "" : to_string(opened.error()));
  REQUIRE(opened);
  const Content found = db.content(0);
  if (done) REQUIRE(found == after);
  if (!done) REQUIRE((found == before || found == after));
  check_whole(db);
  // No rubbish stays: what lies there is what counts.
  db.lane.run_all();
  REQUIRE(files_in(files, "db", ".sst").size() == db->stats().table_files);
  REQUIRE(db->compact_sync());
  REQUIRE(db.content(0) == found);
}

void sweep_crashes(const Story& story) {
  const sim::CrashPolicy keep{sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0};
  sim::FileSystem prepared;
  const Content before = story.prepare(prepared);
  const Content after = story.expected(before);
  REQUIRE(before != after);
  std::uint64_t end = 0;
  {
    const auto files = prepared.after_crash(keep, 1);
    TestDb db(*files);
    REQUIRE(play(db, story));
    REQUIRE(db.content(0) == after);
    end = files->changes();
  }
  for (std::uint64_t k = 0; k <= end; ++k) {
    const auto files = prepared.after_crash(keep, 1);
    files->stop_after_change(k);
    TestDb db(*files);
    const bool done = play(db, story);
    REQUIRE((k < end || done));
    std::uint64_t policy_number = 0;
    for (const sim::CrashPolicy& policy : sim::crash_policies()) {
      CAPTURE(story.name, k, policy_number++);
      check_outcome(*files->after_crash(policy, k), before, after, done);
    }
  }
}

void sweep_faults(const Story& story, ErrorCode code) {
  const sim::CrashPolicy keep{sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0};
  sim::FileSystem prepared;
  const Content before = story.prepare(prepared);
  const Content after = story.expected(before);
  std::uint64_t begin = 0, end = 0;
  {
    const auto files = prepared.after_crash(keep, 1);
    TestDb db(*files);
    REQUIRE(db.open());
    begin = files->operations();
    db.close();
  }
  {
    const auto files = prepared.after_crash(keep, 1);
    TestDb db(*files);
    REQUIRE(play(db, story));
    end = files->operations();
  }
  for (std::uint64_t k = begin; k < end; ++k) {
    CAPTURE(story.name, k, name(code));
    const auto files = prepared.after_crash(keep, 1);
    files->fail_operation(k, code);
    TestDb db(*files);
    const bool done = play(db, story);
    REQUIRE(db.is_open());
    const Content found = db.content(0);
    // What is seen in this run is the one or the other, and the database says so.
    REQUIRE(found == (done ? after : before));
    if (!done && db->pressure().permille < 1000) {
      REQUIRE(story.act(*db));
      REQUIRE(db.content(0) == after);
      check_outcome(*files->after_crash({}, k), before, after, true);
      continue;
    }
    check_outcome(*files->after_crash({}, k), before, after, done);
  }
}

TEST_CASE("a crash during a drop leaves the range whole or gone", "[ranges][crash]") {
  sweep_crashes(drop_story());
}

TEST_CASE("a crash during an ingest leaves all of it or nothing", "[ranges][crash]") {
  sweep_crashes(ingest_story());
}

TEST_CASE("a failure during a drop leaves the range whole or gone", "[ranges][fault]") {
  sweep_faults(drop_story(), ErrorCode::io);
  sweep_faults(drop_story(), ErrorCode::no_space);
}

TEST_CASE("a failure during an ingest leaves all of it or nothing", "[ranges][fault]") {
  sweep_faults(ingest_story(), ErrorCode::io);
  sweep_faults(ingest_story(), ErrorCode::no_space);
}

TEST_CASE("an export that crashes or fails anywhere is whole or refused", "[ranges][crash]") {
  std::uint64_t end = 0;
  for (std::uint64_t k = 0; k == 0 || k <= end; ++k) {
    CAPTURE(k);
    sim::FileSystem files;
    RangeDb source(files);
    source.fill();
    const std::uint64_t begin = files.changes();
    if (k > 0) files.stop_after_change(begin + k - 1);
    const auto written = source.db->export_range(0, swept, "export");
    if (k == 0) end = files.changes() - begin + 1;
    REQUIRE((written || k > 0));
    for (const sim::CrashPolicy& policy : sim::crash_policies()) {
      const auto crashed = files.after_crash(policy, k);
      RangeDb target(*crashed, "target");
      const auto taken = target.db->ingest(0, "export");
      if (written) REQUIRE(taken);
      REQUIRE(target.db.content(0) == (taken ? part(source.model, swept) : Content{}));
    }
  }
}

TEST_CASE("an export that fails leaves its directory empty", "[ranges][fault]") {
  for (std::uint64_t k = 1;; ++k) {
    CAPTURE(k);
    sim::FileSystem files;
    RangeDb source(files);
    source.fill();
    files.fail_change(files.changes() + k, ErrorCode::no_space);
    if (source.db->export_range(0, swept, "export")) {
      REQUIRE(k > 5);
      return;
    }
    REQUIRE(files.list("export")->empty());
    REQUIRE(source.db->export_range(0, swept, "export"));
    source.check();
  }
}

}  // namespace
}  // namespace ouro::engine
