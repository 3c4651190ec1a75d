// The database against std::map, under random use.
#include "tests/engine/db_fixture.hpp"
#include "tests/engine/torture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {
namespace {

struct Held {
  std::shared_ptr<const Snapshot> snapshot;
  Content content[2];
};

class Player {
 public:
  explicit Player(std::uint64_t seed)
      : random_(seed), files_(seed), db_(files_, options(), 1 + random_.below(3)) {
    REQUIRE(db_.open());
  }

  void play(std::uint64_t steps) {
    for (std::uint64_t step = 0; step < steps; ++step) {
      CAPTURE(step);
      one_step();
    }
    check_all();
  }

 private:
  Options options() {
    Options options = small_options();
    for (TableSpec& table : options.tables) table.token_order = token_order_;
    options.memtable_bytes = some(1000, 64 << 10);
    options.memtables_max = 1 + random_.below(4);
    options.block_bytes = some(64, 64 << 10);
    options.memory_bytes = random_.one_in(3) ? 0 : some(1000, 1 << 20);
    options.table_file_bytes = some(500, 64 << 10);
    options.filter_bits_per_key = static_cast<unsigned>(random_.below(12));
    options.compress = random_.one_in(2);
    options.wal_segment_bytes = some(500, 64 << 10);
    options.manifest_bytes = some(500, 16 << 10);
    options.level0_runs_max = 1 + static_cast<unsigned>(random_.below(8));
    options.level0_runs_stop = options.level0_runs_max + 2;
    options.level_ratio = 2 + static_cast<unsigned>(random_.below(8));
    options.merge_width = 2 + static_cast<unsigned>(random_.below(12));
    files_.set_cache_misses(random_.one_in(2) ? 0 : 500);
    return options;
  }

  // As often small as large, in orders of magnitude.
  std::size_t some(std::size_t least, std::size_t most) {
    std::size_t most_here = least;
    while (most_here < most && !random_.one_in(4)) most_here *= 2;
    return least + random_.below(most_here < most ? most_here : most);
  }

  std::string key() { return "key" + std::to_string(random_.below(150)); }

  void write() {
    Batch batch;
    for (std::uint64_t change = random_.below(4); change < 5; ++change) {
      const auto table = static_cast<TableId>(random_.below(2));
      const std::string name = key();
      if (random_.one_in(3)) {
        batch.remove(table, name);
        model_[table].erase(name);
      } else {
        const std::string value =
            std::to_string(random_.next()) + std::string(random_.below(200), 'x');
        batch.put(table, name, value);
        model_[table][name] = value;
      }
    }
    REQUIRE(db_->commit_sync(std::move(batch), Durability::os));
  }

  void read() {
    const auto table = static_cast<TableId>(random_.below(2));
    const std::string name = key();
    const auto expected = model_[table].find(name);
    REQUIRE(db_.get(table, name) == (expected == model_[table].end() ? "-" : expected->second));
  }

  void read_many() {
    std::vector<std::string> keys(1 + random_.below(40));
    std::vector<Lookup> lookups;
    for (std::string& name : keys) name = key();
    for (const std::string& name : keys)
      lookups.push_back({static_cast<TableId>(random_.below(2)), name, {}});
    const Status got = db_->get(lookups, {.mode = ReadMode::cached});
    if (!got) REQUIRE(got.error().code == ErrorCode::would_block);
    if (!got) REQUIRE(db_->get(lookups));
    for (const Lookup& lookup : lookups) {
      const auto expected = model_[lookup.table].find(std::string(lookup.key));
      REQUIRE(lookup.value.has_value() == (expected != model_[lookup.table].end()));
      if (lookup.value) REQUIRE(lookup.value->view() == expected->second);
    }
  }

  void scan() {
    const auto table = static_cast<TableId>(random_.below(2));
    const Range range{key(), random_.one_in(3) ? "" : key()};
    auto expected = model_[table].lower_bound(range.start);
    const auto it = db_->scan(table, range, {});
    for (; it->valid(); it->next(), ++expected) {
      REQUIRE(expected != model_[table].end());
      REQUIRE(it->key() == expected->first);
      REQUIRE(it->value() == expected->second);
    }
    REQUIRE(it->status());
    REQUIRE((expected == model_[table].end() ||
             (!range.end.empty() && expected->first >= range.end) ||
             (!range.end.empty() && range.end <= range.start)));
  }

  void hold() {
    if (held_.size() < 4) {
      held_.push_back({db_->snapshot(), {model_[0], model_[1]}});
      return;
    }
    const auto victim = held_.begin() + static_cast<std::ptrdiff_t>(random_.below(held_.size()));
    for (TableId table = 0; table < 2; ++table)
      REQUIRE(db_.content(table, victim->snapshot.get()) == victim->content[table]);
    held_.erase(victim);
  }

  void one_step() {
    const std::uint64_t choice = random_.below(1000);
    if (choice < 600) {
      write();
    } else if (choice < 770) {
      read();
    } else if (choice < 800) {
      read_many();
    } else if (choice < 860) {
      scan();
    } else if (choice < 900) {
      hold();
    } else if (choice < 980) {
      db_.lane.run_one();
    } else if (choice < 988) {
      REQUIRE(db_->flush_sync());
    } else if (choice < 991) {
      REQUIRE(db_->compact_sync());
    } else if (choice < 995) {
      db_.lane.run_all();
    } else {
      reopen();
    }
  }

  void reopen() {
    held_.clear();
    db_.close();
    if (random_.one_in(2)) files_.end_process();
    db_.options() = options();
    REQUIRE(db_.open());
    check_all();
  }

  void check_all() {
    for (TableId table = 0; table < 2; ++table) REQUIRE(db_.content(table) == model_[table]);
    const auto report = db_->verify();
    REQUIRE(report);
    REQUIRE(report->damage.empty());
  }

  SeededRandom random_;
  const bool token_order_ = random_.one_in(2);
  sim::FileSystem files_;
  TestDb db_;
  Content model_[2];
  std::vector<Held> held_;
};

// The long form does a million operations.
TEST_CASE("a database under random use says what a map says", "[engine][model]") {
  for (std::uint64_t number = 1; number <= torture::pick(12, 40); ++number) {
    const std::uint64_t seed = torture::seed(number);
    CAPTURE(seed);
    Player(seed).play(torture::pick(1500, 25'000));
  }
}

}  // namespace
}  // namespace ouro::engine
