// Which table files to merge next, and merging them.
#pragma once

#include "base/result.hpp"
#include "engine/compaction_picker.hpp"
#include "engine/entry.hpp"
#include "engine/table_job.hpp"
#include "engine/table_store.hpp"
#include "engine/version.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ouro::engine {

/// The most urgent compaction of any table; nothing if every table is in shape.
std::optional<CompactionPlan> pick(const Version& version, const Options& options);

/// Merges all of a table into its deepest level; nothing if it lies in one level below 0 already.
std::optional<CompactionPlan> pick_all(const Version& version, TableId table);

/// Carries out a plan, a bounded piece at a time; for one thread at a time. Reads with blocking
/// mode and past the cache. At most one job works on a table at a time; flushes may add runs to
/// level 0 meanwhile.
class CompactionJob {
 public:
  /// Input of one step, about.
  static constexpr std::size_t step_bytes = 256 * 1024;

  /// `version` must be the one that `plan` was made from; the job keeps it.
  CompactionJob(const TableStore& store, std::shared_ptr<const Version> version,
                CompactionPlan plan, Retention retention);
  /// Removes the outputs unless the edit was taken.
  ~CompactionJob();
  CompactionJob(const CompactionJob&) = delete;
  CompactionJob& operator=(const CompactionJob&) = delete;

  /// True when finished; then take_edit(). After an error only destruction is allowed.
  Result<bool> step();

  /// Removes the inputs, adds the outputs, which are synced (their directory is not). They are the
  /// caller's now.
  VersionEdit take_edit();

  const CompactionPlan& plan() const noexcept { return plan_; }
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }
  std::uint64_t bytes_written() const;

 private:
  void note_below(std::vector<TableFile> files);
  bool older_may_exist(std::string_view key);

  std::shared_ptr<const Version> version_;
  CompactionPlan plan_;
  std::vector<std::vector<TableFile>> below_;  ///< Files outside the inputs, run by run.
  std::vector<std::size_t> positions_;         ///< In each run of below_, as keys only go up.
  std::uint64_t bytes_read_ = 0;
  std::uint64_t entries_expected_ = 0;
  bool finished_ = false;
  std::unique_ptr<EntryIterator> input_;
  std::unique_ptr<TableJob> job_;
};

}  // namespace ouro::engine
