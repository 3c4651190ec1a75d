// Range operations among everything else, against std::map.
#include "tests/engine/range_fixture.hpp"
#include "tests/engine/thread_lane.hpp"
#include "tests/engine/torture.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ouro::engine {
namespace {

constexpr std::uint64_t keys = 120;

struct Exported {
  std::string directory;
  Content content;
};

class Player {
 public:
  explicit Player(std::uint64_t seed) : random_(seed), files_(seed) {
    for (const char* directory : {"one", "two"}) {
      Options options = small_options(directory);
      options.identity = random_.next();
      options.memtable_bytes = 1000 + random_.below(6000);
      options.table_file_bytes = 500 + random_.below(3000);
      sides_.push_back({std::make_unique<TestDb>(files_, options), {}, {}});
      REQUIRE(sides_.back().db->open());
    }
  }

  void play(std::uint64_t steps) {
    for (std::uint64_t step = 0; step < steps; ++step) {
      CAPTURE(step);
      one_step(sides_[random_.below(sides_.size())]);
    }
    for (Side& side : sides_) check(side);
    // A run in which hardly anything could be taken in would prove little.
    REQUIRE(ingested_ > 3);
  }

 private:
  struct Side {
    std::unique_ptr<TestDb> db;
    Content model;
    /// Keys that were written or removed since their range was dropped last: what is there may be
    /// a removal.
    Content touched;
  };

  Range range() {
    const std::uint64_t start = random_.below(keys);
    const std::uint64_t size = 1 + random_.below(random_.one_in(4) ? keys : 15);
    return {random_.one_in(12) ? "" : key_of(start),
            random_.one_in(12) ? "" : key_of(start + size)};
  }

  void write(Side& side) {
    Batch batch;
    for (std::uint64_t change = random_.below(4); change < 5; ++change) {
      const std::string key = key_of(random_.below(keys));
      side.touched[key];
      if (random_.one_in(3)) {
        batch.remove(0, key);
        side.model.erase(key);
        continue;
      }
      const std::string value = random_text(random_, 1 + random_.below(120));
      batch.put(0, key, value);
      side.model[key] = value;
    }
    REQUIRE((*side.db)->commit_sync(std::move(batch), Durability::os));
  }

  void drop(Side& side) {
    const Range dropped = range();
    REQUIRE((*side.db)->drop_range(0, dropped));
    erase(side.model, dropped);
    erase(side.touched, dropped);
  }

  void write_export(Side& side) {
    const Range exported = range();
    Exported made{"export" + std::to_string(++exports_), part(side.model, exported)};
    const auto written = (*side.db)->export_range(0, exported, made.directory);
    REQUIRE(written);
    REQUIRE(written->entries == made.content.size());
    exported_.push_back(std::move(made));
  }

  void ingest(Side& side) {
    if (exported_.empty()) return;
    const Exported& from = exported_[random_.below(exported_.size())];
    if (from.content.empty()) return;
    const Range needed{from.content.begin()->first, from.content.rbegin()->first + '\0'};
    const bool expected = part(side.touched, needed).empty();
    if (!expected && !random_.one_in(4)) {
      REQUIRE((*side.db)->drop_range(0, needed));
      erase(side.model, needed);
      erase(side.touched, needed);
    }
    const auto taken = (*side.db)->ingest(0, from.directory);
    // A removal may have been compacted away, so a touched range may be unused all the same.
    if (!taken) REQUIRE(taken.error().code == ErrorCode::exists);
    if (part(side.touched, needed).empty()) REQUIRE(taken);
    if (!part(side.model, needed).empty()) REQUIRE_FALSE(taken);
    if (!taken) return;
    ++ingested_;
    side.model.insert(from.content.begin(), from.content.end());
    side.touched.insert(from.content.begin(), from.content.end());
  }

  void one_step(Side& side) {
    TestDb& db = *side.db;
    const std::uint64_t choice = random_.below(1000);
    if (choice < 650) {
      write(side);
    } else if (choice < 690) {
      drop(side);
    } else if (choice < 720) {
      write_export(side);
    } else if (choice < 760) {
      ingest(side);
    } else if (choice < 900) {
      db.lane.run_one();
    } else if (choice < 930) {
      REQUIRE(db->flush_sync());
    } else if (choice < 940) {
      REQUIRE(db->compact_sync());
    } else if (choice < 970) {
      db.lane.run_all();
    } else if (choice < 990) {
      REQUIRE(db.content(0) == side.model);
    } else {
      REQUIRE(db.reopen());
      check(side);
    }
  }

  void check(Side& side) {
    REQUIRE(side.db->content(0) == side.model);
    for (const auto& [key, value] : side.model) REQUIRE(side.db->get(0, key) == value);
    check_whole(*side.db);
  }

  SeededRandom random_;
  sim::FileSystem files_;
  std::vector<Side> sides_;
  std::vector<Exported> exported_;
  int exports_ = 0;
  int ingested_ = 0;
};

TEST_CASE("databases that pass ranges to each other say what maps say", "[ranges][model]") {
  for (std::uint64_t number = 1; number <= torture::pick(12, 100); ++number) {
    const std::uint64_t seed = torture::seed(number);
    CAPTURE(seed);
    Player(seed).play(torture::pick(1200, 4000));
  }
}

// The numbers that a drop of [10, 30) left in its range: none from before it, and of those that
// were written during it the later ones.
bool is_cut_once(Db& db, std::uint64_t before, std::uint64_t after) {
  std::map<std::string, std::uint64_t, std::less<>> left;
  std::uint64_t first = after;
  const auto it = db.scan(0, {key_of(10), key_of(30)}, {});
  for (; it->valid(); it->next()) {
    const std::uint64_t number = std::stoull(std::string(it->value()));
    if (number <= before) return false;
    left.emplace(it->key(), number);
    first = std::min(first, number);
  }
  for (std::uint64_t number = first; number <= after; ++number) {
    if (number % 40 < 10 || number % 40 >= 30) continue;
    const auto found = left.find(key_of(number % 40));
    // A number that is not there must be hidden by a later one; `first` itself may be the one that
    // the drop was just behind.
    if (number > first && (found == left.end() || found->second < number)) return false;
  }
  return it->status().has_value();
}

TEST_CASE("a drop under writes cuts them at one moment", "[ranges][thread]") {
  sim::FileSystem files;
  ThreadLane commit, flush, compaction;
  auto opened = Db::open(small_options(), files, {commit, flush, compaction});
  REQUIRE(opened);
  Db& db = **opened;
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<bool> ended{false}, failed{false};
  std::thread writer([&] {
    for (std::uint64_t number = 1; !ended; ++number) {
      Batch batch;
      batch.put(0, key_of(number % 40), std::to_string(number));
      if (!db.commit_sync(std::move(batch), Durability::os)) failed = true;
      acknowledged = number;
    }
  });
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t before = acknowledged;
    if (!db.drop_range(0, {key_of(10), key_of(30)})) failed = true;
    if (!is_cut_once(db, before, acknowledged)) failed = true;
    static_cast<void>(db.scrub(2000));
  }
  ended = true;
  writer.join();
  CHECK_FALSE(failed);
  REQUIRE(db.compact_sync());
  CHECK(db.verify()->damage.empty());
}

}  // namespace
}  // namespace ouro::engine
