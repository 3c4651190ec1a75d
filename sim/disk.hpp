// What is on a simulated disk, what only seems to be, and what a loss of power makes of it.
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::sim {

/// What becomes of bytes that were appended and not synced.
enum class UnsyncedBytes : std::uint8_t {
  lost,     ///< The file ends where it was synced.
  kept,     ///< All of them reached the disk in time.
  zeroed,   ///< The file has its size, the bytes are zero.
  sectors,  ///< The file has its size, each sector is there or zero by chance.
  prefix,   ///< The file ends at some place between synced and written.
  garbled,  ///< All kept, except that the last sector is noise.
};

/// What becomes of names that were created, renamed, linked or removed and whose directory was not
/// synced.
enum class UnsyncedNames : std::uint8_t {
  lost,  ///< Directories look as they were synced.
  kept,  ///< All changes took place.
  some,  ///< Each change took place or did not, independently; a rename is never half done.
};

/// How kind a loss of power is.
struct CrashPolicy {
  UnsyncedBytes bytes = UnsyncedBytes::lost;
  UnsyncedNames names = UnsyncedNames::lost;
  unsigned keep_percent = 50;  ///< The chance of a sector (`sectors`) and of a name (`some`).
};

/// Every kind of crash, the harshest first; for tests that try them all.
const std::vector<CrashPolicy>& crash_policies();
CrashPolicy random_crash_policy(Random& random);

/// A file or a directory.
struct Inode {
  struct Range {
    std::size_t begin;
    std::size_t end;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  std::uint64_t number = 0;
  bool is_directory = false;

  std::string bytes;                     ///< As processes see them.
  std::size_t synced = 0;                ///< The bytes before this were synced.
  std::vector<Range> doubtful;           ///< What a failed sync was to cover: never sure again.
  std::optional<std::string> truncated;  ///< The durable bytes that an unsynced truncation hides.
  std::size_t links = 0;                 ///< Names of a file, as processes see them.

  Names names;    ///< As processes see them.
  Names durable;  ///< As after a loss of power that drops all unsynced changes.
};

/// A tree of files in two states: as processes see it (the page cache) and as it is on the platter.
/// Knows nothing of failures, handles or threads: see sim/file_system.hpp.
///
/// The model: appended bytes become durable by sync(); changes of names by sync_directory() of any
/// directory they touch, together with the earlier changes of the same names. '.' and the empty
/// path are the root, as is '/'.
class Disk {
 public:
  using File = std::shared_ptr<Inode>;

  Disk();

  /// Null if there is none.
  File find(std::string_view path) const;

  Result<File> create(const std::string& path);
  Status create_directory(const std::string& path);
  /// A file or an empty directory.
  Status remove(const std::string& path);
  /// A directory can be renamed within its parent only.
  Status rename(const std::string& from, const std::string& to);
  Status link(const std::string& from, const std::string& to);
  Status sync_directory(const std::string& path);

  void append(Inode& file, std::string_view bytes);
  void sync(Inode& file);
  /// The bytes not yet synced may or may not be durable, whatever later syncs say.
  void fail_sync(Inode& file);

  /// Durably gives the file other content.
  void replace(Inode& file, std::string bytes);

  /// Bytes of all files that have a name.
  std::uint64_t used() const { return used_; }

  /// The disk as the next boot finds it. `seed` decides what the policy leaves to chance.
  Disk after_crash(CrashPolicy policy, std::uint64_t seed) const;

 private:
  struct Edit {
    std::shared_ptr<Inode> directory;
    std::string name;
    std::shared_ptr<Inode> target;  ///< Null: the name goes away.
  };
  using Change = std::vector<Edit>;  // takes place as a whole
  struct Place {
    std::shared_ptr<Inode> directory;  ///< Null if the parent does not exist.
    std::string name;                  ///< Empty for the root.
  };
  class Copier;

  std::shared_ptr<Inode> make(bool is_directory);
  Place place(const std::string& path) const;
  void apply(Change change);
  static bool touch_same_name(const Change& a, const Change& b);

  std::uint64_t last_number_ = 0;
  std::uint64_t used_ = 0;
  std::shared_ptr<Inode> root_;
  std::vector<Change> pending_;  // oldest first
};

}  // namespace ouro::sim
