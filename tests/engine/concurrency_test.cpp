// Real threads on a database: for the thread sanitizer, and for what only threads can break.
#include "tests/engine/db_fixture.hpp"
#include "tests/engine/thread_lane.hpp"
#include "tests/engine/torture.hpp"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace ouro::engine {
namespace {

// The value of a key is made of the key and a number, so that a reader can tell a value that was
// torn, mixed up or read from memory that was given away.
std::string value_of(std::string_view key, std::uint64_t number) {
  return std::to_string(number) + " " + std::string(key) + " " +
         std::string(number % 90, static_cast<char>('a' + number % 26));
}

/// The number in a value; nothing if it is not what was written under the key.
std::optional<std::uint64_t> number_of(std::string_view key, std::string_view value) {
  std::uint64_t number = 0;
  for (const char digit : value.substr(0, value.find(' '))) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (value != value_of(key, number)) return std::nullopt;
  return number;
}

// Writer w puts the same growing number under its keys of both tables, so that a reader can tell a
// torn or a backward view; what is in between fills blocks, of which the cache holds a few.
class Stress {
 public:
  explicit Stress(bool token_order) {
    options_.memory_bytes = 24 << 10;
    options_.table_file_bytes = 1500;
    options_.memtable_bytes = 16 << 10;
    for (TableSpec& table : options_.tables) table.token_order = token_order;
    files_.set_cache_misses(200);
    open();
  }

  void run() {
    std::vector<std::thread> writers, others;
    for (unsigned writer = 0; writer < 2; ++writer)
      writers.emplace_back([this, writer] { write(writer); });
    for (unsigned reader = 0; reader < 4; ++reader)
      others.emplace_back([this, reader] { read(reader); });
    others.emplace_back([this] { scan(); });
    others.emplace_back([this] { maintain(); });
    for (std::thread& thread : writers) thread.join();
    finished_ = true;
    for (std::thread& thread : others) thread.join();
    CHECK(wrong_ == 0);
    for (unsigned writer = 0; writer < 2; ++writer) CHECK(acknowledged_[writer] == rounds_);
    // Else the threads met nothing that they were to meet.
    const Stats stats = db_->stats();
    CHECK(stats.cache_misses > 100);
    CHECK(stats.flushes > 3);
    CHECK(stats.compactions > 3);
    CHECK(dropped_ > 0);
  }

  // Everything is there after the process ended.
  void check_reopened() {
    db_.reset();
    open();
    for (unsigned writer = 0; writer < 2; ++writer)
      CHECK(number_of(key(writer), db_->get(0, key(writer))->value().view()) == rounds_);
    CHECK(db_->verify()->damage.empty());
  }

 private:
  static constexpr std::uint64_t fillers = 60;
  const std::uint64_t rounds_ = torture::pick(2000, 20'000);

  static std::string key(unsigned writer) { return "writer" + std::to_string(writer); }
  static std::string filler(std::uint64_t number) {
    return "filler" + std::to_string(100 + number % fillers);
  }

  void open() {
    auto opened = Db::open(options_, files_,
                           {commit_, flush_, {&compaction_[0], &compaction_[1], &compaction_[2]}});
    REQUIRE(opened);
    db_ = std::move(*opened);
  }

  void expect(bool holds) {
    if (!holds) ++wrong_;
  }

  void write(unsigned writer) {
    const std::string own = key(writer);
    for (std::uint64_t round = 1; round <= rounds_;) {
      Batch batch;
      const std::string value = value_of(own, round);
      batch.put(0, own, value);
      batch.put(1, own, value);
      for (std::uint64_t i = 0; i < 3; ++i) {
        const std::string key = filler(round * 7 + i + writer);
        batch.put(static_cast<TableId>(i % 2), key, value_of(key, round));
      }
      if (round % 5 == 0) batch.remove(0, filler(round));
      const auto durability = static_cast<Durability>(round % 3);
      const Status queued =
          db_->commit(std::move(batch), durability, [this, writer, round](Result<Sequence> done) {
            expect(done && acknowledged_[writer].exchange(round) + 1 == round);
          });
      if (queued)
        ++round;
      else
        std::this_thread::yield();
      if (round % 400 == 0) expect(db_->commit_sync(Batch(), Durability::disk).has_value());
    }
    // The queue is empty once a later write was answered; wait for the callbacks too.
    while (acknowledged_[writer] != rounds_) std::this_thread::yield();
  }

  // As an event loop reads: without waiting if memory has the answer.
  bool get(std::span<Lookup> lookups, std::uint64_t turn) {
    const ReadMode first = turn % 2 == 0 ? ReadMode::cached : ReadMode::blocking;
    Status got = db_->get(lookups, {.mode = first});
    if (!got && got.error().code == ErrorCode::would_block) got = db_->get(lookups);
    return got.has_value();
  }

  void read(unsigned reader) {
    std::uint64_t seen[2] = {0, 0};
    for (std::uint64_t i = reader; !finished_; ++i) {
      const auto writer = static_cast<unsigned>(i % 2);
      const std::uint64_t before = acknowledged_[writer];
      const std::string name = key(writer);
      Lookup lookups[2] = {{0, name, {}}, {1, name, {}}};
      expect(get(lookups, i));
      std::uint64_t numbers[2] = {0, 0};
      for (int table = 0; table < 2; ++table)
        if (lookups[table].value)
          numbers[table] = number_of(name, lookups[table].value->view()).value_or(0);
      expect(numbers[0] == numbers[1] && numbers[0] >= before && numbers[0] >= seen[writer]);
      seen[writer] = numbers[0];
      if (i % 3 == 0) read_fillers(i);
    }
  }

  void read_fillers(std::uint64_t turn) {
    std::vector<std::string> keys;
    std::vector<Lookup> lookups;
    for (std::uint64_t i = 0; i < 1 + turn % 20; ++i) keys.push_back(filler(turn + i * 3));
    for (const std::string& name : keys)
      lookups.push_back({static_cast<TableId>((turn + lookups.size()) % 2), name, {}});
    expect(get(lookups, turn));
    for (const Lookup& lookup : lookups)
      expect(!lookup.value || number_of(lookup.key, lookup.value->view()));
  }

  void scan() {
    while (!finished_) {
      const auto snapshot = db_->snapshot();
      std::vector<std::string> found[2];
      for (TableId table = 0; table < 2; ++table) {
        const auto it = db_->scan(table, {"writer", ""}, {.snapshot = snapshot.get()});
        for (; it->valid(); it->next()) found[table].emplace_back(it->value());
        expect(it->status().has_value());
      }
      expect(found[0] == found[1]);
      const auto it = db_->scan(0, {"filler", "filler160"});
      for (; it->valid(); it->next()) expect(number_of(it->key(), it->value()).has_value());
      expect(it->status().has_value());
    }
  }

  // All else that goes on beside reads and writes.
  void maintain() {
    for (std::uint64_t i = 0; !finished_; ++i) {
      const std::string start = filler(i * 11);
      expect(db_->drop_range(i % 2, {start, start + "~"}).has_value());
      ++dropped_;
      if (i % 2 == 0) expect(db_->flush_sync().has_value());
      if (i % 8 == 7) expect(db_->compact_sync().has_value());
      expect(db_->scrub(3000).damage.empty());
      static_cast<void>(db_->stats());
      static_cast<void>(db_->pressure());
    }
  }

  Options options_ = small_options();
  sim::FileSystem files_;
  ThreadLane commit_, flush_;
  std::array<ThreadLane, 3> compaction_;
  std::unique_ptr<Db> db_;
  std::atomic<std::uint64_t> acknowledged_[2] = {0, 0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> finished_{false};
  std::atomic<int> wrong_{0};
};

TEST_CASE("threads see whole batches, never older ones, and lose none", "[engine][stress]") {
  for (const bool token_order : {false, true}) {
    Stress stress(token_order);
    stress.run();
    stress.check_reopened();
  }
}

}  // namespace
}  // namespace ouro::engine
