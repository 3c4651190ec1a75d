// All that Ouro asks of a disk.
//
// The real one is net/posix_file_system; sim/ has one that loses power. Nothing above opens a file
// by other means, so every crash and every failure can be rehearsed.
//
// Durability is as weak as POSIX makes it, and no weaker: bytes are durable after sync(); a name
// (created, renamed, linked or removed) is durable after sync_directory() of its directory; what
// was not synced may survive a crash in whole, in part, out of order, or not at all.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ouro {

/// A file being written, front to back. For one thread at a time. The destructor closes it
/// unsynced.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  /// Adds the concatenation of `parts` at the end. After an error the file's tail is unknown.
  virtual Status append(std::span<const std::string_view> parts) = 0;
  Status append(std::string_view bytes) { return append(std::span(&bytes, 1)); }

  /// Makes all that was appended durable. After an error nothing is known about the file's unsynced
  /// bytes and a later success proves nothing: the caller must stop trusting the file.
  virtual Status sync() = 0;

  /// A hint: the file will grow to `size` bytes. Room may be set aside for them, so that a sync
  /// need not find it; size() does not change.
  virtual void reserve(std::uint64_t size) = 0;

  /// Bytes appended so far, and the offset of the next append.
  virtual std::uint64_t size() const = 0;
};

enum class ReadMode : std::uint8_t {
  blocking,  ///< Waits for the disk.
  cached,    ///< Answers would_block when the bytes are not in memory already.
};

/// A file that no longer changes, read at any place by any number of threads at once.
class RandomFile {
 public:
  virtual ~RandomFile() = default;

  /// Fills `into` from `offset`; a file that ends before is Error corruption, for callers only read
  /// what they know to be there. The message names the file and the offset.
  virtual Status read(std::uint64_t offset, std::span<char> into, ReadMode mode) const = 0;

  /// A hint: these bytes are about to be read. Returns at once.
  virtual void read_ahead(std::uint64_t offset, std::uint64_t size) const = 0;

  virtual std::uint64_t size() const = 0;
};

/// Held while it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// Paths are absolute or relative to the process's directory, separated by '/'. Files are created
/// with mode 0600 and directories with 0700. Every error names the path. Safe to use from any
/// thread.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// A new empty file; one of the same name is truncated.
  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path) = 0;
  virtual Result<std::unique_ptr<RandomFile>> open(const std::string& path) = 0;
  /// The whole of a small file (at most 64 MiB).
  virtual Result<std::string> read_file(const std::string& path) = 0;

  virtual Result<std::uint64_t> file_size(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  /// Names (not paths) in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;

  /// Also creates missing parents. Success if it exists.
  virtual Status create_directory(const std::string& path) = 0;
  virtual Status remove(const std::string& path) = 0;
  /// Atomically replaces `to` if it exists.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// A second name for the same file.
  virtual Status link(const std::string& from, const std::string& to) = 0;
  virtual Status sync_directory(const std::string& path) = 0;

  /// Keeps every other process, and every other lock of this one, out. Error denied if it is held.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;

  /// Error denied, saying what to change, unless `directory` belongs to the caller's user and is
  /// closed to all others (mode 0700), and the same for the files in it (0600).
  virtual Status check_private(const std::string& directory) = 0;

  /// Bytes that can still be written to the disk that holds `path`.
  virtual Result<std::uint64_t> free_space(const std::string& path) = 0;
};

/// Replaces the file at `path` by one with `bytes` so that a crash leaves the old or the new
/// content, whole: writes `path`.tmp, syncs it, renames it, syncs the directory.
Status replace_file(FileSystem& files, const std::string& path, std::string_view bytes);

/// "a/b/c" -> "a/b"; a name without a directory -> ".".
std::string directory_of(const std::string& path);

}  // namespace ouro
