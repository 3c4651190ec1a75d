// A writer to be killed: what it wrote, and whether what is left is a prefix of that.
//
//   engine_writer write DIRECTORY SEED   writes batches from where the directory ends, for ever;
//                                        prints "NUMBER DURABILITY" for each that is acknowledged
//   engine_writer check DIRECTORY SEED   prints the number of the last batch that is there, if all
//                                        before it are there too and nothing else is
//
// A batch is made of its number and the seed alone, so the content after any number is known.
#include "base/random.hpp"
#include "engine/db.hpp"
#include "net/posix_file_system.hpp"
#include "net/thread_lane.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace ouro;
using namespace ouro::engine;

constexpr const char* last_key = "last batch";
constexpr std::ptrdiff_t in_flight_max = 16;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

template <class T>
auto expect(T&& result) {
  if (!result) fail(to_string(result.error()));
  return std::move(*result);
}

struct Change {
  TableId table;
  std::string key;
  std::optional<std::string> value;  ///< Nothing: a removal.
};

std::vector<Change> changes_of(std::uint64_t seed, std::uint64_t number) {
  SeededRandom random(seed * 1'000'003 + number);
  std::vector<Change> changes;
  for (std::uint64_t i = random.below(4); i < 4; ++i) {
    Change change{static_cast<TableId>(random.below(2)), std::to_string(random.below(2000)), {}};
    if (!random.one_in(5))
      change.value = std::to_string(number) + std::string(random.below(400), 'v');
    changes.push_back(std::move(change));
  }
  changes.push_back({0, last_key, std::to_string(number)});
  return changes;
}

Durability durability_of(std::uint64_t number) {
  return number % 50 == 0 ? Durability::disk : number % 3 > 0 ? Durability::os : Durability::memory;
}

/// A database of the real kind, in sizes that flush and compact all the time.
class Writer {
 public:
  Writer(const std::string& directory, std::uint64_t seed) : seed_(seed) {
    Options options;
    options.directory = directory;
    options.identity = seed;
    options.tables = {{.name = "data"}, {.name = "extra"}};
    options.memtable_bytes = 128 << 10;
    options.table_file_bytes = 64 << 10;
    options.wal_segment_bytes = 96 << 10;
    options.manifest_bytes = 4 << 10;
    options.level0_runs_max = 2;
    db_ = expect(Db::open(options, files_, {commit_, flush_, {&compact_a_, &compact_b_}}));
  }

  std::uint64_t last() {
    const auto value = expect(db_->get(0, last_key));
    return value ? std::stoull(std::string(value->view())) : 0;
  }

  [[noreturn]] void write() {
    for (std::uint64_t number = last() + 1;; ++number) {
      in_flight_.acquire();
      commit(number);
    }
  }

  void check() {
    const std::uint64_t number = last();
    std::map<std::string, std::string> expected[2];
    for (std::uint64_t i = 1; i <= number; ++i)
      for (Change& change : changes_of(seed_, i))
        if (change.value)
          expected[change.table][change.key] = std::move(*change.value);
        else
          expected[change.table].erase(change.key);
    for (TableId table = 0; table < 2; ++table) {
      auto at = expected[table].begin();
      const auto it = db_->scan(table, {});
      for (; it->valid(); it->next(), ++at)
        if (at == expected[table].end() || it->key() != at->first || it->value() != at->second)
          fail("table " + std::to_string(table) + " is not as batch " + std::to_string(number) +
               " left it, at key " + std::string(it->key()));
      if (!it->status()) fail(to_string(it->status().error()));
      if (at != expected[table].end()) fail("key " + at->first + " is missing");
    }
    const auto report = expect(db_->verify());
    if (!report.damage.empty()) fail(report.damage.front());
    std::printf("%llu\n", static_cast<unsigned long long>(number));
  }

 private:
  static Batch batch_of(std::uint64_t seed, std::uint64_t number) {
    Batch batch;
    for (const Change& change : changes_of(seed, number))
      if (change.value)
        batch.put(change.table, change.key, *change.value);
      else
        batch.remove(change.table, change.key);
    return batch;
  }

  void commit(std::uint64_t number) {
    const Durability durability = durability_of(number);
    const Status queued = db_->commit(batch_of(seed_, number), durability,
                                      [this, number, durability](Result<Sequence> done) {
                                        expect(std::move(done));
                                        acknowledge(number, durability);
                                      });
    if (queued) return;
    if (queued.error().code != ErrorCode::busy) fail(to_string(queued.error()));
    // The synchronous form makes room where the other refuses.
    expect(db_->commit_sync(batch_of(seed_, number), durability));
    acknowledge(number, durability);
  }

  void acknowledge(std::uint64_t number, Durability durability) {
    constexpr const char* names[] = {"memory", "os", "disk"};
    const std::string line =
        std::to_string(number) + " " + names[static_cast<std::size_t>(durability)] + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) fail("nobody listens");
    in_flight_.release();
  }

  const std::uint64_t seed_;
  std::counting_semaphore<in_flight_max> in_flight_{in_flight_max};
  net::PosixFileSystem files_;
  net::ThreadLane commit_{"commit", net::LaneClass::foreground};
  net::ThreadLane flush_{"flush", net::LaneClass::background};
  net::ThreadLane compact_a_{"compact-1", net::LaneClass::bulk};
  net::ThreadLane compact_b_{"compact-2", net::LaneClass::bulk};
  std::unique_ptr<Db> db_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc == 4 ? argv[1] : "";
  if (word != "write" && word != "check") fail("usage: engine_writer write|check DIRECTORY SEED");
  Writer writer(argv[2], std::stoull(argv[3]));
  if (word == "write") writer.write();
  writer.check();
}
