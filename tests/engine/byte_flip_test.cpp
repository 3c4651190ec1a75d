// A byte that is not what was written, in any file of a database that is closed or was killed, or
// of an export: it is reported, or the answers are right. Never is an answer wrong.
#include "tests/engine/offline_fixture.hpp"
#include "tests/engine/range_fixture.hpp"
#include "tests/engine/torture.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ouro::engine {
namespace {

constexpr sim::CrashPolicy keep{sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0};

bool tells_of_damage(const Error& error, const std::string& path) {
  CAPTURE(to_string(error));
  // A version number that is wrong looks like one of the future, unless its checksum tells.
  REQUIRE((error.code == ErrorCode::corruption || error.code == ErrorCode::unsupported));
  return error.message.find(path.substr(0, path.rfind('/'))) != std::string::npos;
}

/// Whether every key of a table says what it should or that it is damaged.
void check_answers(TestDb& db, TableId table, const Content& expected) {
  for (const auto& [key, value] : expected) {
    const auto found = db->get(table, key);
    if (!found)
      REQUIRE(found.error().code == ErrorCode::corruption);
    else
      REQUIRE((*found && (*found)->view() == value));
  }
  const auto it = db->scan(table, {});
  auto at = expected.begin();
  for (; it->valid(); it->next(), ++at) {
    REQUIRE(at != expected.end());
    REQUIRE((it->key() == at->first && it->value() == at->second));
  }
  if (it->status()) REQUIRE(at == expected.end());
}

/// What both tables hold.
struct State {
  Content tables[2];
};

void check_flip(const sim::FileSystem& whole, State expected, const std::string& path,
                std::uint64_t at, std::uint8_t mask) {
  CAPTURE(path, at, static_cast<unsigned>(mask));
  const auto files = whole.after_crash(keep, 1);
  files->flip(path, at, mask);
  TestDb db(*files);
  if (const Status opened = db.open(); !opened) {
    REQUIRE(tells_of_damage(opened.error(), path));
    return;
  }
  for (TableId table = 0; table < 2; ++table) check_answers(db, table, expected.tables[table]);
  const auto report = db->verify();
  REQUIRE(report);
  // What was read by the open and found good is written anew: only table files stay as they are.
  if (path.ends_with(".sst") && files->exists(path)) REQUIRE_FALSE(report->damage.empty());
}

template <class Check>
void flip_each(const sim::FileSystem& files, const std::string& directory, const Check& check) {
  const std::uint64_t step = torture::pick(7, 1);
  std::uint64_t kinds = 0;
  for (const std::string& name : *files.after_crash(keep, 1)->list(directory)) {
    const std::string path = directory + "/" + name;
    const std::uint64_t size = files.bytes(path).size();
    if (size > 0) ++kinds;
    for (std::uint64_t at = size % step; at < size; at += step) {
      check(path, at, 0xff);
      if (torture::is_long()) check(path, at, static_cast<std::uint8_t>(1u << at % 8));
    }
  }
  REQUIRE(kinds > 1);
}

TEST_CASE("a flipped byte anywhere in a killed database never changes an answer",
          "[engine][flips]") {
  Offline offline;
  State before{{offline.data, offline.extra}};
  // Nothing proves that the last frame of a log was ever synced: damage there is a torn tail. So
  // one more batch is written, which may be seen or not.
  {
    TestDb db(offline.files);
    REQUIRE(db.open());
    for (int i = 0; i < 12; ++i) {
      before.tables[1]["more" + std::to_string(i)] = std::string(30, 'm');
      REQUIRE(db.put(1, "more" + std::to_string(i), std::string(30, 'm')));
    }
    REQUIRE(db.put(0, "last", "but one"));
    REQUIRE(db.put(0, "last", "one"));
    offline.files.end_process();
  }
  const auto with_last = [&](const std::string& value) {
    State state = before;
    state.tables[0]["last"] = value;
    return state;
  };
  flip_each(offline.files, "db", [&](const std::string& path, std::uint64_t at, std::uint8_t mask) {
    const auto files = offline.files.after_crash(keep, 1);
    files->flip(path, at, mask);
    TestDb db(*files);
    const bool torn = path.ends_with(".wal") && db.open() && db.get(0, "last") != "one";
    check_flip(offline.files, with_last(torn ? "but one" : "one"), path, at, mask);
  });
}

TEST_CASE("a flipped byte anywhere in a closed database never changes an answer",
          "[engine][flips]") {
  sim::FileSystem files;
  State expected;
  {
    RangeDb db(files);
    db.fill();
    expected = {{db.model, db.db.content(1)}};
  }
  flip_each(files, "db", [&](const std::string& path, std::uint64_t at, std::uint8_t mask) {
    check_flip(files, expected, path, at, mask);
  });
}

TEST_CASE("a flipped byte anywhere in an export is refused, and nothing of it is taken",
          "[ranges][flips]") {
  sim::FileSystem files;
  Content expected;
  {
    RangeDb source(files, "source");
    source.fill();
    expected = source.model;
    REQUIRE(source.db->export_range(0, {}, "export"));
    RangeDb target(files, "target");
  }
  flip_each(files, "export", [&](const std::string& path, std::uint64_t at, std::uint8_t mask) {
    CAPTURE(path, at, static_cast<unsigned>(mask));
    const auto damaged = files.after_crash(keep, 1);
    damaged->flip(path, at, mask);
    RangeDb target(*damaged, "target");
    const auto taken = target.db->ingest(0, "export");
    REQUIRE_FALSE(taken);
    REQUIRE(tells_of_damage(taken.error(), path));
    REQUIRE(target.db.content(0).empty());
    damaged->flip(path, at, mask);
    REQUIRE(target.db->ingest(0, "export"));
    REQUIRE(target.db.content(0) == expected);
  });
}

}  // namespace
}  // namespace ouro::engine
