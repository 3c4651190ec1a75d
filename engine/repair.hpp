// How does a damaged database become one that opens again, with everything that can still be read?
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ouro::engine {

struct RepairOptions {
  bool dry_run = false;  ///< Only report what would be done.
  /// Take changes from logs that lie behind damage too: more is kept, but no longer all that was
  /// written up to one moment.
  bool salvage = false;
  /// The tables in the order in which they were created, for when no file tells. Files are believed
  /// first.
  std::vector<TableSpec> tables = {};
  /// Sizes of what is written; directory, identity and tables in it are not looked at.
  Options output = {};
};

enum class RepairMethod : std::uint8_t {
  none,     ///< Nothing is damaged.
  replace,  ///< The manifest is right: only what is damaged is written anew.
  rebuild,  ///< Everything that could be read is merged into new files of the last level.
};

struct RepairReport {
  RepairMethod method = RepairMethod::none;
  bool done = false;                ///< False for a dry run and where there is nothing to do.
  std::vector<std::string> damage;  ///< What was found; a sentence each, naming file and offset.
  std::vector<std::string> notes;
  std::vector<std::string> moved;  ///< Names that go to lost/.
  std::uint64_t files_kept = 0;    ///< Table files that stay as they are.
  std::uint64_t entries_kept = 0;  ///< Entries in table files that could be read.
  std::uint64_t changes_kept = 0;  ///< Changes that were taken from logs.
  std::uint64_t changes_left_out =
      0;                            ///< Readable changes behind damage, which salvage would take.
  std::uint64_t files_written = 0;  ///< New table files; 0 in a dry run.
};

/// Where the files go that are replaced or of no more use.
inline constexpr const char* lost_directory = "lost";

/// Repairs the database in `directory`, which nobody may have open.
///
/// Nothing is deleted: every file that is not part of the repaired database has its name in
/// `directory`/lost before the repair counts (if that has a file of the same name and other
/// content, with ".1" and so on behind it). It counts from the moment CURRENT is replaced; stopped
/// anywhere it can be run again with the same result. Needs as much free space as what it writes.
///
/// What it cannot know: a rebuild takes a table file that waited for its removal for a live one
/// unless intact files say that they have taken its place, so that keys removed or replaced shortly
/// before may come back.
///
/// Errors: denied (it is open), not_found, unsupported (a newer format), corruption (files are
/// mixed up so that a person must decide), io, no_space. After an error the database is as before,
/// or repaired.
Result<RepairReport> repair(FileSystem& files, const std::string& directory,
                            const RepairOptions& options = {});

}  // namespace ouro::engine
