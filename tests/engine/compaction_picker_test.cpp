#include "engine/compaction_picker.hpp"

#include "engine/compaction_split.hpp"
#include "tests/support/catch.hpp"

#include <deque>
#include <string>

namespace ouro::engine {
namespace {

constexpr std::uint64_t megabyte = 1 << 20;
using Numbers = std::vector<std::uint64_t>;

/// Builds shapes from literals.
struct Shape {
  void add(unsigned level, std::uint64_t number, std::string smallest, std::string largest,
           std::uint64_t megabytes = 1, std::uint64_t removes = 0) {
    FileMeta meta;
    meta.number = number;
    meta.level = level;
    meta.size = megabytes * megabyte;
    meta.smallest = std::move(smallest);
    meta.largest = std::move(largest);
    meta.entries = 100;
    files.push_back(meta);
    levels[level].push_back({&files.back(), removes});
  }
  /// Runs of one megabyte each, over all keys.
  void add_runs(unsigned count) {
    for (unsigned i = 0; i < count; ++i) add(0, 100 - i, "a", "z");
  }

  std::deque<FileMeta> files;
  TableShape levels;
};

Options options() {
  Options result;
  result.level0_runs_max = 4;
  result.level_ratio = 3;
  result.merge_width = 12;
  return result;
}

TEST_CASE("a table in shape is left alone") {
  Shape shape;
  CHECK(!pick(shape.levels, options()));
  shape.add_runs(3);
  shape.add(5, 1, "a", "z", 10);
  shape.add(6, 2, "a", "z", 30);
  CHECK(!pick(shape.levels, options()));
}

TEST_CASE("the first runs of level 0 go to the last level") {
  Shape shape;
  shape.add_runs(4);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->level == 0);
  CHECK(plan->output_level == level_count - 1);
  CHECK(plan->inputs == Numbers{97, 98, 99, 100});
  CHECK(plan->score == 1.0);
}

TEST_CASE("level 0 is merged with the last level once it has grown to a share of it") {
  Shape shape;
  shape.add_runs(4);
  shape.add(6, 1, "a", "c", 6);
  shape.add(6, 2, "d", "z", 6);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->output_level == 6);
  CHECK(plan->inputs == Numbers{1, 2, 97, 98, 99, 100});
}

TEST_CASE("level 0 becomes a run of its own above a last level that is much larger") {
  Shape shape;
  shape.add_runs(4);
  shape.add(6, 1, "a", "z", 13);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->output_level == 5);
  CHECK(plan->inputs == Numbers{97, 98, 99, 100});
}

TEST_CASE("level 0 takes runs along that are not larger than what it has gathered") {
  Shape shape;
  shape.add_runs(4);
  shape.add(2, 3, "a", "z", 4);
  shape.add(3, 2, "a", "z", 8);
  shape.add(4, 1, "a", "z", 17);
  shape.add(6, 9, "a", "z", 500);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->output_level == 3);
  CHECK(plan->inputs == Numbers{2, 3, 97, 98, 99, 100});
}

TEST_CASE("what lies above the last level goes into it when it exceeds its share") {
  Shape shape;
  shape.add_runs(4);
  shape.add(5, 1, "a", "z", 7);
  shape.add(6, 2, "a", "z", 33);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->output_level == 6);
  CHECK(plan->inputs == Numbers{1, 2, 97, 98, 99, 100});
}

TEST_CASE("without a free level above, the first one is merged whatever its size") {
  Shape shape;
  shape.add_runs(4);
  for (unsigned level = 1; level <= 6; ++level) shape.add(level, level, "a", "z", level * 100);
  shape.levels[6].clear();
  shape.add(6, 6, "a", "z", 10'000);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->output_level == 1);
  CHECK(plan->inputs == Numbers{1, 97, 98, 99, 100});
}

TEST_CASE("where a merge of all would take too long the last run goes down file by file") {
  Shape shape;
  shape.add(4, 1, "a", "z", 3);
  shape.add(5, 2, "a", "f", 16);
  shape.add(5, 3, "g", "m", 16);
  shape.add(5, 4, "n", "z", 16);
  shape.add(6, 5, "a", "b", 40);
  shape.add(6, 6, "c", "h", 40);
  shape.add(6, 7, "o", "p", 40);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->level == 5);
  CHECK(plan->output_level == 6);
  // The one that drags the least along; of two such the oldest.
  CHECK(plan->inputs == Numbers{3, 6});
  CHECK(plan->score == 153.0 / 120);
}

TEST_CASE("a merge never takes more than its width") {
  Shape shape;
  shape.add_runs(4);
  shape.add(5, 1, "a", "z", 20);
  shape.add(6, 2, "a", "z", 60);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  // All would be 84 times a run, more than 12 times what level 0 brings.
  CHECK(plan->inputs == Numbers{97, 98, 99, 100});
  CHECK(plan->output_level == 4);
}

TEST_CASE("runs of level 0 that are mostly removes count twice and go all the way down") {
  Shape shape;
  shape.add(0, 9, "a", "z", 1, 50);
  shape.add(0, 8, "a", "z", 1, 49);
  shape.add(6, 1, "a", "z", 15);
  CHECK(!pick(shape.levels, options()));
  shape.add(0, 7, "a", "z", 1, 60);
  shape.levels[0][1].removes = 0;
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->score == 1.25);
  CHECK(plan->output_level == 6);
  CHECK(plan->inputs == Numbers{1, 7, 8, 9});
}

TEST_CASE("a file of removes above the last level goes down early") {
  Shape shape;
  shape.add(4, 3, "a", "c", 1, 0);
  shape.add(4, 4, "d", "f", 1, 80);
  shape.add(6, 1, "a", "d", 10);
  shape.add(6, 2, "e", "z", 10);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->level == 4);
  CHECK(plan->output_level == 6);
  CHECK(plan->inputs == Numbers{1, 2, 4});
}

TEST_CASE("removes in the last level are left alone") {
  Shape shape;
  shape.add(6, 1, "a", "d", 10, 100);
  CHECK(!pick(shape.levels, options()));
}

TEST_CASE("parts of a merge are cut where files begin, about equal in bytes") {
  Shape shape;
  shape.add(5, 1, "a", "c", 10);
  shape.add(5, 2, "d", "f", 10);
  shape.add(5, 3, "g", "i", 10);
  shape.add(5, 4, "j", "z", 10);
  std::vector<const FileMeta*> files;
  for (const FileMeta& file : shape.files) files.push_back(&file);
  CHECK(split_keys(files, 1, false).empty());
  CHECK(split_keys(files, 2, false) == std::vector<std::string>{"g"});
  CHECK(split_keys(files, 4, false) == std::vector<std::string>{"d", "g", "j"});
  // No more parts than there are places to cut.
  CHECK(split_keys(files, 9, false).size() == 3);
  CHECK(split_keys({}, 3, false).empty());
}

TEST_CASE("parts of a merge over tokens are cut inside of files") {
  Shape shape;
  shape.add(0, 1, std::string(8, '\0'), std::string(8, '\xff'), 10);
  const std::vector<const FileMeta*> files{&shape.files.front()};
  const auto keys = split_keys(files, 2, true);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].size() == 8);
  CHECK(static_cast<unsigned char>(keys[0][0]) >= 0x7f);
  CHECK(static_cast<unsigned char>(keys[0][0]) <= 0x88);
  CHECK(split_keys(files, 3, true).size() == 2);
  // Nothing is known of where the keys of a plain file lie.
  CHECK(split_keys(files, 2, false).empty());
}

}  // namespace
}  // namespace ouro::engine
