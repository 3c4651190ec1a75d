// Open files on POSIX calls, and how the system's error numbers become Errors.
#pragma once

#include "base/file_system.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ouro::net {

/// "write /data/1.wal: No space left on device", with the code that fits `number` (an errno).
Error system_error(int number, std::string_view operation, const std::string& path);

/// Owns an open file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;

  int get() const noexcept { return number_; }

 private:
  int number_;
};

/// open(2) with close-on-exec, repeated when interrupted. New files get mode 0600.
Result<FileDescriptor> open_file(const std::string& path, int flags);

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(std::string path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  using WritableFile::append;
  Status append(std::span<const std::string_view> parts) override;
  Status sync() override;
  void reserve(std::uint64_t size) override;
  std::uint64_t size() const override { return size_; }

 private:
  const std::string path_;
  const FileDescriptor file_;
  std::uint64_t size_ = 0;
};

class PosixRandomFile final : public RandomFile {
 public:
  PosixRandomFile(std::string path, FileDescriptor file, std::uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  Status read(std::uint64_t offset, std::span<char> into, ReadMode mode) const override;
  void read_ahead(std::uint64_t offset, std::uint64_t size) const override;
  std::uint64_t size() const override { return size_; }

 private:
  Error failure(int number, std::uint64_t offset) const;

  const std::string path_;
  const FileDescriptor file_;
  const std::uint64_t size_;
  /// Some file systems cannot read without waiting; they are asked once for each file.
  mutable std::atomic<bool> can_tell_cached_{true};
};

}  // namespace ouro::net
