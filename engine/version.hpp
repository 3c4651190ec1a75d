// The set of table files that makes up a database at one moment.
#pragma once

#include "base/result.hpp"
#include "engine/db.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"
#include "engine/point_read.hpp"
#include "engine/table_reader.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ouro::engine {

using TableFile = std::shared_ptr<TableReader>;

/// Those of a deeper level's files that may have keys from `start` to before `end` (empty: no end).
std::span<const TableFile> files_within(std::span<const TableFile> files, std::string_view start,
                                        std::string_view end);

/// Level 0 holds runs, newest first, which may overlap; deeper levels are sorted and disjoint, and
/// all versions of a key in a level lie in one file. A key's versions get older from level to level
/// (and from run to run: a run's sequences are all greater than those of the runs behind it), so
/// the first one found is the newest.
struct Level {
  std::vector<TableFile> files;
  std::uint64_t bytes = 0;
  std::vector<std::uint64_t> largest_prefixes;  ///< key_prefix of each file's largest key.
};

/// Files whose key range holds a key, newest first. The version keeps them.
class Candidates {
 public:
  void add(const TableReader* file) {
    if (count_ < near_.size())
      near_[count_] = file;
    else
      far_.push_back(file);
    ++count_;
  }
  std::size_t count() const noexcept { return count_; }
  const TableReader& operator[](std::size_t i) const noexcept {
    return i < near_.size() ? *near_[i] : *far_[i - near_.size()];
  }

 private:
  std::array<const TableReader*, 24> near_;  // more only where compaction is far behind
  std::vector<const TableReader*> far_;
  std::size_t count_ = 0;
};

/// Immutable; shared by everyone who reads. Holding one keeps its files on disk.
///
/// Readers must take the sequence they read at after they took the version, or hold it as a
/// snapshot: compaction drops what neither a snapshot nor the then visible state can see.
class Version {
 public:
  /// No files.
  explicit Version(std::size_t tables) : tables_(tables) {}

  /// The version after `edit`, whose added files were opened as `added` (same order). Error
  /// corruption if it would break an invariant or removes what is not there: never installed then.
  Result<std::shared_ptr<const Version>> apply(const VersionEdit& edit,
                                               const std::vector<TableFile>& added) const;

  /// The files to ask for a key, in this order; also asks the processor for what their filters and
  /// indexes will read.
  void find_candidates(TableId table, const PointRead& read, Candidates& candidates) const;

  /// The newest version of a key that `read` may see. `found` stays none if no file has one. Takes
  /// no lock where blocks are cached.
  Status get(TableId table, const PointRead& read, Found& found) const;

  /// Adds iterators that together have every entry of `range` (and may have others around it), one
  /// per run of level 0 and one per deeper level. The version must outlive them. The merge of them
  /// is positioned with seek(range.start, sequence_max).
  void add_iterators(TableId table, const Range& range, const IterateOptions& options,
                     std::vector<std::unique_ptr<EntryIterator>>& iterators) const;

  std::size_t table_count() const noexcept { return tables_.size(); }
  const Level& level(TableId table, unsigned level) const { return tables_[table][level]; }
  /// Bytes that indexes, filters and the cache's slots take.
  std::size_t memory() const noexcept { return memory_; }
  /// Null if no such file is in this version.
  TableFile find(std::uint64_t number) const;
  /// All files, table by table, level by level.
  std::vector<TableFile> files() const;

 private:
  using Levels = std::array<Level, level_count>;

  Status remove(std::uint64_t number);
  Status add(const TableFile& file);
  Status check_and_summarize();
  static const TableReader* file_for(const Level& level, const PointRead& read);

  std::vector<Levels> tables_;
  std::size_t memory_ = 0;
};

}  // namespace ouro::engine
