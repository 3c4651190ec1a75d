// One operation fails, each in turn: no acknowledged write is lost, the error says what happened,
// and the next open mends everything.
#include "tests/engine/history.hpp"
#include "tests/engine/torture.hpp"

#include <string>

namespace ouro::engine {
namespace {

void check_after_fault(TestDb& db, sim::FileSystem& files, const History& history,
                       std::uint64_t seed) {
  std::size_t shown = 0;
  if (db.is_open()) {
    // Reads go on whatever happened to the writes.
    shown = prefix_of(db, history);
    REQUIRE(shown >= history.durable);
    if (db->pressure().permille >= 1000) REQUIRE_FALSE(db->pressure().reason.empty());
  }
  const auto crashed =
      files.after_crash({sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0}, seed);
  TestDb after_crash(*crashed);
  const Status opened = after_crash.open();
  CAPTURE(opened ? "" : to_string(opened.error()));
  REQUIRE(opened);
  REQUIRE(prefix_of(after_crash, history) >= history.durable);

  db.close();
  const Status reopened = db.open();
  CAPTURE(reopened ? "" : to_string(reopened.error()));
  REQUIRE(reopened);
  REQUIRE(prefix_of(db, history) >= shown);
  REQUIRE(db.put(0, "again", "works"));
  REQUIRE(db->compact_sync());
  const auto report = db->verify();
  REQUIRE(report);
  REQUIRE(report->damage.empty());
}

void sweep(std::uint64_t seed, ErrorCode code) {
  std::uint64_t end = 0;
  {
    sim::FileSystem files(seed);
    History history;
    TestDb db(files);
    live(db, history, seed);
    end = files.operations();
  }
  for (std::uint64_t k = 0; k < end; ++k) {
    CAPTURE(seed, k, name(code));
    sim::FileSystem files(seed);
    files.fail_operation(k, code);
    History history;
    TestDb db(files);
    live(db, history, seed);
    check_after_fault(db, files, history, seed + k);
  }
}

TEST_CASE("a device error at any operation loses nothing acknowledged", "[engine][fault]") {
  for (std::uint64_t number = 1; number <= torture::pick(2, 10); ++number)
    sweep(torture::seed(number), ErrorCode::io);
}

TEST_CASE("a full disk at any operation loses nothing acknowledged", "[engine][fault]") {
  for (std::uint64_t number = 1; number <= torture::pick(2, 10); ++number)
    sweep(torture::seed(number), ErrorCode::no_space);
}

}  // namespace
}  // namespace ouro::engine
