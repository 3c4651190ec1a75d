// Real threads on a database: for the thread sanitizer, and for what only threads can break.
#include "tests/engine/db_fixture.hpp"
#include "tests/engine/thread_lane.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace ouro::engine {
namespace {

// Writer w puts the same growing number under both of its keys, one in each table, so that a reader
// can tell a torn or a backward view.
class Stress {
 public:
  Stress() {
    auto opened = Db::open(small_options(), files_, {commit_, flush_, compaction_});
    REQUIRE(opened);
    db_ = std::move(*opened);
  }

  void run() {
    std::vector<std::thread> threads;
    for (unsigned writer = 0; writer < 2; ++writer)
      threads.emplace_back([this, writer] { write(writer); });
    for (unsigned reader = 0; reader < 2; ++reader)
      threads.emplace_back([this, reader] { read(reader); });
    threads[0].join();
    threads[1].join();
    finished_ = true;
    threads[2].join();
    threads[3].join();
    CHECK(wrong_ == 0);
    for (unsigned writer = 0; writer < 2; ++writer) CHECK(acknowledged_[writer] == rounds);
  }

  // Everything is there after the process ended.
  void check_reopened() {
    db_.reset();
    auto opened = Db::open(small_options(), files_, {commit_, flush_, compaction_});
    REQUIRE(opened);
    db_ = std::move(*opened);
    for (unsigned writer = 0; writer < 2; ++writer)
      CHECK(number_of(**db_->get(0, key(writer))) == rounds);
    CHECK(db_->verify()->damage.empty());
  }

 private:
  static constexpr std::uint64_t rounds = 1500;

  static std::string key(unsigned writer) { return "writer" + std::to_string(writer); }
  static std::uint64_t number_of(const SharedBytes& value) {
    return value.empty() ? 0 : std::stoull(std::string(value.view()));
  }

  void write(unsigned writer) {
    for (std::uint64_t round = 1; round <= rounds;) {
      Batch batch;
      const std::string value = std::to_string(round) + std::string(round % 100, ' ');
      batch.put(0, key(writer), value);
      batch.put(1, key(writer), value);
      batch.put(0, "filler" + std::to_string(round % 50), value);
      const Durability durability = round % 3 == 0 ? Durability::os : Durability::disk;
      const Status queued =
          db_->commit(std::move(batch), durability, [this, writer, round](Result<Sequence> done) {
            if (!done || acknowledged_[writer].exchange(round) + 1 != round) ++wrong_;
          });
      if (queued)
        ++round;
      else
        std::this_thread::yield();
      if (round % 400 == 0) static_cast<void>(db_->commit_sync(Batch(), Durability::disk));
      if (round % 500 == 0) static_cast<void>(db_->compact_sync());
    }
    // The queue is empty once a later write was answered; wait for the callbacks too.
    while (acknowledged_[writer] != rounds) std::this_thread::yield();
  }

  void read(unsigned reader) {
    std::uint64_t seen[2] = {0, 0};
    std::shared_ptr<const Snapshot> snapshot;
    for (std::uint64_t i = 0; !finished_; ++i) {
      const unsigned writer = static_cast<unsigned>(i % 2);
      const std::uint64_t before = acknowledged_[writer];
      const std::string name = key(writer);
      Lookup lookups[2] = {{0, name, {}}, {1, name, {}}};
      if (!db_->get(lookups)) ++wrong_;
      const std::uint64_t first = lookups[0].value ? number_of(*lookups[0].value) : 0;
      const std::uint64_t second = lookups[1].value ? number_of(*lookups[1].value) : 0;
      if (first != second || first < before || first < seen[writer]) ++wrong_;
      seen[writer] = first;
      if (i % 64 == reader) check_snapshot(*db_->snapshot());
      if (i % 256 == reader) {
        static_cast<void>(db_->stats());
        static_cast<void>(db_->pressure());
      }
    }
  }

  void check_snapshot(const Snapshot& snapshot) {
    std::vector<std::string> found[2];
    for (TableId table = 0; table < 2; ++table) {
      const auto it = db_->scan(table, {"writer", ""}, {.snapshot = &snapshot});
      for (; it->valid(); it->next()) found[table].emplace_back(it->value());
      if (!it->status()) ++wrong_;
    }
    if (found[0] != found[1]) ++wrong_;
  }

  sim::FileSystem files_;
  ThreadLane commit_, flush_, compaction_;
  std::unique_ptr<Db> db_;
  std::atomic<std::uint64_t> acknowledged_[2] = {0, 0};
  std::atomic<bool> finished_{false};
  std::atomic<int> wrong_{0};
};

TEST_CASE("threads see whole batches, never older ones, and lose none", "[engine]") {
  Stress stress;
  stress.run();
  stress.check_reopened();
}

}  // namespace
}  // namespace ouro::engine
