// A file system that lets a test do something in the middle of another operation.
#pragma once

#include "base/file_system.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {

/// Passes everything on to `files`. For one thread.
class HookedFileSystem final : public FileSystem {
 public:
  explicit HookedFileSystem(FileSystem& files) : files_(files) {}

  /// Called once, before the first file whose path contains `part` is created.
  void before_create(std::string part, std::function<void()> hook) {
    part_ = std::move(part);
    hook_ = std::move(hook);
  }

  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    if (hook_ && path.find(part_) != std::string::npos) std::exchange(hook_, nullptr)();
    return files_.create(path);
  }
  Result<std::unique_ptr<RandomFile>> open(const std::string& path) override {
    return files_.open(path);
  }
  Result<std::string> read_file(const std::string& path) override { return files_.read_file(path); }
  Result<std::uint64_t> file_size(const std::string& path) override {
    return files_.file_size(path);
  }
  bool exists(const std::string& path) override { return files_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return files_.list(directory);
  }
  Status create_directory(const std::string& path) override {
    return files_.create_directory(path);
  }
  Status remove(const std::string& path) override { return files_.remove(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Status link(const std::string& from, const std::string& to) override {
    return files_.link(from, to);
  }
  Status sync_directory(const std::string& path) override { return files_.sync_directory(path); }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return files_.lock(path);
  }
  Status check_private(const std::string& directory) override {
    return files_.check_private(directory);
  }
  Result<std::uint64_t> free_space(const std::string& path) override {
    return files_.free_space(path);
  }

 private:
  FileSystem& files_;
  std::string part_;
  std::function<void()> hook_;
};

}  // namespace ouro::engine
