#include "engine/compaction.hpp"

#include "engine/merging_iterator.hpp"
#include "tests/engine/table_fixture.hpp"

#include <set>

namespace ouro::engine {
namespace {

Options small() {
  Options options;
  options.memtable_bytes = 1000;
  options.table_file_bytes = 2000;
  options.block_bytes = 300;
  options.level0_runs_max = 4;
  return options;
}

using VersionPointer = std::shared_ptr<const Version>;

VersionPointer apply(Tables& tables, const VersionPointer& version, const VersionEdit& edit) {
  const auto readers = open_tables(tables.store, edit);
  INFO((readers ? std::string() : to_string(readers.error())));
  REQUIRE(readers);
  const auto next = version->apply(edit, *readers);
  INFO((next ? std::string() : to_string(next.error())));
  REQUIRE(next);
  for (const std::uint64_t number : edit.removed) version->find(number)->mark_obsolete();
  return *next;
}

VersionPointer run(Tables& tables, const VersionPointer& version, const CompactionPlan& plan,
                   const Retention& retention) {
  CompactionJob job(tables.store, version, plan, retention);
  for (;;) {
    const auto done = job.step();
    INFO((done ? std::string() : to_string(done.error())));
    REQUIRE(done);
    if (*done) break;
  }
  return apply(tables, version, job.take_edit());
}

std::vector<Item> contents(const Version& version) {
  std::vector<std::unique_ptr<EntryIterator>> iterators;
  version.add_iterators(0, {}, {}, iterators);
  const auto merged = merge(std::move(iterators));
  return read_all(*merged);
}

CompactionPlan plan_of(unsigned level, unsigned output, std::vector<std::uint64_t> inputs) {
  CompactionPlan plan;
  plan.level = level;
  plan.output_level = output;
  plan.inputs = std::move(inputs);
  plan.may_move = false;
  return plan;
}

TEST_CASE("a version is needed while some reader would find it") {
  const Retention retention{{10, 20}, 30};
  CHECK(retention.oldest() == 10);
  CHECK(Retention{{}, 30}.oldest() == 30);
  // The newest version of a key.
  CHECK(retention.needed(5, 0));
  CHECK(retention.needed(25, 0));
  // Newer than what reads see now: a later snapshot may fall between.
  CHECK(retention.needed(31, 40));
  CHECK(retention.needed(30, 31));
  // Seen by a snapshot, or hidden from all of them by the next version.
  CHECK(retention.needed(20, 25));
  CHECK(retention.needed(5, 11));
  CHECK(!retention.needed(5, 10));
  CHECK(!retention.needed(21, 25));
  CHECK(!retention.needed(11, 20));
  CHECK(retention.needed(11, 21));
}

TEST_CASE("compaction keeps what snapshots see and drops the rest") {
  Tables tables;
  auto version =
      tables.version({tables.table({put("a", 9, "a9"), put("b", 8, "b8")}),
                      tables.table({put("a", 5, "a5"), put("a", 4, "a4"), put("c", 3, "c3")}),
                      tables.table({put("a", 2, "a2"), put("a", 1, "a1")}, 1)});
  version = run(tables, version, plan_of(0, 1, {1, 2, 3}), {{2, 5}, 9});
  CHECK(contents(*version) == std::vector<Item>{put("a", 9, "a9"), put("a", 5, "a5"),
                                                put("a", 0, "a2"), put("b", 8, "b8"),
                                                put("c", 3, "c3")});
  CHECK(version->level(0, 0).files.empty());
  CHECK(version->level(0, 1).files.size() == 1);
  CHECK(tables.file_count() == 1);
  version = run(tables, version, plan_of(1, 2, {4}), {{}, 9});
  CHECK(contents(*version) ==
        std::vector<Item>{put("a", 0, "a9"), put("b", 0, "b8"), put("c", 0, "c3")});
}

TEST_CASE("a remove goes once it hides nothing") {
  Tables tables;
  auto version = tables.version({tables.table({removed("a", 5), removed("b", 6)}),
                                 tables.table({put("a", 2, "a"), put("b", 1, "b")}, 1)});
  version = run(tables, version, plan_of(0, 1, {1, 2}), {{}, 6});
  CHECK(contents(*version).empty());
  CHECK(tables.file_count() == 0);
}

TEST_CASE("a remove stays while deeper data may hold the key") {
  Tables tables;
  auto version = tables.version(
      {tables.table({removed("a", 15), removed("b", 16), removed("d", 17), removed("x", 18)}),
       tables.table({put("b", 11, "b")}, 1),
       tables.table({put("a", 2, "deep"), put("d", 1, "deep")}, 3)});
  version = run(tables, version, plan_of(0, 1, {1, 2}), {{}, 20});
  // "b" lies within the deep file's range, and its filter says that it is not there.
  CHECK(contents(*version) == std::vector<Item>{removed("a", 15), put("a", 2, "deep"),
                                                removed("d", 17), put("d", 1, "deep")});
}

TEST_CASE("without filters a remove stays while a deeper range covers the key") {
  Options options;
  options.filter_bits_per_key = 0;
  Tables tables(options);
  auto version = tables.version({tables.table({removed("b", 16), removed("x", 18)}),
                                 tables.table({put("a", 2, "deep"), put("d", 1, "deep")}, 3)});
  version = run(tables, version, plan_of(0, 1, {1}), {{}, 20});
  CHECK(contents(*version) ==
        std::vector<Item>{put("a", 2, "deep"), removed("b", 16), put("d", 1, "deep")});
}

TEST_CASE("a remove stays while a run of level 0 outside the inputs may hold the key") {
  Tables tables;
  auto version = tables.version({tables.table({removed("a", 9)}), tables.table({put("a", 2, "a")}),
                                 tables.table({put("b", 1, "b")}, 1)});
  version = run(tables, version, plan_of(0, 1, {1}), {{}, 9});
  CHECK(contents(*version).front() == removed("a", 9));
}

TEST_CASE("a remove that a snapshot does not see yet stays, with what it hides") {
  Tables tables;
  auto version = tables.version(
      {tables.table({removed("a", 9)}), tables.table({put("a", 2, "a2"), put("a", 1, "a1")}, 1)});
  version = run(tables, version, plan_of(0, 1, {1, 2}), {{5}, 9});
  CHECK(contents(*version) == std::vector<Item>{removed("a", 9), put("a", 0, "a2")});
}

TEST_CASE("the versions of a key never lie in two files of a level") {
  Tables tables(small());
  std::vector<Item> items;
  for (Sequence sequence = 1; sequence <= 300; ++sequence)
    items.push_back(put("key" + std::to_string(sequence % 3), sequence, std::string(100, 'v')));
  sort_entries(items);
  Retention retention;
  retention.visible = 300;
  for (Sequence s = 1; s <= 300; ++s) retention.snapshots.push_back(s);
  auto version = tables.version({tables.table(items)});
  version = run(tables, version, plan_of(0, 1, {1}), retention);
  // The first of all is seen by everybody.
  std::find_if(items.begin(), items.end(), [](const Item& item) {
    return item.sequence == 1;
  })->sequence = 0;
  CHECK(contents(*version) == items);
  CHECK(version->level(0, 1).files.size() == 3);
}

TEST_CASE("a compaction does a bounded piece at a time") {
  Tables tables;
  std::vector<Item> items;
  for (int i = 10000; i < 20000; ++i)
    items.push_back(put(std::to_string(i), 1, std::string(100, 'v')));
  const auto version = tables.version({tables.table(items)});
  CompactionJob job(tables.store, version, plan_of(0, 1, {1}), {{}, 1});
  int steps = 0;
  for (;; ++steps) {
    const std::uint64_t before = tables.files.operations();
    const auto done = job.step();
    REQUIRE(done);
    if (*done) break;
    CHECK(tables.files.operations() - before < 200);
  }
  CHECK(steps > 3);
  CHECK(job.take_edit().added.front().entries == 10000);
}

TEST_CASE("a compaction that is given up removes what it wrote") {
  Tables tables(small());
  SeededRandom random(3);
  const auto items = random_items(random, 2000);
  const auto version = tables.version({tables.table(items)});
  {
    CompactionJob job(tables.store, version, plan_of(0, 1, {1}), {{}, 9999});
    REQUIRE(job.step());
    CHECK(tables.file_count() > 1);
  }
  CHECK(tables.file_count() == 1);
  CHECK(contents(*version) == items);
}

TEST_CASE("a failure anywhere in a compaction offers no edit and leaves the inputs") {
  SeededRandom random(7);
  const auto old_items = random_items(random, 60, 1);
  const auto new_items = random_items(random, 60, 100);
  std::size_t failures = 0;
  for (std::uint64_t k = 0;; ++k) {
    CAPTURE(k);
    Tables tables(small());
    const auto version = tables.version({tables.table(new_items), tables.table(old_items, 1)});
    const auto before = contents(*version);
    const std::uint64_t start = tables.files.operations();
    tables.files.fail_operation(start + k, ErrorCode::io);
    bool failed = false;
    {
      CompactionJob job(tables.store, version, plan_of(0, 1, {1, 2}), {{}, 999});
      for (;;) {
        const auto done = job.step();
        failed = !done;
        if (!done || *done) break;
      }
      if (!failed) {
        CHECK(!job.take_edit().added.empty());
        break;
      }
    }
    ++failures;
    REQUIRE(contents(*version) == before);
    // The two inputs, and nothing of the outputs.
    REQUIRE(tables.file_count() == 2);
    REQUIRE(k < 500);
  }
  CHECK(failures > 15);
}

TEST_CASE("damage in an input ends the compaction with an error") {
  Tables tables(small());
  SeededRandom random(7);
  const auto version = tables.version({tables.table(random_items(random, 300))});
  tables.files.flip(tables.path(1), version->find(1)->meta().size / 3);
  CompactionJob job(tables.store, version, plan_of(0, 1, {1}), {{}, 999});
  Result<bool> done = false;
  while (done && !*done) done = job.step();
  REQUIRE(!done);
  CHECK(done.error().code == ErrorCode::corruption);
}

TEST_CASE("a flush writes what is needed to one file") {
  Tables tables;
  ItemIterator entries({put("a", 9, "a9"), put("a", 3, "a3"), put("a", 1, "a1"), removed("b", 4)});
  const auto meta = build_table(tables.store, 0, entries, {{3}, 9});
  REQUIRE(meta);
  REQUIRE(*meta);
  CHECK(read_all(*tables.open(**meta)->iterator({})) ==
        std::vector<Item>{put("a", 9, "a9"), put("a", 3, "a3"), removed("b", 4)});
  ItemIterator nothing({});
  const auto none = build_table(tables.store, 0, nothing, {{}, 9});
  REQUIRE(none);
  CHECK(!*none);
}

TEST_CASE("a flush whose source fails leaves no file") {
  Tables tables;
  ItemIterator entries({put("a", 1, "a"), put("b", 2, "b")}, 1);
  CHECK(!build_table(tables.store, 0, entries, {{}, 9}));
  CHECK(tables.file_count() == 0);
}

TEST_CASE("merging all of a table leaves one level") {
  Tables tables(small());
  SeededRandom random(2);
  auto version = tables.version({tables.table(random_items(random, 50, 200)),
                                 tables.table(random_items(random, 50, 100), 1),
                                 tables.table(random_items(random, 50, 1), 3)});
  const auto plan = pick_all(*version, 0);
  REQUIRE(plan);
  CHECK(plan->output_level == 3);
  version = run(tables, version, *plan, {{}, 999});
  CHECK(!pick_all(*version, 0));
  CHECK(!pick_all(*version, 1));
  CHECK(version->level(0, 0).files.empty());
  CHECK(version->level(0, 1).files.empty());
  std::set<std::string> keys;
  for (const Item& item : contents(*version)) {
    CHECK(item.kind == EntryKind::put);
    CHECK(keys.insert(item.key).second);
  }
}

/// A table under random writes, snapshots, flushes and compactions, beside a list of all writes.
struct History {
  explicit History(std::uint64_t seed) : random(seed), tables(small()) {
    version = std::make_shared<Version>(tables.options.tables.size());
  }

  Retention retention() const {
    return {std::vector<Sequence>(snapshots.begin(), snapshots.end()), visible};
  }

  void flush() {
    auto items = random_items(random, 1 + random.below(120), visible + 1);
    // Few keys, so that versions and removes meet.
    for (Item& item : items) item.key = "key" + std::to_string(random.below(150));
    sort_entries(items);
    visible += items.size();
    all.insert(all.end(), items.begin(), items.end());
    ItemIterator entries(items);
    const auto meta = build_table(tables.store, 0, entries, retention());
    REQUIRE(meta);
    REQUIRE(*meta);
    version = apply(tables, version, {{**meta}, {}});
  }

  void change_snapshots() {
    if (random.one_in(3)) snapshots.insert(visible);
    if (!snapshots.empty() && random.one_in(4))
      snapshots.erase(std::next(snapshots.begin(),
                                static_cast<std::ptrdiff_t>(random.below(snapshots.size()))));
  }

  void compact() {
    while (const auto plan = pick(*version, tables.options)) {
      CompactionJob job(tables.store, version, *plan, retention());
      for (bool finished = false; !finished;) {
        const auto done = job.step();
        REQUIRE(done);
        finished = *done;
      }
      version = apply(tables, version, job.take_edit());
      ++compactions;
    }
  }

  void check_reads() {
    std::set<Sequence> times(snapshots);
    times.insert(visible);
    for (const Sequence at_most : times)
      for (std::uint64_t i = 0; i < 150; ++i) {
        const std::string key = "key" + std::to_string(i);
        Found found;
        REQUIRE(version->get(0, PointRead(key, at_most, ReadMode::blocking), found));
        const auto expected = newest(all, key, at_most);
        const bool present = expected && expected->kind == EntryKind::put;
        CAPTURE(key, at_most);
        REQUIRE((found.kind == Found::Kind::put) == present);
        if (present) REQUIRE(found.value.view() == expected->value);
      }
  }

  SeededRandom random;
  Tables tables;
  VersionPointer version;
  std::vector<Item> all;
  std::set<Sequence> snapshots;
  Sequence visible = 0;
  int compactions = 0;
};

TEST_CASE("whatever is flushed and compacted, every snapshot reads what it always read") {
  int compactions = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int round = 0; round < 40; ++round) {
      history.flush();
      history.change_snapshots();
      history.compact();
      if (round % 8 == 7) history.check_reads();
    }
    compactions += history.compactions;
    VerifyReport report;
    for (const auto& file : history.version->files()) REQUIRE(file->verify(report));
    CHECK(report.damage.empty());
    CHECK(history.tables.file_count() == history.version->files().size());
    CHECK(history.version->level(0, level_count - 1).files.size() > 0);
  }
  CHECK(compactions > 40);
}

}  // namespace
}  // namespace ouro::engine
