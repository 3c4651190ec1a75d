#include "engine/compaction_picker.hpp"

#include <algorithm>

namespace ouro::engine {
namespace {

std::uint64_t bytes_of(const std::vector<const FileMeta*>& files) {
  std::uint64_t bytes = 0;
  for (const FileMeta* file : files) bytes += file->size;
  return bytes;
}

std::vector<const FileMeta*> overlapping(const std::vector<const FileMeta*>& files,
                                         std::string_view smallest, std::string_view largest) {
  // Sorted and disjoint: they lie together.
  const auto begin = std::partition_point(
      files.begin(), files.end(), [&](const FileMeta* file) { return file->largest < smallest; });
  const auto end = std::partition_point(
      begin, files.end(), [&](const FileMeta* file) { return file->smallest <= largest; });
  return {begin, end};
}

/// The file that costs the least rewriting of the next level for each of its own bytes; of equals
/// the oldest.
const FileMeta* cheapest(const std::vector<const FileMeta*>& files,
                         const std::vector<const FileMeta*>& below) {
  const FileMeta* best = nullptr;
  double best_cost = 0;
  for (const FileMeta* file : files) {
    const double dragged =
        static_cast<double>(bytes_of(overlapping(below, file->smallest, file->largest)));
    const double cost = dragged / static_cast<double>(std::max<std::uint64_t>(file->size, 1));
    const bool better =
        !best || cost < best_cost || (cost == best_cost && file->number < best->number);
    if (!better) continue;
    best = file;
    best_cost = cost;
  }
  return best;
}

/// `above` and everything in the output level that overlaps it.
CompactionPlan plan_for(const TableShape& shape, unsigned level, double score,
                        std::vector<const FileMeta*> above) {
  std::string_view smallest = above.front()->smallest, largest = above.front()->largest;
  for (const FileMeta* file : above) {
    smallest = std::min<std::string_view>(smallest, file->smallest);
    largest = std::max<std::string_view>(largest, file->largest);
  }
  CompactionPlan plan;
  plan.table = above.front()->table;
  plan.level = level;
  plan.output_level = level + 1;
  plan.score = score;
  for (const FileMeta* file : above) plan.inputs.push_back(file->number);
  for (const FileMeta* file : overlapping(shape[level + 1], smallest, largest))
    plan.inputs.push_back(file->number);
  std::sort(plan.inputs.begin(), plan.inputs.end());
  return plan;
}

}  // namespace

std::uint64_t level_target(const Options& options, unsigned level) {
  // Level 1 as large as what level 0 sends down at once: a merge then rewrites about as much as it
  // brings.
  std::uint64_t target = std::max<std::uint64_t>(
      std::uint64_t{options.memtable_bytes} * options.level0_runs_max, options.table_file_bytes);
  for (unsigned i = 1; i < level; ++i) {
    if (target > UINT64_MAX / std::max(options.level_ratio, 1u)) return UINT64_MAX;
    target *= std::max(options.level_ratio, 1u);
  }
  return target;
}

std::optional<CompactionPlan> pick(const TableShape& shape, const Options& options) {
  unsigned level = 0;
  double score = static_cast<double>(shape[0].size()) /
                 static_cast<double>(std::max(options.level0_runs_max, 1u));
  for (unsigned i = 1; i + 1 < level_count; ++i) {
    const double fill =
        static_cast<double>(bytes_of(shape[i])) / static_cast<double>(level_target(options, i));
    // A full level 0 is at its limit, a deeper level must be over it.
    if (fill <= 1 || fill <= score) continue;
    level = i;
    score = fill;
  }
  if (score < 1) return std::nullopt;
  if (level == 0) return plan_for(shape, 0, score, shape[0]);
  return plan_for(shape, level, score, {cheapest(shape[level], shape[level + 1])});
}

}  // namespace ouro::engine
