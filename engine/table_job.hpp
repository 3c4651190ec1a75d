// Turning a stream of entries into table files, step by step: what flush and compaction share.
#pragma once

#include "base/result.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"
#include "engine/older_data.hpp"
#include "engine/table_builder.hpp"
#include "engine/table_store.hpp"

#include <cstddef>
#include <cstdint>
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

/// Writes entries to as many files as needed. Leaves out what nobody can see any more, and what the
/// table's TableSpec lets go.
///
/// Below level 0, the newest version that everybody sees of a key that has nothing below is written
/// with sequence 0: older than everything, seen by all. So sequences take no room in settled data.
class TableJob {
 public:
  struct Plan {
    TableId table = 0;
    unsigned level = 0;
    /// Where an output is cut (never inside a key); 0: nowhere.
    std::uint64_t file_bytes = 0;
    /// Keys, ascending, that begin a new output: the places of files that stay between them.
    std::vector<std::string> cuts;
    std::string begin, end;  ///< Takes only keys in [begin, end); an empty end: no end.
    Retention retention;
    /// What the outputs together take the place of.
    std::vector<ReplacedPart> replaced;
    /// What lies below the output. Nothing: unknown, all of it may be older (a flush).
    std::optional<OlderData> older;
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
  Status take(Entry entry);
  void begin_key(std::string_view key);
  bool keep(Entry& entry);
  bool keep_settled(Entry& entry, Sequence newer);
  bool may_drop(const Entry& entry, Sequence newer) const;
  Status open_output();
  Status close_output(const std::string& next);

  const TableStore& store_;
  Plan plan_;
  EntryIterator& source_;
  std::unique_ptr<TableBuilder> builder_;
  std::vector<FileMeta> files_;
  std::vector<std::string> paths_;  ///< Of all outputs; emptied by take_files().
  const TableSpec& spec_;
  const Sequence oldest_;
  std::size_t next_cut_ = 0;
  std::string key_;           ///< The key of the last entry taken.
  bool cut_ = false;          ///< The next entry that is kept begins an output.
  std::string output_begin_;  ///< The output has all that is kept from this key on.
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
