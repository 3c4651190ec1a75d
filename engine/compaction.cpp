#include "engine/compaction.hpp"

#include "base/check.hpp"
#include "engine/level_iterator.hpp"
#include "engine/merging_iterator.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

TableShape shape_of(const Version& version, TableId table) {
  TableShape shape(level_count);
  for (unsigned level = 0; level < level_count; ++level)
    for (const TableFile& file : version.level(table, level).files)
      shape[level].push_back(&file->meta());
  return shape;
}

bool contains(const std::vector<std::uint64_t>& sorted, std::uint64_t number) {
  return std::binary_search(sorted.begin(), sorted.end(), number);
}

}  // namespace

std::optional<CompactionPlan> pick(const Version& version, const Options& options) {
  std::optional<CompactionPlan> best;
  for (std::size_t table = 0; table < version.table_count(); ++table) {
    auto plan = pick(shape_of(version, static_cast<TableId>(table)), options);
    if (plan && (!best || plan->score > best->score)) best = std::move(plan);
  }
  return best;
}

std::optional<CompactionPlan> pick_all(const Version& version, TableId table) {
  CompactionPlan plan;
  plan.table = table;
  unsigned levels = 0;
  for (unsigned level = level_count; level-- > 0;) {
    const auto& files = version.level(table, level).files;
    if (files.empty()) continue;
    if (levels++ == 0) plan.output_level = std::max(level, 1u);
    plan.level = level;
    for (const TableFile& file : files) plan.inputs.push_back(file->meta().number);
  }
  if (levels == 0 || (levels == 1 && plan.level > 0)) return std::nullopt;
  std::sort(plan.inputs.begin(), plan.inputs.end());
  return plan;
}

CompactionJob::CompactionJob(const TableStore& store, std::shared_ptr<const Version> version,
                             CompactionPlan plan, Retention retention)
    : version_(std::move(version)), plan_(std::move(plan)) {
  const IterateOptions options{ReadMode::blocking, false};
  std::vector<std::unique_ptr<EntryIterator>> sources;
  std::size_t inputs_found = 0;
  for (unsigned level = 0; level < level_count; ++level) {
    std::vector<TableFile> inputs, others;
    for (const TableFile& file : version_->level(plan_.table, level).files)
      (contains(plan_.inputs, file->meta().number) ? inputs : others).push_back(file);
    for (const TableFile& file : inputs) {
      bytes_read_ += file->meta().size;
      entries_expected_ += file->meta().entries;
      ++inputs_found;
      if (level == 0) sources.push_back(file->iterator(options));
    }
    if (level > 0 && !inputs.empty())
      sources.push_back(std::make_unique<LevelIterator>(std::move(inputs), options));
    if (level >= plan_.level) note_below(std::move(others));
  }
  check(inputs_found == plan_.inputs.size());
  positions_.assign(below_.size(), 0);

  input_ = merge(std::move(sources));
  TableJob::Plan job;
  job.table = plan_.table;
  job.level = plan_.output_level;
  job.file_bytes = store.options.table_file_bytes;
  job.retention = std::move(retention);
  job.older_may_exist = [this](std::string_view key) { return older_may_exist(key); };
  job_ = std::make_unique<TableJob>(store, std::move(job), *input_);
}

CompactionJob::~CompactionJob() = default;

void CompactionJob::note_below(std::vector<TableFile> files) {
  if (files.empty()) return;
  if (files.front()->meta().level > 0) {
    below_.push_back(std::move(files));
    return;
  }
  // Runs of level 0 overlap: each is a level of its own.
  for (TableFile& file : files) below_.push_back({std::move(file)});
}

bool CompactionJob::older_may_exist(std::string_view key) {
  const std::uint64_t hash = hash64(key);
  for (std::size_t run = 0; run < below_.size(); ++run) {
    std::size_t& at = positions_[run];
    while (at < below_[run].size() && below_[run][at]->meta().largest < key) ++at;
    if (at == below_[run].size()) continue;
    const TableReader& file = *below_[run][at];
    if (file.meta().smallest <= key && file.may_contain(key, hash)) return true;
  }
  return false;
}

Result<bool> CompactionJob::step() {
  check(!finished_);
  const auto done = job_->step(step_bytes);
  if (!done || !*done) return done;
  // A read error must never pass for the end of a file.
  if (job_->entries_read() != entries_expected_)
    return Error{ErrorCode::corruption,
                 "a compaction of level " + std::to_string(plan_.level) + " read " +
                     std::to_string(job_->entries_read()) + " entries where its " +
                     std::to_string(plan_.inputs.size()) + " files should have " +
                     std::to_string(entries_expected_) + "; verify the database"};
  finished_ = true;
  return true;
}

VersionEdit CompactionJob::take_edit() {
  check(finished_);
  VersionEdit edit;
  edit.added = job_->take_files();
  edit.removed = plan_.inputs;
  return edit;
}

std::uint64_t CompactionJob::bytes_written() const { return job_->bytes_written(); }

}  // namespace ouro::engine
