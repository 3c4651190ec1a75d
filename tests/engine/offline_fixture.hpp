// A closed database with tables of several levels and a log that was not flushed.
#pragma once

#include "engine/file_names.hpp"
#include "engine/manifest.hpp"
#include "tests/engine/db_fixture.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ouro::engine {

struct Offline {
  sim::FileSystem files;
  Content data, extra;  ///< What the tables hold.
  Content flushed;      ///< What table "data" held before what is only in the log.
  std::map<std::string, std::set<std::string>> written;  ///< All that it ever held.

  Offline() {
    TestDb db(files);
    REQUIRE(db.open());
    SeededRandom random(7);
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 40; ++i) {
        const std::string key = "key" + std::to_string(100 + random.below(60));
        const std::string value =
            std::to_string(round) +
            std::string(20 + random.below(30), static_cast<char>('a' + i % 26));
        REQUIRE(db.put(0, key, value));
        written[key].insert(value);
      }
      REQUIRE(db->flush_sync());
      if (round == 0) REQUIRE(db->compact_sync());
    }
    flushed = db.content(0);
    for (int i = 0; i < 5; ++i) {
      REQUIRE(db.put(0, "log" + std::to_string(i), "only logged"));
      written["log" + std::to_string(i)] = {"only logged"};
      REQUIRE(db.put(1, "binary" + std::string(1, static_cast<char>(i)), "\xff\n"));
    }
    REQUIRE(db.remove(0, flushed.begin()->first));
    data = db.content(0);
    extra = db.content(1);
    files.end_process();
  }

  std::vector<std::string> paths(const std::string& suffix) const {
    std::vector<std::string> found;
    for (const std::string& name : *copy()->list("db"))
      if (name.ends_with(suffix)) found.push_back("db/" + name);
    return found;
  }
  /// Those that the manifest names; after a kill others may wait for their removal beside them.
  std::vector<std::string> live_tables() const {
    const auto loaded = load_manifest(*copy(), "db");
    REQUIRE(loaded);
    std::vector<std::string> found;
    for (const auto& [number, file] : loaded->state.files)
      found.push_back(table_path("db", number));
    return found;
  }
  std::string manifest() const {
    std::string path;
    for (const std::string& name : *copy()->list("db"))
      if (name.starts_with("manifest-")) path = "db/" + name;
    return path;
  }
  std::string largest_table() const {
    std::string largest;
    for (const std::string& path : live_tables())
      if (largest.empty() || files.bytes(path).size() > files.bytes(largest).size()) largest = path;
    return largest;
  }
  std::unique_ptr<sim::FileSystem> copy() const {
    return files.after_crash({sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0}, 1);
  }
};

}  // namespace ouro::engine
