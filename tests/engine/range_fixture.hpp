// What the tests of range operations share.
#pragma once

#include "tests/engine/db_fixture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {

/// Keys k100, k101, ... sort as their numbers do.
inline std::string key_of(std::uint64_t number) { return "k" + std::to_string(100 + number); }

inline void erase(Content& content, const Range& range) {
  if (!range.end.empty() && range.end <= range.start) return;
  content.erase(content.lower_bound(range.start),
                range.end.empty() ? content.end() : content.lower_bound(range.end));
}

inline Content part(const Content& content, const Range& range) {
  Content found;
  for (const auto& [key, value] : content)
    if (key >= range.start && (range.end.empty() || key < range.end)) found.emplace(key, value);
  return found;
}

inline std::vector<std::string> files_in(FileSystem& files, const std::string& directory,
                                         const std::string& suffix) {
  std::vector<std::string> found;
  if (const auto names = files.list(directory))
    for (const std::string& name : *names)
      if (name.ends_with(suffix)) found.push_back(directory + "/" + name);
  return found;
}

inline void check_whole(TestDb& db) {
  const auto report = db->verify();
  REQUIRE(report);
  CAPTURE(report->damage.empty() ? "" : report->damage.front());
  REQUIRE(report->damage.empty());
}

/// Text that does not compress, so that it fills files.
inline std::string random_text(Random& random, std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(random.next());
  return text;
}

/// A database with keys in several levels, their older versions and removals.
struct RangeDb {
  explicit RangeDb(FileSystem& files, const std::string& directory = "db")
      : db(files, small_options(directory)) {
    REQUIRE(db.open());
  }

  void put(std::uint64_t number, const std::string& value) {
    REQUIRE(db.put(0, key_of(number), value));
    model[key_of(number)] = value;
  }
  void remove(std::uint64_t number) {
    REQUIRE(db.remove(0, key_of(number)));
    model.erase(key_of(number));
  }
  void fill() {
    SeededRandom random(1);
    for (std::uint64_t i = 0; i < 60; ++i) put(i, "old" + random_text(random, 150));
    REQUIRE(db->compact_sync());
    for (std::uint64_t i = 0; i < 60; i += 3) put(i, "new" + random_text(random, 100));
    for (std::uint64_t i = 1; i < 60; i += 5) remove(i);
    REQUIRE(db->flush_sync());
    for (std::uint64_t i = 2; i < 60; i += 7) put(i, "in memory");
    REQUIRE(db.put(1, key_of(5), "other table"));
  }
  void drop(const Range& range) {
    REQUIRE(db->drop_range(0, range));
    erase(model, range);
  }
  void check() {
    REQUIRE(db.content(0) == model);
    check_whole(db);
  }

  TestDb db;
  Content model;
};

}  // namespace ouro::engine
