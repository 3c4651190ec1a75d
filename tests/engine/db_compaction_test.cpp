// Compaction under a database: who works on it, and what happens when a part fails.
#include "tests/engine/db_fixture.hpp"

#include <optional>
#include <string>

namespace ouro::engine {
namespace {

/// Three compaction lanes, each driven on its own.
struct Lively {
  Lively() {
    options.level0_runs_max = 2;
    options.table_file_bytes = 700;
    options.memtables_max = 100;
    open();
  }
  void open() {
    auto opened =
        Db::open(options, files, {commit, flush, {&compaction[0], &compaction[1], &compaction[2]}});
    REQUIRE(opened);
    db = std::move(*opened);
  }
  ~Lively() {
    db.reset();
    for (sim::QueueLane* lane : {&commit, &flush, &compaction[0], &compaction[1], &compaction[2]})
      lane->drop_all();
  }
  /// One run more in level 0.
  void add_run(std::uint64_t seed) {
    SeededRandom random(seed);
    Batch batch;
    for (int i = 0; i < 40; ++i)
      batch.put(0, "key" + std::to_string(random.below(200)),
                std::string(50, 'v') + std::to_string(seed));
    REQUIRE(db->commit_sync(std::move(batch), Durability::disk));
    REQUIRE(db->flush_sync());
  }
  std::size_t busy_lanes() const {
    std::size_t count = 0;
    for (const sim::QueueLane& lane : compaction) count += lane.waiting() > 0 ? 1 : 0;
    return count;
  }
  void run_lanes() {
    while (busy_lanes() > 0)
      for (sim::QueueLane& lane : compaction) lane.run_one();
  }
  /// No table file can be created after `allowed` more.
  void fail_tables(int allowed) {
    files.fail_when([allowed](sim::Operation operation, const std::string& path) mutable {
      const bool counts = operation == sim::Operation::create && path.ends_with(".sst");
      return counts && allowed-- <= 0 ? std::optional(ErrorCode::no_space) : std::nullopt;
    });
  }
  Content content() const {
    Content found;
    for (const auto it = db->scan(0, {}); it->valid(); it->next())
      found.emplace(it->key(), it->value());
    return found;
  }

  Options options = small_options();
  sim::FileSystem files;
  sim::QueueLane commit, flush, compaction[3];
  std::unique_ptr<Db> db;
};

TEST_CASE("one lane compacts while it keeps up, all when level 0 grows", "[engine]") {
  Lively f;
  f.add_run(1);
  f.add_run(2);
  CHECK(f.busy_lanes() == 1);
  for (std::uint64_t run = 3; run <= 6; ++run) f.add_run(run);
  CHECK(f.busy_lanes() == 3);
  const Content before = f.content();
  f.run_lanes();
  CHECK(f.db->stats().compactions > 0);
  CHECK(f.db->stats().files_per_level[0] < 2);
  CHECK(f.content() == before);
  CHECK(f.db->verify()->damage.empty());
}

TEST_CASE("a compaction under way is finished by whoever waits for it", "[engine]") {
  Lively f;
  for (std::uint64_t run = 1; run <= 6; ++run) f.add_run(run);
  const Content before = f.content();
  // Begun, prepared, and some parts stepped.
  for (int step = 0; step < 2; ++step)
    for (sim::QueueLane& lane : f.compaction) lane.run_one();
  REQUIRE(f.db->compact_sync());
  CHECK(f.content() == before);
  f.run_lanes();
  CHECK(f.content() == before);
  CHECK(f.db->verify()->damage.empty());
}

TEST_CASE("if a part of a compaction fails all are given up and tried again", "[engine]") {
  for (int failing = 0; failing < 6; ++failing) {
    CAPTURE(failing);
    Lively f;
    for (std::uint64_t run = 1; run <= 6; ++run) f.add_run(run);
    const Content before = f.content();
    const std::size_t files_before = f.files.list(f.options.directory)->size();
    f.fail_tables(failing);
    f.run_lanes();
    CHECK(f.db->stats().compactions == 0);
    CHECK(f.db->pressure().reason.find("no_space") != std::string::npos);
    CHECK(f.files.list(f.options.directory)->size() == files_before);
    CHECK(f.content() == before);
    f.files.fail_when(nullptr);
    f.add_run(7);
    f.run_lanes();
    CHECK(f.db->stats().compactions > 0);
    CHECK(f.db->stats().files_per_level[0] < 2);
  }
}

TEST_CASE("a refused commit asks again for a compaction that failed", "[engine]") {
  Lively f;
  std::uint64_t run = 0;
  while (f.db->pressure().permille < 1000) f.add_run(++run);
  f.fail_tables(0);
  f.run_lanes();
  CHECK(f.busy_lanes() == 0);
  f.files.fail_when(nullptr);
  Batch batch;
  batch.put(0, "key", "v");
  const Status refused = f.db->commit(std::move(batch), Durability::disk, [](Result<Sequence>) {});
  CHECK(code_of(refused) == ErrorCode::busy);
  CHECK(f.busy_lanes() == 3);
  f.run_lanes();
  CHECK(f.db->pressure().permille < 1000);
}

}  // namespace
}  // namespace ouro::engine
