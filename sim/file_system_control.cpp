// What tests do to the disk, as opposed to what nodes do with it.
#include "base/check.hpp"
#include "sim/file_system.hpp"

#include <utility>

namespace ouro::sim {

std::uint64_t FileSystem::operations() const {
  const std::lock_guard guard(mutex_);
  return operations_;
}

std::uint64_t FileSystem::changes() const {
  const std::lock_guard guard(mutex_);
  return changes_;
}

void FileSystem::stop_after(std::uint64_t k) {
  const std::lock_guard guard(mutex_);
  stop_at_ = k;
}

void FileSystem::stop_after_change(std::uint64_t k) {
  const std::lock_guard guard(mutex_);
  stop_at_change_ = k;
}

void FileSystem::fail_operation(std::uint64_t k, ErrorCode code) {
  const std::lock_guard guard(mutex_);
  fail_operation_ = Fault{k, code};
}

void FileSystem::fail_change(std::uint64_t k, ErrorCode code) {
  const std::lock_guard guard(mutex_);
  fail_change_ = Fault{k, code};
}

void FileSystem::fail_when(FailWhen predicate) {
  const std::lock_guard guard(mutex_);
  fail_when_ = std::move(predicate);
}

void FileSystem::set_capacity(std::uint64_t bytes) {
  const std::lock_guard guard(mutex_);
  capacity_ = bytes;
}

void FileSystem::set_cache_misses(unsigned permille) {
  const std::lock_guard guard(mutex_);
  cache_misses_ = permille;
}

void FileSystem::set_private(bool is_private) {
  const std::lock_guard guard(mutex_);
  is_private_ = is_private;
}

void FileSystem::crash(CrashPolicy policy, std::uint64_t seed) {
  const std::lock_guard guard(mutex_);
  disk_ = disk_.after_crash(policy, seed);
  ++generation_;
  locks_.clear();
  stop_at_ = stop_at_change_ = UINT64_MAX;
  stopped_ = false;
  fail_operation_.reset();
  fail_change_.reset();
  fail_when_ = nullptr;
}

std::unique_ptr<FileSystem> FileSystem::after_crash(CrashPolicy policy, std::uint64_t seed) const {
  const std::lock_guard guard(mutex_);
  return std::unique_ptr<FileSystem>(new FileSystem(disk_.after_crash(policy, seed), seed));
}

void FileSystem::end_process() {
  const std::lock_guard guard(mutex_);
  ++generation_;
  locks_.clear();
}

void FileSystem::flip(const std::string& path, std::uint64_t offset, std::uint8_t mask) {
  const std::lock_guard guard(mutex_);
  const Disk::File file = disk_.find(path);
  check(file && offset < file->bytes.size());
  file->bytes[offset] = static_cast<char>(static_cast<std::uint8_t>(file->bytes[offset]) ^ mask);
}

void FileSystem::truncate(const std::string& path, std::uint64_t size) {
  const std::string old = bytes(path);
  check(size <= old.size());
  overwrite(path, old.substr(0, size));
}

void FileSystem::overwrite(const std::string& path, std::string bytes) {
  const std::lock_guard guard(mutex_);
  const Disk::File file = disk_.find(path);
  check(file && !file->is_directory);
  disk_.replace(*file, std::move(bytes));
}

std::string FileSystem::bytes(const std::string& path) const {
  const std::lock_guard guard(mutex_);
  const Disk::File file = disk_.find(path);
  check(file && !file->is_directory);
  return file->bytes;
}

}  // namespace ouro::sim
