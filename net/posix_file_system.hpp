// The disk as it is: FileSystem on POSIX calls.
#pragma once

#include "base/file_system.hpp"

namespace ouro::net {

/// Files are opened without following a link in their last part, closed on exec, and private to the
/// user whatever the umask says. Interrupted and partial calls are carried on. Safe to use from any
/// thread.
class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<RandomFile>> open(const std::string& path) override;
  Result<std::string> read_file(const std::string& path) override;
  Result<std::uint64_t> file_size(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  /// What it creates is durable when it returns.
  Status create_directory(const std::string& path) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status link(const std::string& from, const std::string& to) override;
  Status sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Status check_private(const std::string& directory) override;
  Result<std::uint64_t> free_space(const std::string& path) override;
};

}  // namespace ouro::net
