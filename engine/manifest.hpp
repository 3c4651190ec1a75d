// What a database consists of: which tables, which files, where its log begins.
//
// A log of edits (as LevelDB's MANIFEST), whose first frame is the whole state. The file CURRENT
// names the manifest that counts. A manifest of an earlier run is only read: each run begins a new
// one.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/file_meta.hpp"
#include "engine/options.hpp"
#include "engine/wal_format.hpp"
#include "engine/wal_writer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::engine {

/// One step; fields at their defaults change nothing.
struct ManifestEdit {
  VersionEdit files;
  std::vector<TableSpec> tables;       ///< New tables, which get the next ids.
  std::uint64_t log_number = 0;        ///< The first log segment that is still needed.
  std::uint64_t next_file_number = 0;  ///< All numbers given out are smaller.
  Sequence last_sequence = 0;          ///< Of what the files hold.
};

std::string encode(const ManifestEdit& edit);
/// Errors: corruption, unsupported (a tag this build must know and does not).
Result<ManifestEdit> decode_manifest_edit(std::string_view bytes);

/// The sum of all edits.
struct ManifestState {
  DbIdentity identity{};
  std::vector<TableSpec> tables;  ///< Position: the table's id on disk.
  std::map<std::uint64_t, FileMeta> files;
  std::uint64_t log_number = 0;
  std::uint64_t next_file_number = 1;
  Sequence last_sequence = 0;

  /// Error corruption if the edit does not fit: adds a file twice or removes an unknown one.
  Status apply(const ManifestEdit& edit);
  /// The edit that makes this state out of nothing.
  ManifestEdit whole() const;
};

/// The manifest that CURRENT names, and what it says. `number` is 0 and the rest empty if the
/// directory has no CURRENT.
struct LoadedManifest {
  std::uint64_t number = 0;
  ManifestState state;
};
/// Errors: corruption (naming file and offset), unsupported, io.
Result<LoadedManifest> load_manifest(FileSystem& files, const std::string& directory);
/// What manifest `number` says, whatever CURRENT names. Error not_found if there is none.
Result<ManifestState> load_manifest(FileSystem& files, const std::string& directory,
                                    std::uint64_t number);

/// The number of the manifest that CURRENT names; 0 if there is no CURRENT.
Result<std::uint64_t> read_current(FileSystem& files, const std::string& directory);

/// Writes one manifest. For one thread at a time.
class Manifest {
 public:
  /// A new manifest that begins with `state`, durable but not yet the one that counts.
  static Result<std::unique_ptr<Manifest>> create(FileSystem& files, const std::string& directory,
                                                  std::uint64_t number, const ManifestState& state);

  /// From now on this is the manifest that counts. After an error it is not known which one does.
  Status make_current(FileSystem& files, const std::string& directory) const;

  /// Appends and syncs. After an error it is not known whether the edit will be seen.
  Status append(const ManifestEdit& edit);

  std::uint64_t number() const noexcept { return log_->header().number; }
  std::uint64_t size() const noexcept { return log_->end(); }
  /// Size after its first frame: what a new one would have, about.
  std::uint64_t first_size() const noexcept { return first_size_; }

 private:
  explicit Manifest(std::unique_ptr<LogWriter> log) : log_(std::move(log)) {}

  std::unique_ptr<LogWriter> log_;
  std::uint64_t first_size_ = 0;
};

}  // namespace ouro::engine
