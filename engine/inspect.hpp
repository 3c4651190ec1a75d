// What is in a database that no process has open? Nothing here writes.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"
#include "engine/iterator.hpp"
#include "engine/log_survey.hpp"
#include "engine/manifest.hpp"
#include "engine/survey.hpp"
#include "engine/version.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// A database as it would be after an open, with its lock held, so that no node can start on it
/// meanwhile. What the log holds is kept in memory. For one thread at a time.
class Inspector {
 public:
  /// Tables need not be known beforehand. Errors: denied (a node has it open), not_found,
  /// corruption (damaged in a way that an open would refuse; verify_database() tells of all
  /// damage), unsupported, io.
  static Result<std::unique_ptr<Inspector>> open(FileSystem& files, const std::string& directory);

  std::uint64_t manifest_number() const noexcept { return manifest_.number; }
  /// Tables by id, table files, and where the log begins.
  const ManifestState& state() const noexcept { return manifest_.state; }
  const std::vector<LogSegment>& segments() const noexcept { return logs_.segments; }
  /// Changes that are only in the log.
  std::uint64_t logged_changes() const noexcept { return logs_.changes; }
  Sequence last_sequence() const noexcept;

  /// Error not_found, naming those that there are.
  Result<TableId> table(std::string_view name) const;

  /// Entries of a range in order, in their newest version; removed ones are not shown. Positioned
  /// at the first. Must be destroyed before this object.
  std::unique_ptr<Iterator> scan(TableId table, const Range& range) const;

 private:
  Inspector() = default;

  std::string directory_;
  std::unique_ptr<FileLock> lock_;
  LoadedManifest manifest_;
  LogSurvey logs_;
  std::unique_ptr<OfflineStore> store_;  // before the version, which refers to it
  std::shared_ptr<const Version> version_;
};

/// Reads every byte of a database that may be damaged, and tells what is wrong with it. Errors as
/// of survey_directory(), and denied.
Result<Survey> verify_database(FileSystem& files, const SurveyQuestion& question);

}  // namespace ouro::engine
