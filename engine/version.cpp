#include "engine/version.hpp"

#include "engine/block.hpp"
#include "engine/level_iterator.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

Error broken(std::uint64_t number, std::string_view what) {
  return {ErrorCode::corruption, "table file " + std::to_string(number) + ": " + std::string(what) +
                                     "; the manifest contradicts itself"};
}

bool in_range(const FileMeta& file, const Range& range) {
  return file.largest >= range.start && (range.end.empty() || file.smallest < range.end);
}

}  // namespace

std::span<const TableFile> files_within(std::span<const TableFile> files, std::string_view start,
                                        std::string_view end) {
  const auto first = std::partition_point(files.begin(), files.end(), [&](const TableFile& file) {
    return file->meta().largest < start;
  });
  const auto last = std::partition_point(first, files.end(), [&](const TableFile& file) {
    return end.empty() || file->meta().smallest < end;
  });
  return {first, last};
}

Result<std::shared_ptr<const Version>> Version::apply(const VersionEdit& edit,
                                                      const std::vector<TableFile>& added) const {
  auto next = std::make_shared<Version>(*this);
  for (const std::uint64_t number : edit.removed) {
    const Status removed = next->remove(number);
    if (!removed) return removed.error();
  }
  if (added.size() != edit.added.size())
    return Error{ErrorCode::invalid_argument, "an edit needs a reader for each file it adds"};
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (added[i]->meta() != edit.added[i])
      return broken(edit.added[i].number, "another file was opened in its place");
    const Status inserted = next->add(added[i]);
    if (!inserted) return inserted.error();
  }
  const Status checked = next->check_and_summarize();
  if (!checked) return checked.error();
  return std::shared_ptr<const Version>(std::move(next));
}

Status Version::remove(std::uint64_t number) {
  for (Levels& levels : tables_)
    for (Level& level : levels) {
      const auto file =
          std::find_if(level.files.begin(), level.files.end(),
                       [&](const TableFile& each) { return each->meta().number == number; });
      if (file == level.files.end()) continue;
      level.files.erase(file);
      return {};
    }
  return broken(number, "it is removed but was never added");
}

Status Version::add(const TableFile& file) {
  const FileMeta& meta = file->meta();
  if (meta.table >= tables_.size() || meta.level >= level_count)
    return broken(meta.number, "it belongs to a table or level that does not exist");
  if (find(meta.number)) return broken(meta.number, "it is added twice");
  std::vector<TableFile>& files = tables_[meta.table][meta.level].files;
  const auto place = std::partition_point(files.begin(), files.end(), [&](const TableFile& other) {
    return meta.level == 0 ? other->meta().max_sequence > meta.max_sequence
                           : other->meta().smallest < meta.smallest;
  });
  files.insert(place, file);
  return {};
}

Status Version::check_and_summarize() {
  memory_ = 0;
  for (Levels& levels : tables_)
    for (Level& level : levels) {
      level.bytes = 0;
      level.largest_prefixes.clear();
      for (std::size_t i = 0; i < level.files.size(); ++i) {
        const FileMeta& meta = level.files[i]->meta();
        level.bytes += meta.size;
        memory_ += level.files[i]->memory();
        level.largest_prefixes.push_back(key_prefix(meta.largest));
        if (i == 0) continue;
        const FileMeta& previous = level.files[i - 1]->meta();
        if (meta.level == 0 && previous.min_sequence <= meta.max_sequence)
          return broken(meta.number, "its sequences overlap those of table file " +
                                         std::to_string(previous.number));
        if (meta.level > 0 && previous.largest >= meta.smallest)
          return broken(meta.number,
                        "its keys overlap those of table file " + std::to_string(previous.number));
      }
    }
  return {};
}

void Version::find_candidates(TableId table, const PointRead& read, Candidates& candidates) const {
  const auto add = [&](const TableReader* file) {
    file->prefetch(read);
    candidates.add(file);
  };
  const Levels& levels = tables_[table];
  for (const TableFile& run : levels[0].files)
    if (run->covers(read.prefix)) add(run.get());
  for (unsigned i = 1; i < level_count; ++i)
    if (const TableReader* file = file_for(levels[i], read)) add(file);
}

Status Version::get(TableId table, const PointRead& read, Found& found) const {
  Candidates candidates;
  find_candidates(table, read, candidates);
  for (std::size_t i = 0; i < candidates.count(); ++i) {
    const Status status = candidates[i].get(read, found);
    if (!status || found.kind != Found::Kind::none) return status;
  }
  return {};
}

// The first file that does not end before the key; null if that begins behind it.
const TableReader* Version::file_for(const Level& level, const PointRead& read) {
  if (level.files.empty()) return nullptr;
  const auto& prefixes = level.largest_prefixes;
  std::size_t file = lower_bound_u64(prefixes, read.prefix);
  while (file < prefixes.size() && prefixes[file] == read.prefix &&
         level.files[file]->meta().largest < read.key)
    ++file;
  if (file == prefixes.size() || !level.files[file]->covers(read.prefix)) return nullptr;
  return level.files[file].get();
}

void Version::add_iterators(TableId table, const Range& range, const IterateOptions& options,
                            std::vector<std::unique_ptr<EntryIterator>>& iterators) const {
  const Levels& levels = tables_[table];
  for (const TableFile& run : levels[0].files)
    if (in_range(run->meta(), range)) iterators.push_back(run->iterator(options));
  for (unsigned i = 1; i < level_count; ++i) {
    const auto files = files_within(levels[i].files, range.start, range.end);
    if (!files.empty()) iterators.push_back(std::make_unique<LevelIterator>(files, options));
  }
}

TableFile Version::find(std::uint64_t number) const {
  for (const Levels& levels : tables_)
    for (const Level& level : levels)
      for (const TableFile& file : level.files)
        if (file->meta().number == number) return file;
  return nullptr;
}

std::vector<TableFile> Version::files() const {
  std::vector<TableFile> all;
  for (const Levels& levels : tables_)
    for (const Level& level : levels) all.insert(all.end(), level.files.begin(), level.files.end());
  return all;
}

}  // namespace ouro::engine
