// A disk in memory that loses power, fails, fills up and rots on request.
#pragma once

#include "base/file_system.hpp"
#include "sim/disk.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace ouro::sim {

/// What was asked of the disk. The kinds before `open` change it.
enum class Operation : std::uint8_t {
  create,
  append,
  sync,
  create_directory,
  remove,
  rename,
  link,
  sync_directory,
  open,
  read,     ///< RandomFile::read and FileSystem::read_file.
  inspect,  ///< All others.
};
constexpr bool changes_disk(Operation operation) { return operation < Operation::open; }

/// Implements ouro::FileSystem with exactly the durability that it promises and none more; what a
/// crash makes of unsynced things is told in sim/disk.hpp.
///
/// Operations are numbered from 0 in the order they are made. Failing a number, or stopping at one,
/// for every number in turn, is how a component proves that it survives a failure anywhere.
/// Deterministic by its seed. Outlives its files and locks. Safe to use from any thread; a test
/// that counts operations uses one.
class FileSystem final : public ouro::FileSystem {
 public:
  explicit FileSystem(std::uint64_t seed = 1) : random_(seed) {}

  /// Operations made so far, and how many of them were of the kinds that change the disk.
  std::uint64_t operations() const;
  std::uint64_t changes() const;

  /// Operation number `k` and all later ones fail with Error io and have no effect: the machine is
  /// gone. What is on it then is asked with crash() or after_crash().
  void stop_after(std::uint64_t k);
  /// The same, counting only the operations that change the disk.
  void stop_after_change(std::uint64_t k);

  /// Operation number `k` fails once (io or no_space). A failing append may have written a part of
  /// its bytes. A failing sync leaves them in doubt for ever, as on Linux: a later success proves
  /// nothing. All other failing operations have no effect.
  void fail_operation(std::uint64_t k, ErrorCode code);
  /// The same, counting only the operations that change the disk.
  void fail_change(std::uint64_t k, ErrorCode code);
  /// Asked before each operation; an answer makes it fail with that code. Null: no more. Must not
  /// call back into this object.
  using FailWhen = std::function<std::optional<ErrorCode>(Operation, const std::string& path)>;
  void fail_when(FailWhen predicate);

  /// Appends that would make all files together larger than `bytes` fail with no_space.
  void set_capacity(std::uint64_t bytes);
  /// How many of 1000 reads with ReadMode::cached answer would_block. 0 at first.
  void set_cache_misses(unsigned permille);
  /// Whether check_private() succeeds. True at first.
  void set_private(bool is_private);

  /// Loss of power and the next boot, in place: the content is what `policy` leaves, all failures
  /// that were asked for are forgotten, locks are free, and files opened before fail with Error io.
  void crash(CrashPolicy policy, std::uint64_t seed);
  /// What crash() would leave, on a disk of its own; this one stays as it is.
  std::unique_ptr<FileSystem> after_crash(CrashPolicy policy, std::uint64_t seed) const;
  /// The process ends and the machine goes on (kill -9): unsynced data stays, locks are free, and
  /// files opened before fail with Error io.
  void end_process();

  /// Damage: inverts the bits of `mask` in one byte of a file, or cuts it, durably and unnoticed.
  /// The file must exist and have the byte.
  void flip(const std::string& path, std::uint64_t offset, std::uint8_t mask = 0xff);
  void truncate(const std::string& path, std::uint64_t size);
  /// Gives a file that must exist other content, durably.
  void overwrite(const std::string& path, std::string bytes);
  /// The bytes of a file that must exist. Not an operation.
  std::string bytes(const std::string& path) const;

  // ouro::FileSystem
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<RandomFile>> open(const std::string& path) override;
  Result<std::string> read_file(const std::string& path) override;
  Result<std::uint64_t> file_size(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status create_directory(const std::string& path) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status link(const std::string& from, const std::string& to) override;
  Status sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Status check_private(const std::string& directory) override;
  Result<std::uint64_t> free_space(const std::string& path) override;

 private:
  class Writer;
  class Reader;
  class Lock;
  struct Fault {
    std::uint64_t number;
    ErrorCode code;
  };
  FileSystem(Disk disk, std::uint64_t seed) : disk_(std::move(disk)), random_(seed) {}

  // Counts an operation and tells whether it may take place. With mutex_ held.
  Status begin(Operation operation, const std::string& path);
  Status append(Writer& file, std::span<const std::string_view> parts);
  Status sync(Writer& file);
  Status read(const Reader& file, std::uint64_t offset, std::span<char> into, ReadMode mode);
  Result<Disk::File> find_file(const std::string& path) const;

  mutable std::mutex mutex_;
  Disk disk_;
  SeededRandom random_;
  std::uint64_t generation_ = 0;  // of processes: files of an earlier one are dead
  std::set<std::string> locks_;

  std::uint64_t operations_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t stop_at_ = UINT64_MAX;
  std::uint64_t stop_at_change_ = UINT64_MAX;
  bool stopped_ = false;
  std::optional<Fault> fail_operation_;
  std::optional<Fault> fail_change_;
  FailWhen fail_when_;
  std::uint64_t capacity_ = UINT64_MAX;
  unsigned cache_misses_ = 0;
  bool is_private_ = true;
};

}  // namespace ouro::sim
