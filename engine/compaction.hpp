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
#include <string>
#include <vector>

namespace ouro::engine {

/// The most urgent compaction of any table; nothing if every table is in shape.
std::optional<CompactionPlan> pick(const Version& version, const Options& options);

/// Merges all of a table into its deepest level; nothing if it lies in one level below 0 already.
std::optional<CompactionPlan> pick_all(const Version& version, TableId table);

/// Carries out a plan, a bounded piece at a time. Reads with blocking mode and past the cache. At
/// most one job works on a table at a time; flushes may add runs to level 0 meanwhile.
///
/// The work is cut into parts by key, never inside a key. prepare() and what is said about the
/// whole job are for one thread at a time; once prepared, different parts may be stepped by
/// different threads at once.
class CompactionJob {
 public:
  /// Input of one step, about.
  static constexpr std::size_t step_bytes = 256 * 1024;

  /// `version` must be the one that `plan` was made from; the job keeps it. `parts_max` is at least
  /// 1; there are fewer parts where little is to be done.
  CompactionJob(const TableStore& store, std::shared_ptr<const Version> version,
                CompactionPlan plan, Retention retention, std::size_t parts_max = 1);
  /// Removes the outputs unless the edit was taken.
  ~CompactionJob();
  CompactionJob(const CompactionJob&) = delete;
  CompactionJob& operator=(const CompactionJob&) = delete;

  /// Once, first: finds out which files need not be rewritten, and cuts the rest into parts. May
  /// read a few blocks. After an error only destruction is allowed.
  Status prepare();
  /// After prepare(); none if no file must be rewritten.
  std::size_t parts() const noexcept { return parts_.size(); }
  /// A piece of a part that is not finished; true when it is now.
  Result<bool> step_part(std::size_t part);
  /// Once all parts are finished: Error corruption if the parts together did not see every entry of
  /// the inputs. Then take_edit().
  Status finish();

  /// All of the above one after another: true when finished.
  Result<bool> step();

  /// Removes the inputs, adds the outputs, which are synced (their directory is not). They are the
  /// caller's now. A file that only changes its level is both removed and added.
  VersionEdit take_edit();

  const CompactionPlan& plan() const noexcept { return plan_; }
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }
  std::uint64_t bytes_written() const;

 private:
  struct Part {
    std::string begin, end;  ///< Keys from `begin` to before `end`; empty: no end.
    std::unique_ptr<EntryIterator> input;
    std::unique_ptr<TableJob> job;
    bool finished = false;
  };

  void set_aside(std::size_t level, std::size_t file);
  void set_aside_lonely();
  Status set_aside_untouched();
  Result<bool> is_touched(const TableReader& file) const;
  void cut(std::size_t parts_max);
  void begin(Part& part);
  OlderData older() const;

  const TableStore& store_;
  std::shared_ptr<const Version> version_;
  CompactionPlan plan_;
  Retention retention_;
  std::size_t parts_max_;
  std::vector<std::vector<TableFile>> inputs_;  ///< By level: what is rewritten.
  std::vector<std::vector<TableFile>> below_;   ///< Runs outside the inputs that may be older.
  std::vector<FileMeta> moved_;                 ///< Inputs that only change their level.
  std::vector<ReplacedPart> replaced_;          ///< What the outputs take the place of.
  std::vector<std::string> cuts_;               ///< Where files lie that outputs must not span.
  std::uint64_t bytes_read_ = 0;
  std::uint64_t entries_expected_ = 0;
  bool prepared_ = false;
  bool finished_ = false;
  std::vector<Part> parts_;
};

}  // namespace ouro::engine
