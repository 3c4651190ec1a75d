#include "engine/compaction_picker.hpp"

#include "tests/support/catch.hpp"

#include <deque>
#include <string>

namespace ouro::engine {
namespace {

constexpr std::uint64_t megabyte = 1 << 20;

/// Builds shapes from literals.
struct Shape {
  void add(unsigned level, std::uint64_t number, std::string smallest, std::string largest,
           std::uint64_t size = megabyte) {
    FileMeta meta;
    meta.number = number;
    meta.level = level;
    meta.size = size;
    meta.smallest = std::move(smallest);
    meta.largest = std::move(largest);
    files.push_back(meta);
    levels[level].push_back(&files.back());
  }

  std::deque<FileMeta> files;
  TableShape levels = TableShape(level_count);
};

Options options() {
  Options result;
  result.memtable_bytes = megabyte;
  result.table_file_bytes = megabyte;
  result.level0_runs_max = 4;
  result.level_ratio = 10;
  return result;
}

TEST_CASE("each level may be level_ratio times as large as the one above") {
  CHECK(level_target(options(), 1) == 4 * megabyte);
  CHECK(level_target(options(), 2) == 40 * megabyte);
  CHECK(level_target(options(), 6) == 400'000 * megabyte);
}

TEST_CASE("a table in shape is left alone") {
  Shape shape;
  CHECK(!pick(shape.levels, options()));
  for (unsigned i = 1; i <= 3; ++i) shape.add(0, i, "a", "z");
  for (unsigned i = 0; i < 4; ++i)
    shape.add(1, 10 + i, std::string(1, static_cast<char>('a' + i)) + "1",
              std::string(1, static_cast<char>('a' + i)) + "2");
  CHECK(!pick(shape.levels, options()));
}

TEST_CASE("level 0 goes down with all that it overlaps when it has its number of runs") {
  Shape shape;
  shape.add(0, 8, "d", "e");
  shape.add(0, 7, "f", "m");
  shape.add(0, 6, "g", "h");
  shape.add(0, 5, "d", "f");
  shape.add(1, 1, "a", "c");
  shape.add(1, 2, "c1", "d");
  shape.add(1, 3, "k", "l");
  shape.add(1, 4, "n", "z");
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->level == 0);
  CHECK(plan->output_level == 1);
  CHECK(plan->inputs == std::vector<std::uint64_t>{2, 3, 5, 6, 7, 8});
  CHECK(plan->score == 1.0);
}

TEST_CASE("an outgrown level sends down the file that drags the least along") {
  Shape shape;
  shape.add(1, 1, "a", "b", 2 * megabyte);
  shape.add(1, 2, "c", "d", 2 * megabyte);
  shape.add(1, 3, "e", "f", 2 * megabyte);
  shape.add(2, 4, "a", "b1", 5 * megabyte);
  shape.add(2, 5, "c1", "c2", megabyte);
  shape.add(2, 6, "d", "e", 3 * megabyte);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->level == 1);
  CHECK(plan->output_level == 2);
  CHECK(plan->inputs == std::vector<std::uint64_t>{3, 6});
  CHECK(plan->score == 1.5);
}

TEST_CASE("of files that drag nothing along the oldest goes first") {
  Shape shape;
  shape.add(1, 9, "a", "b", 3 * megabyte);
  shape.add(1, 4, "c", "d", 3 * megabyte);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->inputs == std::vector<std::uint64_t>{4});
}

TEST_CASE("the level furthest above its target comes first") {
  Shape shape;
  for (unsigned i = 0; i < 5; ++i) shape.add(0, 20 - i, "a", "z");
  shape.add(1, 1, "a", "b", 7 * megabyte);
  shape.add(2, 2, "a", "b", 100 * megabyte);
  const auto plan = pick(shape.levels, options());
  REQUIRE(plan);
  CHECK(plan->level == 2);
  CHECK(plan->score == 2.5);
}

TEST_CASE("the deepest level is never too large") {
  Shape shape;
  shape.add(level_count - 1, 1, "a", "b", UINT64_MAX / 2);
  CHECK(!pick(shape.levels, options()));
}

}  // namespace
}  // namespace ouro::engine
