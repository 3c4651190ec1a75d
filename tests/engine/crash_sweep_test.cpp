// A crash at every single operation of a busy life: what was acknowledged is there, and what is
// there is a prefix of what was submitted.
#include "tests/engine/history.hpp"
#include "tests/engine/torture.hpp"

#include <string>

namespace ouro::engine {
namespace {

/// How a database is run: its options and the number of its compaction lanes.
struct Setting {
  Options options = small_options();
  std::size_t compaction_lanes = 1;
};

/// Files so small that every merge is cut into parts, which the lanes do by turns.
Setting in_parts() {
  Setting setting;
  setting.options.table_file_bytes = 700;
  setting.compaction_lanes = 3;
  return setting;
}

void check_goes_on(sim::FileSystem& files, const Setting& setting, const History& history) {
  TestDb db(files, setting.options, setting.compaction_lanes);
  const Status opened = db.open();
  CAPTURE(opened ? "" : to_string(opened.error()));
  REQUIRE(opened);
  const std::size_t number = prefix_of(db, history);
  REQUIRE(number >= history.durable);

  // What was shown once stays, even if the power fails again at once.
  const auto again = files.after_crash({sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0}, 1);
  TestDb later(*again, setting.options, setting.compaction_lanes);
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

// Stops recovery after `stop` changes of the disk; false if it was through before.
bool check_recovery_crash(const sim::FileSystem& crashed, const History& history,
                          std::uint64_t stop, Random& random) {
  CAPTURE(stop);
  const auto files =
      crashed.after_crash({sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0}, 1);
  files->stop_after_change(stop);
  {
    TestDb db(*files);
    static_cast<void>(db.open());
  }
  const bool stopped = files->changes() > stop;
  const auto again = files->after_crash(sim::random_crash_policy(random), random.next());
  TestDb db(*again);
  const Status opened = db.open();
  CAPTURE(opened ? "" : to_string(opened.error()));
  REQUIRE(opened);
  REQUIRE(prefix_of(db, history) >= history.durable);
  return stopped;
}

void check_recovery_can_crash(const sim::FileSystem& crashed, const History& history,
                              std::uint64_t seed) {
  SeededRandom random(seed);
  if (torture::is_long()) {
    for (std::uint64_t stop = 0; check_recovery_crash(crashed, history, stop, random); ++stop) {
    }
    return;
  }
  for (int sample = 0; sample < 2; ++sample)
    check_recovery_crash(crashed, history, random.below(14), random);
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

void sweep(const Setting& setting, std::uint64_t seed, std::uint64_t first, std::uint64_t step) {
  std::uint64_t end = 0;
  {
    sim::FileSystem files(seed);
    History history;
    TestDb db(files, setting.options, setting.compaction_lanes);
    live(db, history, seed);
    REQUIRE(history.submitted == batches);
    REQUIRE(history.checkpoint);
    end = files.changes();
  }
  for (std::uint64_t k = first; k <= end; k += step) {
    sim::FileSystem files(seed);
    files.stop_after_change(k);
    History history;
    TestDb db(files, setting.options, setting.compaction_lanes);
    live(db, history, seed);
    std::uint64_t policy_number = 0;
    for (const sim::CrashPolicy& policy : sim::crash_policies()) {
      CAPTURE(seed, k, policy_number, history.durable, history.submitted);
      const auto crashed = files.after_crash(policy, seed + k);
      if (torture::is_long() || (k + policy_number) % 5 == 0)
        check_recovery_can_crash(*crashed, history, seed + k);
      if (torture::is_long() || k % 3 == 0) check_checkpoint(*crashed, history);
      check_goes_on(*crashed, setting, history);
      ++policy_number;
    }
  }
}

// How far apart the places are at which a sweep stops.
std::uint64_t stride(std::uint64_t in_short) { return torture::pick(in_short, 1); }

TEST_CASE("a crash at any operation loses nothing acknowledged and invents nothing",
          "[engine][crash]") {
  sweep({}, torture::seed(1), 0, 1);
}

TEST_CASE("other histories survive crashes too", "[engine][crash]") {
  for (std::uint64_t number = 2; number < torture::pick(8, 4); ++number)
    sweep({}, torture::seed(number), number % stride(13), stride(13));
}

TEST_CASE("a crash between any two steps of the parts of a compaction loses nothing",
          "[engine][crash]") {
  for (std::uint64_t number = 11; number < torture::pick(14, 13); ++number)
    sweep(in_parts(), torture::seed(number), number % stride(11), stride(11));
}

}  // namespace
}  // namespace ouro::engine
