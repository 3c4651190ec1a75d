// A part of a table as files of its own, for another database to take in.
//
// An export is a directory of table files, numbered from 2, and a manifest with number 1 that lists
// them: the formats of a database (docs/formats.md) under an identity of the export's own. Each key
// is there once, with the sequence of ingested entries. The list is written last, so an export that
// was cut short has none.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"
#include "engine/entry.hpp"
#include "engine/options.hpp"
#include "engine/table_store.hpp"
#include "engine/version.hpp"
#include "engine/wal_format.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ouro::engine {

struct ExportTarget {
  std::string directory;  ///< Exists and is empty.
  TableSpec table;        ///< What the entries are from.
  DbIdentity identity;    ///< Tells the export's files from all others.
};

/// Writes what `live` shows, from its first entry. How tables are written is taken from `options`.
/// Durable when it returns, but for the directory's own name; after an error files are left over.
Result<RangeExport> write_export(const Options& options, FileSystem& files,
                                 const ExportTarget& target, Iterator& live);

/// An export as found: its list and its files were opened and agree. For one thread at a time.
class OpenedExport {
 public:
  /// Errors, naming file and offset: not_found (no list), invalid_argument (no export), corruption,
  /// unsupported, io.
  static Result<std::unique_ptr<OpenedExport>> open(FileSystem& files,
                                                    const std::string& directory);
  OpenedExport(const OpenedExport&) = delete;
  OpenedExport& operator=(const OpenedExport&) = delete;

  const std::string& directory() const noexcept { return store_.directory; }
  const TableSpec& table() const noexcept { return options_.tables.front(); }
  /// In key order, disjoint.
  const std::vector<TableFile>& tables() const { return version_->level(0, level).files; }
  /// Entries, bytes and files.
  const IngestReport& totals() const noexcept { return totals_; }

  /// Reads all files and checks every byte. Error corruption with the first damage found.
  Status verify() const;

  static constexpr unsigned level = 1;  ///< Of all files: sorted and disjoint.

 private:
  OpenedExport(FileSystem& files, const std::string& directory);
  Status load();

  Options options_;
  TableStore store_;
  std::shared_ptr<const Version> version_;
  IngestReport totals_;
};

}  // namespace ouro::engine
