// Turning a stream of entries into table files, step by step: what flush and compaction share.
#pragma once

#include "base/result.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"
#include "engine/table_builder.hpp"
#include "engine/table_store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// Which versions somebody may still read. Both parts must be taken at one moment; snapshots made
/// later have at least `visible`.
struct Retention {
  std::vector<Sequence> snapshots;  ///< Ascending.
  Sequence visible = 0;             ///< What a read without a snapshot sees.

  /// True if a version is the newest one for some reader. `newer` is the sequence of the next newer
  /// version of the same key, 0 if there is none.
  bool needed(Sequence sequence, Sequence newer) const;
  /// The oldest state that anybody may still read.
  Sequence oldest() const;
};

/// Writes entries to as many files as needed.
class TableJob {
 public:
  struct Plan {
    TableId table = 0;
    unsigned level = 0;
    /// Where an output is cut (never inside a key); 0: nowhere.
    std::uint64_t file_bytes = 0;
    Retention retention;
    /// May an older version of this key lie below the job's output? Null: always yes.
    std::function<bool(std::string_view key)> older_may_exist;
  };

  /// `source` must outlive the job.
  TableJob(const TableStore& store, Plan plan, EntryIterator& source);
  /// Removes the files that were not taken.
  ~TableJob();
  TableJob(const TableJob&) = delete;
  TableJob& operator=(const TableJob&) = delete;

  /// Takes about `input_bytes` of entries; true when all is done and synced (the directory is not).
  /// After an error only destruction is allowed.
  Result<bool> step(std::size_t input_bytes);

  std::uint64_t entries_read() const noexcept { return read_; }
  std::uint64_t entries_dropped() const noexcept { return dropped_; }
  std::uint64_t bytes_written() const noexcept { return bytes_written_; }
  /// After the last step: the files, in key order. They are the caller's now.
  std::vector<FileMeta> take_files();

 private:
  Status take(const Entry& entry);
  bool keep(const Entry& entry);
  Status open_output();
  Status close_output();

  const TableStore& store_;
  Plan plan_;
  EntryIterator& source_;
  std::unique_ptr<TableBuilder> builder_;
  std::vector<FileMeta> files_;
  std::vector<std::string> paths_;  ///< Of all outputs; emptied by take_files().
  std::string key_;                 ///< The key of the last entry taken.
  bool started_ = false;
  bool done_ = false;
  Sequence newer_ = 0;
  std::uint64_t read_ = 0, dropped_ = 0, bytes_written_ = 0;
};

/// Writes all of `entries` (from the first) to one level 0 file, at once: a flush. Nothing if there
/// are none. Removes are kept, versions that nobody can see are not.
Result<std::optional<FileMeta>> build_table(const TableStore& store, TableId table,
                                            EntryIterator& entries, const Retention& retention);

}  // namespace ouro::engine
