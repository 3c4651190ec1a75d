// What the owner of a table lets go, and queues.
#include "engine/compaction.hpp"
#include "engine/merging_iterator.hpp"
#include "tests/engine/db_fixture.hpp"
#include "tests/engine/table_fixture.hpp"

namespace ouro::engine {
namespace {

using Items = std::vector<Item>;

/// Values beginning with "old" may go; the markers of keys beginning with "held" may not.
Options with_hooks() {
  Options options;
  TableSpec table;
  table.name = "data";
  table.may_drop = [](std::string_view, std::string_view value) {
    return value.starts_with("old");
  };
  table.may_forget = [](std::string_view key) { return !key.starts_with("held"); };
  options.tables = {table};
  return options;
}

/// Merges the first `count` files into `level`.
Items merged(Tables& tables, const std::vector<std::shared_ptr<TableReader>>& readers,
             std::uint64_t count, unsigned level, Retention retention) {
  const auto version = tables.version(readers);
  CompactionPlan plan;
  plan.output_level = level;
  plan.may_move = false;
  for (std::uint64_t number = 1; number <= count; ++number) plan.inputs.push_back(number);
  CompactionJob job(tables.store, version, plan, std::move(retention));
  for (Result<bool> done = false; !*done;) {
    done = job.step();
    REQUIRE(done);
  }
  const VersionEdit edit = job.take_edit();
  const auto opened = open_tables(tables.store, edit);
  REQUIRE(opened);
  const auto next = version->apply(edit, *opened);
  REQUIRE(next);
  std::vector<std::unique_ptr<EntryIterator>> iterators;
  (*next)->add_iterators(0, {}, {}, iterators);
  return read_all(*merge(std::move(iterators)));
}

TEST_CASE("what a table's owner lets go is gone after a compaction, with its older versions") {
  Tables tables(with_hooks());
  const Items left = merged(tables,
                            {tables.table({put("a", 5, "old"), put("b", 6, "new")}),
                             tables.table({put("a", 2, "x"), put("b", 1, "old")}, 6)},
                            2, 6, {{}, 9});
  CHECK(left == Items{put("b", 0, "new")});
}

TEST_CASE("letting go never brings an older version back") {
  Tables tables(with_hooks());
  const Items left =
      merged(tables, {tables.table({put("a", 5, "old")}), tables.table({put("a", 2, "x")}, 6)}, 1,
             4, {{}, 9});
  CHECK(left == Items{removed("a", 5), put("a", 2, "x")});
}

TEST_CASE("a snapshot keeps what the owner would let go") {
  Tables tables(with_hooks());
  const Items items{put("a", 5, "old"), put("b", 8, "new"), put("b", 5, "old")};
  CHECK(merged(tables, {tables.table(items)}, 1, 6, {{6}, 9}) ==
        Items{put("a", 0, "old"), put("b", 8, "new"), put("b", 0, "old")});
}

TEST_CASE("the owner is not asked about versions that not everybody sees yet") {
  Tables tables(with_hooks());
  const Items items{put("a", 9, "old"), put("a", 5, "x")};
  CHECK(merged(tables, {tables.table(items)}, 1, 6, {{}, 7}) ==
        Items{put("a", 9, "old"), put("a", 0, "x")});
}

TEST_CASE("the owner of a table may hold the markers of removed keys") {
  Tables tables(with_hooks());
  const Items left = merged(tables,
                            {tables.table({removed("a", 5), removed("held", 6)}),
                             tables.table({put("a", 1, "x"), put("held", 2, "x")}, 6)},
                            2, 6, {{}, 9});
  CHECK(left == Items{removed("held", 0)});
}

TEST_CASE("hooks are asked after reopening too") {
  sim::FileSystem files;
  Options options = small_options();
  options.tables = with_hooks().tables;
  TestDb db(files, options);
  REQUIRE(db.open());
  REQUIRE(db.put(0, "a", "old"));
  REQUIRE(db.put(0, "b", "new"));
  REQUIRE(db.reopen());
  CHECK(db.get(0, "a") == "old");
  REQUIRE(db->compact_sync());
  CHECK(db.content(0) == Content{{"b", "new"}});
}

TEST_CASE("a settled entry keeps its sequence while anything may lie below") {
  Tables tables;
  const auto deep = tables.table({put("d", 1, ""), put("f", 1, "")}, 6);
  const auto run = tables.table({put("a", 5, ""), put("e", 5, ""), put("z", 5, "")});
  const auto version = tables.version({run, deep});
  CompactionPlan plan;
  plan.output_level = 3;
  plan.may_move = false;
  plan.inputs = {2};
  CompactionJob job(tables.store, version, plan, {{}, 9});
  while (!*job.step()) {
  }
  const auto opened = open_tables(tables.store, job.take_edit());
  REQUIRE(opened);
  CHECK(opened->front()->meta().min_sequence == 0);
  CHECK(read_all(*opened->front()->iterator({})) ==
        Items{put("a", 0, ""), put("e", 5, ""), put("z", 0, "")});
}

/// Puts `total` jobs into a queue and takes each out again once `kept` are behind it.
struct Queue {
  Queue(int total, int kept) {
    REQUIRE(db.open());
    for (int i = 0; i < total; i += 50) {
      Batch batch;
      for (int j = i; j < i + 50; ++j) {
        batch.put(0, name(j), "work");
        if (j >= kept) batch.remove(0, name(j - kept));
      }
      REQUIRE(db->commit_sync(std::move(batch), Durability::os));
      db.lane.run_all();
    }
  }
  static std::string name(int i) { return "job" + std::to_string(1'000'000 + i); }
  static Options options() {
    Options options = small_options();
    options.tables = {{"queue", false}};
    options.memtable_bytes = 32 * 1024;
    options.memory_bytes = 512 * 1024;
    options.table_file_bytes = 32 * 1024;
    options.level0_runs_max = Options().level0_runs_max;
    options.level0_runs_stop = Options().level0_runs_stop;
    options.level_ratio = Options().level_ratio;
    return options;
  }
  std::uint64_t entries() {
    const auto report = db->verify();
    REQUIRE(report);
    CHECK(report->damage.empty());
    return report->entries;
  }

  sim::FileSystem files;
  TestDb db{files, options()};
};

TEST_CASE("a queue that is trimmed from the front stays short") {
  Queue queue(100'000, 50);
  // All that a scan can meet: a few flushes' entries, of 100,000 removes.
  CHECK(queue.entries() < 3000);
  CHECK(queue.db->stats().table_files < 12);
  CHECK(queue.db.content(0).size() == 50);
}

TEST_CASE("the middle of a long queue is not rewritten as its ends move") {
  constexpr int kept = 20'000;
  Queue queue(60'000, kept);
  CAPTURE(queue.entries(), queue.db->stats().compaction_bytes_written, queue.db->stats().log_bytes,
          queue.db->stats().table_files);
  CHECK(queue.entries() < kept + 5000);
  CHECK(queue.db->stats().compaction_bytes_written < queue.db->stats().log_bytes);
  CHECK(queue.db.content(0).size() == kept);
}

}  // namespace
}  // namespace ouro::engine
