// A crash at every single operation of a busy life: what was acknowledged is there, and what is
// there is a prefix of what was submitted.
#include "tests/engine/db_fixture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {
namespace {

// Batch i writes i to a key of its own kind in both tables, so that a state tells its prefix.
struct History {
  std::vector<Content> states[2] = {{Content{}}, {Content{}}};
  std::size_t submitted = 0;
  std::size_t durable = 0;  ///< Batches up to this one were acknowledged as on disk.
  std::optional<std::size_t> checkpoint;

  Batch next(Random& random) {
    ++submitted;
    Batch batch;
    for (TableId table = 0; table < 2; ++table) {
      Content state = states[table].back();
      const auto put = [&](const std::string& key, std::string value) {
        state[key] = value;
        batch.put(table, key, std::move(value));
      };
      const std::string number = std::to_string(submitted);
      put("batch", number);
      const std::string key = "key" + std::to_string(random.below(12));
      if (random.one_in(4)) {
        state.erase(key);
        batch.remove(table, key);
      } else {
        put(key, number + std::string(random.below(300), 'v'));
      }
      states[table].push_back(std::move(state));
    }
    return batch;
  }
};

constexpr std::size_t batches = 60;

// Ends at the first error: the machine has stopped.
void live(TestDb& db, History& history, std::uint64_t seed) {
  SeededRandom random(seed);
  if (!db.open()) return;
  bool ok = true;
  while (ok && history.submitted < batches) {
    const Durability durability = random.one_in(3) ? Durability::os : Durability::disk;
    const std::size_t number = history.submitted + 1;
    Batch batch = history.next(random);
    if (random.one_in(2)) {
      const auto done = db->commit_sync(std::move(batch), durability);
      ok = done.has_value();
      if (ok && durability == Durability::disk) history.durable = number;
    } else {
      const Status queued = db->commit(std::move(batch), durability,
                                       [&history, &ok, number, durability](Result<Sequence> done) {
                                         ok = ok && done.has_value();
                                         if (done && durability == Durability::disk)
                                           history.durable = number;
                                       });
      if (!queued && queued.error().code != ErrorCode::busy) break;
      if (!queued) {
        // Refused: it never existed.
        --history.submitted;
        for (auto& states : history.states) states.pop_back();
        db.lane.run_all();
        continue;
      }
    }
    if (random.one_in(2)) db.lane.run_one();
    if (number % 20 == 0) ok = ok && db->flush_sync();
    if (number == 45) ok = ok && db->compact_sync();
    if (number == 50) {
      db.lane.run_all();
      if (ok && db->checkpoint("copy")) history.checkpoint = number;
    }
  }
  db.lane.run_all();
}

// Which batch a database's content ends with; fails the test if it is no prefix.
std::size_t prefix_of(TestDb& db, const History& history) {
  const std::string last = db.get(0, "batch");
  const std::size_t number = last == "-" ? 0 : std::stoul(last);
  REQUIRE(number <= history.submitted);
  REQUIRE(db.content(0) == history.states[0][number]);
  REQUIRE(db.content(1) == history.states[1][number]);
  return number;
}

void check_goes_on(sim::FileSystem& files, const History& history) {
  TestDb db(files);
  const Status opened = db.open();
  CAPTURE(opened ? "" : to_string(opened.error()));
  REQUIRE(opened);
  const std::size_t number = prefix_of(db, history);
  REQUIRE(number >= history.durable);

  // What was shown once stays, even if the power fails again at once.
  const auto again = files.after_crash({sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0}, 1);
  TestDb later(*again);
  REQUIRE(later.open());
  REQUIRE(prefix_of(later, history) == number);

  REQUIRE(later.put(1, "after", "crash"));
  later.lane.run_all();
  REQUIRE(later.reopen());
  REQUIRE(later.get(1, "after") == "crash");
  REQUIRE(later->compact_sync());
  const auto report = later->verify();
  REQUIRE(report);
  REQUIRE(report->damage.empty());
}

void check_recovery_can_crash(const sim::FileSystem& crashed, const History& history,
                              std::uint64_t seed) {
  SeededRandom random(seed);
  for (int sample = 0; sample < 2; ++sample) {
    const auto files =
        crashed.after_crash({sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0}, 1);
    const std::uint64_t stop = random.below(14);
    CAPTURE(stop);
    files->stop_after_change(stop);
    {
      TestDb db(*files);
      static_cast<void>(db.open());
    }
    const auto again = files->after_crash(sim::random_crash_policy(random), random.next());
    TestDb db(*again);
    const Status opened = db.open();
    CAPTURE(opened ? "" : to_string(opened.error()));
    REQUIRE(opened);
    REQUIRE(prefix_of(db, history) >= history.durable);
  }
}

void check_checkpoint(sim::FileSystem& files, const History& history) {
  TestDb copy(files, small_options("copy"));
  if (!copy.open()) {
    REQUIRE_FALSE(history.checkpoint);
    return;
  }
  const std::size_t number = prefix_of(copy, history);
  if (history.checkpoint) REQUIRE(number == *history.checkpoint);
  // An unfinished copy opens as an empty new database or as the whole copy, never as less.
  if (!history.checkpoint) REQUIRE((number == 0 || number == 50));
}

void sweep(std::uint64_t seed, std::uint64_t first, std::uint64_t step) {
  std::uint64_t end = 0;
  {
    sim::FileSystem files(seed);
    History history;
    TestDb db(files);
    live(db, history, seed);
    REQUIRE(history.submitted == batches);
    REQUIRE(history.checkpoint);
    end = files.changes();
  }
  for (std::uint64_t k = first; k <= end; k += step) {
    sim::FileSystem files(seed);
    files.stop_after_change(k);
    History history;
    TestDb db(files);
    live(db, history, seed);
    std::uint64_t policy_number = 0;
    for (const sim::CrashPolicy& policy : sim::crash_policies()) {
      CAPTURE(seed, k, policy_number, history.durable, history.submitted);
      const auto crashed = files.after_crash(policy, seed + k);
      if ((k + policy_number) % 5 == 0) check_recovery_can_crash(*crashed, history, seed + k);
      if (k % 3 == 0) check_checkpoint(*crashed, history);
      check_goes_on(*crashed, history);
      ++policy_number;
    }
  }
}

TEST_CASE("a crash at any operation loses nothing acknowledged and invents nothing",
          "[engine][crash]") {
  sweep(1, 0, 1);
}

TEST_CASE("other histories survive crashes too", "[engine][crash]") {
  for (std::uint64_t seed = 2; seed < 8; ++seed) sweep(seed, seed % 13, 13);
}

}  // namespace
}  // namespace ouro::engine
