// What is in a database directory, and what of it can be believed?
//
// The common ground of verification and repair: nothing here writes.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"
#include "engine/file_meta.hpp"
#include "engine/log_survey.hpp"
#include "engine/manifest_survey.hpp"
#include "engine/options.hpp"
#include "engine/table_store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

enum class TableState : std::uint8_t {
  whole,
  damaged,     ///< Some of its entries can be read.
  unreadable,  ///< None can.
  missing,     ///< The manifest names it and it is not there.
  foreign,     ///< Of another database.
  leftover,    ///< All of it is elsewhere too: a crash left it, or it waited for removal.
};
std::string_view name(TableState state);

struct SurveyedTable {
  FileMeta meta;  ///< As the manifest records it, or as the file tells of itself.
  TableState state = TableState::whole;
  bool present = false;
  bool named = false;         ///< By the manifest.
  std::uint64_t entries = 0;  ///< That could be read.
};

/// A TableStore together with the options that it refers to.
struct OfflineStore {
  OfflineStore(Options options_, FileSystem& files, const DbIdentity& identity);
  const Options options;
  TableStore store;
};

struct SurveyQuestion {
  /// Sizes for what repair writes. `directory` is the database's; `tables` help where no file tells
  /// their names and ids.
  Options options;
  bool salvage = false;  ///< See LogQuestion::salvage.
};

struct Survey {
  std::vector<std::string> present;  ///< Names in the directory.
  ManifestSurvey manifest;
  DbIdentity identity{};
  std::vector<TableSpec> tables;  ///< By id.
  /// The manifest still tells all there is to tell of levels and of what is needed. Otherwise every
  /// table file counts that is not known to have been given up or replaced.
  bool manifest_decides = false;
  std::vector<SurveyedTable> files;
  LogSurvey logs;
  std::uint64_t blocks = 0, entries = 0;
  std::uint64_t next_file_number = 1;  ///< Above all that was ever given out.
  Sequence last_sequence = 0;          ///< Of all that was found, logs included.
  std::vector<std::string> damage;     ///< A sentence each, naming file and offset.
  std::vector<std::string> notes;      ///< What is worth a word and is no damage.
  std::unique_ptr<OfflineStore> store;
};

/// Reads everything. The caller holds the database's lock. Errors: not_found (no database is
/// there), corruption (so mixed up that a person must decide: the message says what), unsupported
/// (a newer format), io.
Result<Survey> survey_directory(FileSystem& files, const SurveyQuestion& question);

/// Error not_found or denied unless `directory` holds files of a database that nobody has open. The
/// lock is null if the database has no lock file: then nobody can have it open.
Result<std::unique_ptr<FileLock>> lock_database(FileSystem& files, const std::string& directory);

}  // namespace ouro::engine
