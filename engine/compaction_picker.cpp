#include "engine/compaction_picker.hpp"

#include <algorithm>
#include <string_view>

namespace ouro::engine {
namespace {

using Files = std::vector<ShapeFile>;

constexpr unsigned last_place = level_count - 1;

std::uint64_t bytes_of(const Files& files) {
  std::uint64_t bytes = 0;
  for (const ShapeFile& file : files) bytes += file.meta->size;
  return bytes;
}

/// The deepest level below 0 that has files; 0 if there is none.
unsigned last_level(const TableShape& shape) {
  for (unsigned level = last_place; level > 0; --level)
    if (!shape[level].empty()) return level;
  return 0;
}

unsigned next_filled(const TableShape& shape, unsigned level) {
  while (++level < level_count && shape[level].empty()) {
  }
  return level;
}

Files overlapping(const Files& files, std::string_view smallest, std::string_view largest) {
  // Sorted and disjoint: they lie together.
  const auto begin = std::partition_point(files.begin(), files.end(), [&](const ShapeFile& file) {
    return file.meta->largest < smallest;
  });
  const auto end = std::partition_point(
      begin, files.end(), [&](const ShapeFile& file) { return file.meta->smallest <= largest; });
  return {begin, end};
}

/// The file that costs the least rewriting of the level below for each of its own bytes; of equals
/// the oldest.
const ShapeFile* cheapest(const Files& files, const Files& below) {
  const ShapeFile* best = nullptr;
  double best_cost = 0;
  for (const ShapeFile& file : files) {
    const double dragged =
        static_cast<double>(bytes_of(overlapping(below, file.meta->smallest, file.meta->largest)));
    const double cost = dragged / static_cast<double>(std::max<std::uint64_t>(file.meta->size, 1));
    const bool better = best == nullptr || cost < best_cost ||
                        (cost == best_cost && file.meta->number < best->meta->number);
    if (!better) continue;
    best = &file;
    best_cost = cost;
  }
  return best;
}

void take(CompactionPlan& plan, const Files& files) {
  for (const ShapeFile& file : files) plan.inputs.push_back(file.meta->number);
}

/// One file and all that it overlaps in the next level that has files.
CompactionPlan push_down(const TableShape& shape, unsigned level, const ShapeFile& file,
                         double score) {
  CompactionPlan plan;
  plan.table = file.meta->table;
  plan.level = level;
  plan.output_level = next_filled(shape, level);
  plan.score = score;
  take(plan, {file});
  take(plan, overlapping(shape[plan.output_level], file.meta->smallest, file.meta->largest));
  std::sort(plan.inputs.begin(), plan.inputs.end());
  return plan;
}

/// How much level 0 brings, and the levels from 1 to `through` that it takes along.
struct Reach {
  unsigned through = 0;
  unsigned output = 0;
};

/// Everything, if what lies above the last level has grown to its share.
bool reaches_last(const TableShape& shape, const Options& options) {
  const unsigned last = last_level(shape);
  std::uint64_t above = 0;
  for (unsigned level = 0; level < last; ++level) above += bytes_of(shape[level]);
  const std::uint64_t below = bytes_of(shape[last]);
  if (last == 0) return true;
  if (above + below > options.merge_width * bytes_of(shape[0])) return false;
  return above >= below / options.level_ratio ||
         std::any_of(shape[0].begin(), shape[0].end(), is_dense);
}

Reach reach(const TableShape& shape, const Options& options) {
  const unsigned last = last_level(shape);
  if (reaches_last(shape, options)) return {last, last_place};
  const std::uint64_t limit = options.merge_width * bytes_of(shape[0]);
  std::uint64_t taken = bytes_of(shape[0]);
  Reach result;
  for (unsigned level = next_filled(shape, 0); level <= last;
       level = next_filled(shape, result.through)) {
    const std::uint64_t next = bytes_of(shape[level]);
    // Without a free level between there is no choice.
    const bool free = level > result.through + 1 || result.through > 0;
    const bool comparable = level < last && taken >= next && taken + next <= limit;
    if (free && !comparable) {
      result.output = level - 1;
      return result;
    }
    result.through = level;
    taken += next;
  }
  result.output = last_place;
  return result;
}

CompactionPlan merge_level0(const TableShape& shape, const Options& options, double score) {
  const Reach reached = reach(shape, options);
  CompactionPlan plan;
  plan.table = shape[0].front().meta->table;
  plan.output_level = reached.output;
  plan.score = score;
  for (unsigned level = 0; level <= reached.through; ++level) take(plan, shape[level]);
  std::sort(plan.inputs.begin(), plan.inputs.end());
  return plan;
}

double level0_score(const TableShape& shape, const Options& options) {
  const auto dense = std::count_if(shape[0].begin(), shape[0].end(), is_dense);
  return (static_cast<double>(shape[0].size()) + static_cast<double>(dense)) /
         static_cast<double>(std::max(options.level0_runs_max, 1u));
}

/// From the run above the last level into it, file by file: what remains where a merge of all would
/// take too long.
std::optional<CompactionPlan> drain(const TableShape& shape, const Options& options) {
  const unsigned last = last_level(shape);
  std::uint64_t above = 0;
  unsigned from = 0;
  for (unsigned level = 1; level < last; ++level) {
    above += bytes_of(shape[level]);
    if (!shape[level].empty()) from = level;
  }
  if (from == 0) return std::nullopt;
  const double score = static_cast<double>(above) * options.level_ratio /
                       static_cast<double>(std::max<std::uint64_t>(bytes_of(shape[last]), 1));
  if (score <= 1) return std::nullopt;
  return push_down(shape, from, *cheapest(shape[from], shape[last]), score);
}

std::optional<CompactionPlan> push_dense(const TableShape& shape) {
  const unsigned last = last_level(shape);
  for (unsigned level = 1; level < last; ++level)
    for (const ShapeFile& file : shape[level])
      if (is_dense(file)) return push_down(shape, level, file, 1);
  return std::nullopt;
}

}  // namespace

bool is_dense(const ShapeFile& file) {
  return file.removes > 0 && 2 * file.removes >= file.meta->entries;
}

std::optional<CompactionPlan> pick(const TableShape& shape, const Options& options) {
  const double score = level0_score(shape, options);
  auto drained = drain(shape, options);
  if (drained && drained->score > score) return drained;
  if (score >= 1) return merge_level0(shape, options, score);
  if (drained) return drained;
  return push_dense(shape);
}

}  // namespace ouro::engine
