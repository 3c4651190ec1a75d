// Does a repair without a manifest tell replaced table files from those in their place?
#include "engine/file_names.hpp"
#include "engine/repair.hpp"
#include "engine/replaced_part.hpp"
#include "tests/engine/offline_fixture.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace ouro::engine {
namespace {

using Numbers = std::set<std::uint64_t>;

/// A database that is killed before any replaced file is removed, and then loses its manifest.
struct Killed {
  sim::FileSystem files;
  std::unique_ptr<TestDb> db = std::make_unique<TestDb>(files);

  Killed() { REQUIRE(db->open()); }

  Numbers present() {
    Numbers numbers;
    for (const std::string& name : *files.list("db"))
      if (const auto file = parse_file_name(name); file && file->kind == FileKind::table)
        numbers.insert(file->number);
    return numbers;
  }
  Numbers live() {
    const auto loaded = load_manifest(files, "db");
    REQUIRE(loaded);
    Numbers numbers;
    for (const auto& [number, file] : loaded->state.files) numbers.insert(number);
    return numbers;
  }
  Numbers waiting() {
    Numbers numbers = present();
    for (const std::uint64_t number : live()) numbers.erase(number);
    return numbers;
  }
  void remove(std::uint64_t number) { REQUIRE(files.remove(table_path("db", number))); }
  /// The number of the file that the next flush writes is the only one that it adds.
  std::uint64_t flush() {
    const Numbers before = present();
    REQUIRE((*db)->flush_sync());
    for (const std::uint64_t number : present())
      if (!before.contains(number)) return number;
    FAIL("nothing was flushed");
    return 0;
  }
  void put(const std::string& key, const std::string& value) { REQUIRE(db->put(0, key, value)); }
  void compact() { REQUIRE((*db)->compact_sync()); }

  RepairReport repair_without_manifest() {
    db->close();
    files.end_process();
    std::vector<std::string> names = *files.list("db");
    for (const std::string& name : names)
      if (name.starts_with("manifest")) REQUIRE(files.remove("db/" + name));
    RepairOptions options;
    options.tables = small_options().tables;
    const auto report = repair(files, "db", options);
    INFO((report ? std::string() : to_string(report.error())));
    REQUIRE(report);
    REQUIRE(report->method == RepairMethod::rebuild);
    REQUIRE(db->open());
    return *report;
  }
  Content content() { return db->content(0); }
};

/// Values of many keys that do not compress, so that they fill several files.
Content spread(SeededRandom& random, int count) {
  Content content;
  for (int i = 0; i < count; ++i) {
    std::string value(100, '\0');
    for (char& c : value) c = static_cast<char>(random.below(256));
    content["key" + std::to_string(100 + i)] = value;
  }
  return content;
}

TEST_CASE("a replaced file does not hide what replaced it", "[engine][repair]") {
  Killed k;
  k.put("k", "old");
  k.put("removed", "old");
  const std::uint64_t outdated = k.flush();
  k.put("k", "new");
  REQUIRE(k.db->remove(0, "removed"));
  const std::uint64_t newer = k.flush();
  k.compact();
  REQUIRE(k.waiting() == Numbers{outdated, newer});
  k.remove(newer);
  k.repair_without_manifest();
  CHECK(k.content() == Content{{"k", "new"}});
}

TEST_CASE("a replaced file is left out after its replacement was replaced", "[engine][repair]") {
  Killed k;
  k.put("k", "old");
  k.put("removed", "old");
  const std::uint64_t outdated = k.flush();
  k.put("k", "new");
  REQUIRE(k.db->remove(0, "removed"));
  k.flush();
  k.compact();
  for (int round = 0; round < 3; ++round) {
    k.put("round", std::to_string(round));
    k.flush();
    k.compact();
  }
  for (const std::uint64_t number : k.waiting())
    if (number != outdated) k.remove(number);
  REQUIRE(k.waiting() == Numbers{outdated});
  k.repair_without_manifest();
  CHECK(k.content() == Content{{"k", "new"}, {"round", "2"}});
}

TEST_CASE("what a missing or damaged file had taken over comes from the files it replaced",
          "[engine][repair]") {
  for (const bool missing : {true, false}) {
    CAPTURE(missing);
    Killed k;
    SeededRandom random(1);
    const Content content = spread(random, 60);
    for (const auto& [key, value] : content) k.put(key, value);
    REQUIRE((*k.db)->flush_sync());
    k.compact();
    REQUIRE(k.live().size() > 2);
    REQUIRE_FALSE(k.waiting().empty());
    const std::uint64_t lost = *std::next(k.live().begin());
    if (missing)
      k.remove(lost);
    else
      k.files.flip(table_path("db", lost), 300);
    k.repair_without_manifest();
    CHECK(k.content() == content);
  }
}

TEST_CASE("a range that was dropped does not come back from the file it was in",
          "[engine][repair]") {
  Killed k;
  for (const char* key : {"a", "b", "c"}) k.put(key, "value");
  const std::uint64_t replaced = k.flush();
  REQUIRE((*k.db)->drop_range(0, {"b", "c"}));
  REQUIRE(k.waiting() == Numbers{replaced});
  k.repair_without_manifest();
  CHECK(k.content() == Content{{"a", "value"}, {"c", "value"}});
}

TEST_CASE("any files that wait for their removal may be there or not", "[engine][repair]") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    Killed k;
    Content content;
    for (int i = 0; i < 400; ++i) {
      // Every other key is never removed, so that no compaction ends without any output.
      const std::uint64_t number = random.below(60);
      const std::string key = "key" + std::to_string(100 + number);
      if (number % 2 == 1 && random.below(3) == 0) {
        REQUIRE(k.db->remove(0, key));
        content.erase(key);
      } else {
        content[key] = std::to_string(i) + std::string(random.below(60), 'v');
        k.put(key, content[key]);
      }
      if (random.below(40) == 0) REQUIRE((*k.db)->flush_sync());
      if (random.below(120) == 0) k.compact();
      // Mostly in order, but not to the end.
      if (random.below(4) == 0) k.db->lane.run_one();
    }
    for (const std::uint64_t number : k.waiting())
      if (random.below(2) == 0) k.remove(number);
    k.repair_without_manifest();
    REQUIRE(k.content() == content);
  }
}

TEST_CASE("parts cover a range of keys only together and without gaps", "[engine]") {
  using Parts = std::vector<ReplacedPart>;
  const ReplacedPart left{1, "a", "m"};
  const ReplacedPart right{1, "m", "z"};
  CHECK(parts_cover(Parts{right, left}, "a", "y"));
  CHECK(parts_cover(Parts{right, left}, "b", "c"));
  CHECK_FALSE(parts_cover(Parts{right, left}, "a", "z"));
  CHECK_FALSE(parts_cover(Parts{left}, "a", "m"));
  CHECK_FALSE(parts_cover(Parts{right}, "a", "y"));
  CHECK_FALSE(parts_cover(Parts{left, {1, "n", "z"}}, "a", "y"));
  CHECK_FALSE(parts_cover(Parts{}, "a", "a"));
}

TEST_CASE("parts are cut to a range, and those beside it are left out", "[engine]") {
  const std::vector<ReplacedPart> parts{{1, "a", "m"}, {2, "p", "z"}};
  CHECK(parts_within(parts, "c", "") == std::vector<ReplacedPart>{{1, "c", "m"}, {2, "p", "z"}});
  CHECK(parts_within(parts, "", "q") == std::vector<ReplacedPart>{{1, "a", "m"}, {2, "p", "q"}});
  CHECK(parts_within(parts, "m", "p").empty());
}

TEST_CASE("parts are read as they were written, and nothing else is", "[engine]") {
  const std::vector<ReplacedPart> parts{{1, "", "m"}, {300, std::string(200, 'k'), "z"}};
  const std::string bytes = encode(parts);
  CHECK(decode_replaced_parts(bytes) == parts);
  CHECK(decode_replaced_parts("")->empty());
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, bytes.size() - 1})
    CHECK_FALSE(decode_replaced_parts(std::string_view(bytes).substr(0, size)));
}

}  // namespace
}  // namespace ouro::engine
