#include "engine/compaction.hpp"

#include "base/check.hpp"
#include "engine/block.hpp"
#include "engine/compaction_split.hpp"
#include "engine/level_iterator.hpp"
#include "engine/merging_iterator.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

TableShape shape_of(const Version& version, TableId table) {
  TableShape shape;
  for (unsigned level = 0; level < level_count; ++level)
    for (const TableFile& file : version.level(table, level).files)
      shape[level].push_back({&file->meta(), file->removes()});
  return shape;
}

bool contains(const std::vector<std::uint64_t>& sorted, std::uint64_t number) {
  return std::binary_search(sorted.begin(), sorted.end(), number);
}

/// Smaller files are rewritten with their neighbours, lest they become many.
bool large_enough(const TableReader& file, const Options& options) {
  return file.meta().size >= options.table_file_bytes / 4;
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
  plan.may_move = false;
  unsigned levels = 0;
  for (unsigned level = level_count; level-- > 0;) {
    const auto& files = version.level(table, level).files;
    if (files.empty()) continue;
    if (levels++ == 0) plan.output_level = level > 0 ? level : level_count - 1;
    plan.level = level;
    for (const TableFile& file : files) plan.inputs.push_back(file->meta().number);
  }
  if (levels == 0 || (levels == 1 && plan.level > 0)) return std::nullopt;
  std::sort(plan.inputs.begin(), plan.inputs.end());
  return plan;
}

CompactionJob::CompactionJob(const TableStore& store, std::shared_ptr<const Version> version,
                             CompactionPlan plan, Retention retention, std::size_t parts_max)
    : store_(store),
      version_(std::move(version)),
      plan_(std::move(plan)),
      retention_(std::move(retention)),
      parts_max_(parts_max),
      inputs_(level_count) {
  check(parts_max_ > 0);
  std::size_t inputs_found = 0;
  for (unsigned level = 0; level < level_count; ++level) {
    std::vector<TableFile> others;
    for (const TableFile& file : version_->level(plan_.table, level).files)
      (contains(plan_.inputs, file->meta().number) ? inputs_[level] : others).push_back(file);
    inputs_found += inputs_[level].size();
    if (level < plan_.level) continue;
    if (level > 0)
      below_.push_back(std::move(others));
    else  // runs of level 0 overlap: each is a level of its own
      for (TableFile& file : others) below_.push_back({std::move(file)});
  }
  check(inputs_found == plan_.inputs.size());
}

CompactionJob::~CompactionJob() = default;

Status CompactionJob::prepare() {
  check(!std::exchange(prepared_, true));
  if (plan_.may_move) {
    set_aside_lonely();
    // Where keys are spread evenly there are no gaps to find.
    if (!store_.options.tables[plan_.table].token_order)
      if (Status done = set_aside_untouched(); !done) return done;
    std::sort(cuts_.begin(), cuts_.end());
  }
  for (const auto& level : inputs_)
    for (const TableFile& file : level) {
      bytes_read_ += file->meta().size;
      entries_expected_ += file->meta().entries;
      auto replaced = replaced_with(store_, *file);
      if (!replaced) return replaced.error();
      for (ReplacedPart& part : *replaced) replaced_.push_back(std::move(part));
    }
  if (entries_expected_ > 0) cut(parts_max_);
  return {};
}

/// The file stays as it is, in the output level from now on.
void CompactionJob::set_aside(std::size_t level, std::size_t file) {
  const FileMeta& meta = inputs_[level][file]->meta();
  cuts_.push_back(meta.smallest);
  if (meta.level == plan_.output_level) {
    plan_.inputs.erase(std::lower_bound(plan_.inputs.begin(), plan_.inputs.end(), meta.number));
  } else {
    moved_.push_back(meta);
    moved_.back().level = plan_.output_level;
  }
  inputs_[level].erase(inputs_[level].begin() + static_cast<std::ptrdiff_t>(file));
}

// Files that overlap no other input, by what the manifest knows of them. One with removes is
// rewritten unless it is in its place: they may have nothing left to hide.
void CompactionJob::set_aside_lonely() {
  std::vector<std::pair<const FileMeta*, bool>> by_key;  // and whether it overlaps another
  for (const auto& level : inputs_)
    for (const TableFile& file : level) by_key.emplace_back(&file->meta(), false);
  std::sort(by_key.begin(), by_key.end(),
            [](const auto& a, const auto& b) { return a.first->smallest < b.first->smallest; });
  for (std::size_t i = 0, furthest = 0; i < by_key.size(); ++i) {
    if (i > 0 && by_key[i].first->smallest <= by_key[furthest].first->largest)
      by_key[i].second = by_key[furthest].second = true;
    if (by_key[i].first->largest > by_key[furthest].first->largest) furthest = i;
  }
  for (const auto& [meta, overlaps] : by_key) {
    if (overlaps) continue;
    auto& level = inputs_[meta->level];
    const auto file =
        std::find_if(level.begin(), level.end(),
                     [&, wanted = meta](const auto& each) { return &each->meta() == wanted; });
    const bool in_place = (*file)->meta().level == plan_.output_level;
    if (large_enough(**file, store_.options) && (in_place || (*file)->removes() == 0))
      set_aside(meta->level, static_cast<std::size_t>(file - level.begin()));
  }
}

// Files of the output level in whose range no other input has a key: the middle of a queue that is
// filled at one end and trimmed at the other.
Status CompactionJob::set_aside_untouched() {
  auto& files = inputs_[plan_.output_level];
  for (std::size_t i = files.size(); i-- > 0;) {
    if (!large_enough(*files[i], store_.options)) continue;
    const auto touched = is_touched(*files[i]);
    if (!touched) return touched.error();
    if (!*touched) set_aside(plan_.output_level, i);
  }
  return {};
}

Result<bool> CompactionJob::is_touched(const TableReader& file) const {
  for (unsigned level = 0; level < level_count; ++level) {
    if (level == plan_.output_level) continue;
    for (const TableFile& other : inputs_[level]) {
      if (!overlaps(other->meta(), file.meta().smallest, file.meta().largest)) continue;
      const auto keys = other->iterator({.mode = ReadMode::blocking, .fill_cache = true});
      keys->seek(file.meta().smallest, sequence_max);
      if (!keys->status()) return keys->status().error();
      if (keys->valid() && keys->entry().key <= file.meta().largest) return true;
    }
  }
  return false;
}

void CompactionJob::cut(std::size_t parts_max) {
  std::vector<const FileMeta*> files;
  for (const auto& level : inputs_)
    for (const TableFile& file : level) files.push_back(&file->meta());
  const std::size_t worthwhile = 1 + bytes_read_ / (2 * store_.options.table_file_bytes);
  const auto keys = split_keys(files, std::min(parts_max, worthwhile),
                               store_.options.tables[plan_.table].token_order);
  parts_.resize(keys.size() + 1);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (i > 0) parts_[i].begin = keys[i - 1];
    if (i < keys.size()) parts_[i].end = keys[i];
    begin(parts_[i]);
  }
}

void CompactionJob::begin(Part& part) {
  const IterateOptions options{ReadMode::blocking, false};
  std::vector<std::unique_ptr<EntryIterator>> sources;
  for (unsigned level = 0; level < level_count; ++level) {
    if (level > 0) {
      const auto files = files_within(inputs_[level], part.begin, part.end);
      if (!files.empty()) sources.push_back(std::make_unique<LevelIterator>(files, options));
      continue;
    }
    for (const TableFile& file : inputs_[level])
      if (file->meta().largest >= part.begin &&
          (part.end.empty() || file->meta().smallest < part.end))
        sources.push_back(file->iterator(options));
  }
  part.input = merge(std::move(sources));
  TableJob::Plan job;
  job.table = plan_.table;
  job.level = plan_.output_level;
  job.file_bytes = store_.options.table_file_bytes;
  job.cuts = cuts_;
  job.begin = part.begin;
  job.end = part.end;
  job.retention = retention_;
  job.replaced = parts_within(replaced_, part.begin, part.end);
  job.older = older();
  part.job = std::make_unique<TableJob>(store_, std::move(job), *part.input);
}

OlderData CompactionJob::older() const {
  OlderData older;
  for (const auto& run : below_) older.add(run);
  return older;
}

Result<bool> CompactionJob::step_part(std::size_t number) {
  Part& part = parts_[number];
  check(!part.finished);
  const auto done = part.job->step(step_bytes);
  if (done) part.finished = *done;
  return done;
}

Status CompactionJob::finish() {
  check(!finished_);
  std::uint64_t entries_read = 0;
  for (const Part& part : parts_) {
    check(part.finished);
    entries_read += part.job->entries_read();
  }
  // A read error must never pass for the end of a file.
  if (entries_read != entries_expected_)
    return Error{ErrorCode::corruption,
                 "a compaction of level " + std::to_string(plan_.level) + " read " +
                     std::to_string(entries_read) + " entries where its " +
                     std::to_string(plan_.inputs.size()) + " files should have " +
                     std::to_string(entries_expected_) + "; verify the database"};
  finished_ = true;
  return {};
}

Result<bool> CompactionJob::step() {
  if (!prepared_)
    if (Status ready = prepare(); !ready) return ready.error();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].finished) continue;
    const auto done = step_part(i);
    if (!done || !*done) return done;
    if (i + 1 < parts_.size()) return false;
  }
  if (Status whole = finish(); !whole) return whole.error();
  return true;
}

VersionEdit CompactionJob::take_edit() {
  check(finished_);
  VersionEdit edit;
  edit.added = moved_;
  for (Part& part : parts_)
    for (FileMeta& file : part.job->take_files()) edit.added.push_back(std::move(file));
  edit.removed = plan_.inputs;
  return edit;
}

std::uint64_t CompactionJob::bytes_written() const {
  std::uint64_t bytes = 0;
  for (const Part& part : parts_) bytes += part.job->bytes_written();
  return bytes;
}

}  // namespace ouro::engine
