// Going over the table files piece by piece.
#include "tests/engine/range_fixture.hpp"

#include <string>

namespace ouro::engine {
namespace {

struct Fixture {
  sim::FileSystem files;
  RangeDb source{files};

  Fixture() {
    source.fill();
    REQUIRE(source.db->compact_sync());
    source.db.lane.run_all();
  }

  // One round in pieces; the damage it found.
  std::vector<std::string> round(std::size_t bytes) {
    std::vector<std::string> damage;
    for (int call = 0; call < 10000; ++call) {
      const ScrubProgress progress = source.db->scrub(bytes);
      damage.insert(damage.end(), progress.damage.begin(), progress.damage.end());
      if (progress.round_complete) return damage;
    }
    FAIL("the round does not end");
    return damage;
  }
};

TEST_CASE("a scrub in pieces of any size reads every byte once a round", "[scrub]") {
  Fixture f;
  const std::uint64_t present = f.source.db->stats().table_bytes;
  std::uint64_t before = 0;
  for (const std::size_t bytes : {1, 100, 1000, 5000, 1 << 20}) {
    CAPTURE(bytes);
    CHECK(f.round(bytes).empty());
    const Stats stats = f.source.db->stats();
    CHECK(stats.scrubbed_bytes - before == present);
    before = stats.scrubbed_bytes;
  }
  CHECK(f.source.db->stats().scrub_rounds == 5);
  CHECK(f.source.db->stats().scrub_damage == 0);
}

TEST_CASE("a call of scrub reads about as much as it was asked to", "[scrub]") {
  Fixture f;
  for (int call = 0; call < 20; ++call) {
    const ScrubProgress progress = f.source.db->scrub(1000);
    CHECK(progress.bytes <= 2000);
    CHECK((progress.round_complete || progress.bytes >= 1000));
  }
}

TEST_CASE("a scrub finds a flipped byte in any table file", "[scrub]") {
  Fixture f;
  for (const std::string& path : files_in(f.files, "db", ".sst"))
    for (std::uint64_t offset = 0; offset < *f.files.file_size(path); offset += 37) {
      CAPTURE(path, offset);
      f.files.flip(path, offset);
      const auto damage = f.round(700);
      REQUIRE_FALSE(damage.empty());
      REQUIRE(damage.front().find(path + " at ") != std::string::npos);
      f.files.flip(path, offset);
    }
  CHECK(f.round(700).empty());
  CHECK(f.source.db->stats().scrub_damage > 0);
}

TEST_CASE("a scrub goes past a file that cannot be read or has lost its end", "[scrub]") {
  Fixture f;
  const auto tables = files_in(f.files, "db", ".sst");
  REQUIRE(tables.size() > 2);
  f.files.truncate(tables[1], *f.files.file_size(tables[1]) / 2);
  f.files.fail_when([&](sim::Operation operation, const std::string& path) {
    return operation == sim::Operation::read && path == tables[0] ? std::optional(ErrorCode::io)
                                                                  : std::nullopt;
  });
  const auto damage = f.round(1000);
  REQUIRE(damage.size() >= 2);
  CHECK(damage[0].find(tables[0]) != std::string::npos);
  for (std::size_t i = 1; i < damage.size(); ++i)
    CHECK(damage[i].find(tables[1]) != std::string::npos);
}

TEST_CASE("a round meets each file that stays, whatever comes and goes meanwhile", "[scrub]") {
  Fixture f;
  f.files.flip(files_in(f.files, "db", ".sst").back(), 100);
  bool found = false;
  for (int call = 0; call < 1000; ++call) {
    const ScrubProgress progress = f.source.db->scrub(500);
    found = found || !progress.damage.empty();
    if (progress.round_complete) break;
    // Every call new files are made; a round ends all the same.
    REQUIRE(f.source.db.put(1, "k" + std::to_string(call), std::string(300, 'v')));
    REQUIRE(f.source.db->flush_sync());
    REQUIRE(call < 900);
  }
  CHECK(found);
}

TEST_CASE("a scrub does not keep files on disk that are no longer needed", "[scrub]") {
  Fixture f;
  static_cast<void>(f.source.db->scrub(1000));
  f.source.drop({});
  REQUIRE(f.source.db->drop_range(1, {}));
  static_cast<void>(f.source.db->scrub(1000));
  f.source.db.lane.run_all();
  CHECK(files_in(f.files, "db", ".sst").empty());
}

TEST_CASE("an empty database is scrubbed at once", "[scrub]") {
  sim::FileSystem files;
  RangeDb empty(files);
  const ScrubProgress progress = empty.db->scrub(1000);
  CHECK(progress.round_complete);
  CHECK(progress.bytes == 0);
}

}  // namespace
}  // namespace ouro::engine
