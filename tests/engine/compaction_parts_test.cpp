// Compactions in parts, and files that need not be rewritten.
#include "engine/compaction.hpp"
#include "engine/merging_iterator.hpp"
#include "tests/engine/db_fixture.hpp"
#include "tests/engine/table_fixture.hpp"

#include <set>
#include <thread>

namespace ouro::engine {
namespace {

Options small() {
  Options options;
  options.table_file_bytes = 2000;
  options.block_bytes = 300;
  options.compress = false;
  return options;
}

CompactionPlan plan_of(unsigned level, unsigned output, std::vector<std::uint64_t> inputs) {
  CompactionPlan plan;
  plan.level = level;
  plan.output_level = output;
  plan.inputs = std::move(inputs);
  return plan;
}

std::vector<Item> filled(char first, char last, Sequence sequence, std::size_t each = 12) {
  std::vector<Item> items;
  for (char letter = first; letter <= last; ++letter)
    for (std::size_t i = 10; i < 10 + each; ++i)
      items.push_back(put(letter + std::to_string(i), sequence, std::string(60, 'v')));
  return items;
}

std::vector<Item> contents(const Version& version, TableId table = 0) {
  std::vector<std::unique_ptr<EntryIterator>> iterators;
  version.add_iterators(table, {}, {}, iterators);
  return read_all(*merge(std::move(iterators)));
}

/// What the version holds after the job, which must have been finished.
std::vector<Item> after(Tables& tables, const Version& version, CompactionJob& job) {
  const VersionEdit edit = job.take_edit();
  const auto readers = open_tables(tables.store, edit);
  REQUIRE(readers);
  const auto next = version.apply(edit, *readers);
  INFO((next ? std::string() : to_string(next.error())));
  REQUIRE(next);
  return contents(**next);
}

void finish(CompactionJob& job) {
  for (;;) {
    const auto done = job.step();
    INFO((done ? std::string() : to_string(done.error())));
    REQUIRE(done);
    if (*done) return;
  }
}

TEST_CASE("a compaction in parts makes what one in a piece makes") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const auto newer = random_items(random, 400, 1000);
    const auto older = random_items(random, 400, 1);
    std::vector<Item> results[2];
    for (const std::size_t parts_max : {1, 4}) {
      Tables tables(small());
      const auto version = tables.version({tables.table(newer), tables.table(older, 6)});
      CompactionPlan plan = plan_of(0, 6, {1, 2});
      plan.may_move = false;
      CompactionJob job(tables.store, version, plan, {{500, 1200}, 2000}, parts_max);
      REQUIRE(job.prepare());
      CHECK(job.parts() <= parts_max);
      if (parts_max > 1) CHECK(job.parts() > 1);
      // By turns, and not in order.
      std::set<std::size_t> open;
      for (std::size_t i = 0; i < job.parts(); ++i) open.insert(i);
      while (!open.empty()) {
        const auto part =
            std::next(open.begin(), static_cast<std::ptrdiff_t>(random.below(open.size())));
        const auto done = job.step_part(*part);
        REQUIRE(done);
        if (*done) open.erase(part);
      }
      REQUIRE(job.finish());
      results[parts_max > 1] = after(tables, *version, job);
    }
    CHECK(results[0] == results[1]);
  }
}

TEST_CASE("threads may do the parts of a compaction at the same time", "[thread]") {
  Tables tables(small());
  SeededRandom random(4);
  const auto version = tables.version({tables.table(random_items(random, 3000, 5000)),
                                       tables.table(random_items(random, 3000, 1), 6)});
  CompactionPlan plan = plan_of(0, 6, {1, 2});
  plan.may_move = false;
  std::uint64_t number = 100;
  std::mutex mutex;
  tables.store.next_number = [&] {
    const std::lock_guard lock(mutex);
    return ++number;
  };
  CompactionJob job(tables.store, version, plan, {{}, 9999}, 3);
  REQUIRE(job.prepare());
  REQUIRE(job.parts() == 3);
  std::vector<std::thread> threads;
  bool failed[3] = {};
  for (std::size_t part = 0; part < 3; ++part)
    threads.emplace_back([&job, &failed, part] {
      for (Result<bool> done = false; !failed[part] && !*done;) {
        done = job.step_part(part);
        failed[part] = !done;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const bool each : failed) CHECK(!each);
  REQUIRE(job.finish());
  std::set<std::string> keys;
  for (const Item& item : after(tables, *version, job)) CHECK(keys.insert(item.key).second);
}

TEST_CASE("a file that overlaps nothing only changes its level") {
  Tables tables(small());
  const auto version =
      tables.version({tables.table(filled('a', 'c', 5), 4), tables.table(filled('d', 'f', 3), 6)});
  const auto before = contents(*version);
  CompactionJob job(tables.store, version, plan_of(4, 6, {1}), {{}, 9});
  finish(job);
  CHECK(job.bytes_written() == 0);
  CHECK(after(tables, *version, job) == before);
  CHECK(tables.file_count() == 2);
}

TEST_CASE("a file with removes is rewritten though it overlaps nothing") {
  Tables tables(small());
  auto items = filled('a', 'c', 5);
  items.push_back(removed("x", 6));
  const auto version = tables.version({tables.table(items, 4)});
  CompactionJob job(tables.store, version, plan_of(4, 6, {1}), {{}, 9});
  finish(job);
  CHECK(after(tables, *version, job) == filled('a', 'c', 0));
}

TEST_CASE("small files are rewritten together") {
  Tables tables(small());
  const auto version =
      tables.version({tables.table({put("c", 3, "")}), tables.table({put("a", 1, "")})});
  CompactionJob job(tables.store, version, plan_of(0, 6, {1, 2}), {{}, 9});
  finish(job);
  const VersionEdit edit = job.take_edit();
  CHECK(edit.added.size() == 1);
  CHECK(edit.added.front().entries == 2);
}

TEST_CASE("files of the last level that no new key falls into stay") {
  Options options = small();
  options.tables = {{"queue", false}};
  Tables tables(options);
  // Trimmed at the front, filled at the end.
  std::vector<Item> run;
  for (const Item& item : filled('a', 'b', 9)) run.push_back(removed(item.key, 9));
  for (const Item& item : filled('i', 'j', 9)) run.push_back(item);
  const auto version =
      tables.version({tables.table(run), tables.table(filled('a', 'b', 1), 6),
                      tables.table(filled('c', 'd', 1), 6), tables.table(filled('e', 'f', 1), 6)});
  CompactionJob job(tables.store, version, plan_of(0, 6, {1, 2, 3, 4}), {{}, 9});
  finish(job);
  CHECK(job.plan().inputs == std::vector<std::uint64_t>{1, 2});
  auto expected = filled('c', 'f', 1);
  for (const Item& item : filled('i', 'j', 0)) expected.push_back(item);
  CHECK(after(tables, *version, job) == expected);
}

TEST_CASE("outputs never span a file that stays between them") {
  Tables tables(small());
  // b and f are small and rewritten; d overlaps nothing and is moved.
  const auto version =
      tables.version({tables.table(filled('f', 'f', 7, 2)), tables.table(filled('b', 'b', 5, 2)),
                      tables.table(filled('d', 'd', 3))});
  const auto before = contents(*version);
  CompactionJob job(tables.store, version, plan_of(0, 6, {1, 2, 3}), {{}, 4});
  finish(job);
  CHECK(after(tables, *version, job) == before);
}

TEST_CASE("a move is installed, survives reopening, and its file stays") {
  sim::FileSystem files;
  Options options = small_options();
  options.tables = {{"data", false}};
  options.table_file_bytes = 4096;
  TestDb db(files, options);
  REQUIRE(db.open());
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(db.put(0, "key" + std::to_string(10000 + i), std::string(40, 'v')));
    db.lane.run_all();
  }
  CHECK(db->stats().compactions > 10);
  // Ascending keys are hardly ever rewritten.
  CHECK(db->stats().compaction_bytes_written < db->stats().table_bytes / 4);
  CHECK(db.content(0).size() == 3000);
  REQUIRE(db.reopen());
  CHECK(db.content(0).size() == 3000);
  const auto report = db->verify();
  REQUIRE(report);
  CHECK(report->damage.empty());
}

}  // namespace
}  // namespace ouro::engine
