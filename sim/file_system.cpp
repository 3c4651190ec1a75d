#include "sim/file_system.hpp"

#include <algorithm>
#include <utility>

namespace ouro::sim {
namespace {

constexpr std::uint64_t read_file_max = std::uint64_t{64} << 20;

Error at(ErrorCode code, const std::string& path, std::uint64_t offset, const char* what) {
  return Error{code, path + " at " + std::to_string(offset) + ": " + what};
}

}  // namespace

class FileSystem::Writer final : public WritableFile {
 public:
  Writer(FileSystem& files, std::string path, Disk::File inode)
      : files_(files),
        path_(std::move(path)),
        inode_(std::move(inode)),
        generation_(files.generation_) {}

  Status append(std::span<const std::string_view> parts) override {
    return files_.append(*this, parts);
  }
  Status sync() override { return files_.sync(*this); }
  void reserve(std::uint64_t) override {}
  std::uint64_t size() const override { return size_; }

 private:
  friend class FileSystem;
  FileSystem& files_;
  std::string path_;
  Disk::File inode_;
  std::uint64_t generation_;
  std::uint64_t size_ = 0;
};

class FileSystem::Reader final : public RandomFile {
 public:
  Reader(FileSystem& files, std::string path, Disk::File inode)
      : files_(files),
        path_(std::move(path)),
        inode_(std::move(inode)),
        generation_(files.generation_),
        size_(inode_->bytes.size()) {}

  Status read(std::uint64_t offset, std::span<char> into, ReadMode mode) const override {
    return files_.read(*this, offset, into, mode);
  }
  void read_ahead(std::uint64_t, std::uint64_t) const override {}
  std::uint64_t size() const override { return size_; }

 private:
  friend class FileSystem;
  FileSystem& files_;
  std::string path_;
  Disk::File inode_;
  std::uint64_t generation_;
  std::uint64_t size_;
};

class FileSystem::Lock final : public FileLock {
 public:
  Lock(FileSystem& files, std::string path)
      : files_(files), path_(std::move(path)), generation_(files.generation_) {}
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() override {
    const std::lock_guard guard(files_.mutex_);
    if (generation_ == files_.generation_) files_.locks_.erase(path_);
  }

 private:
  FileSystem& files_;
  std::string path_;
  std::uint64_t generation_;
};

Status FileSystem::begin(Operation operation, const std::string& path) {
  const std::uint64_t number = operations_++;
  const bool is_change = changes_disk(operation);
  const std::uint64_t change = changes_;
  if (is_change) ++changes_;
  if (number >= stop_at_ || (is_change && change >= stop_at_change_)) stopped_ = true;
  if (stopped_) return Error{ErrorCode::io, path + ": the simulated machine has stopped"};

  std::optional<ErrorCode> code;
  if (fail_operation_ && fail_operation_->number == number) code = fail_operation_->code;
  if (is_change && fail_change_ && fail_change_->number == change) code = fail_change_->code;
  if (!code && fail_when_) code = fail_when_(operation, path);
  if (code) return Error{*code, path + ": simulated failure"};
  return {};
}

Status FileSystem::append(Writer& file, std::span<const std::string_view> parts) {
  const std::lock_guard guard(mutex_);
  if (file.generation_ != generation_)
    return Error{ErrorCode::io, file.path_ + ": opened before the simulated crash"};
  std::string bytes;
  for (const std::string_view part : parts) bytes += part;

  Status status = begin(Operation::append, file.path_);
  if (stopped_) return status;
  const std::uint64_t room = capacity_ - std::min(capacity_, disk_.used());
  if (status && bytes.size() > room)
    status = Error{ErrorCode::no_space, file.path_ + ": the simulated disk is full"};
  if (!status) bytes.resize(std::min(room, random_.below(bytes.size() + 1)));
  disk_.append(*file.inode_, bytes);
  file.size_ += bytes.size();
  return status;
}

Status FileSystem::sync(Writer& file) {
  const std::lock_guard guard(mutex_);
  if (file.generation_ != generation_)
    return Error{ErrorCode::io, file.path_ + ": opened before the simulated crash"};
  const Status status = begin(Operation::sync, file.path_);
  if (status)
    disk_.sync(*file.inode_);
  else if (!stopped_)
    disk_.fail_sync(*file.inode_);
  return status;
}

Status FileSystem::read(const Reader& file, std::uint64_t offset, std::span<char> into,
                        ReadMode mode) {
  const std::lock_guard guard(mutex_);
  if (file.generation_ != generation_)
    return Error{ErrorCode::io, file.path_ + ": opened before the simulated crash"};
  if (const Status status = begin(Operation::read, file.path_); !status) return status;
  if (mode == ReadMode::cached && cache_misses_ > 0 && random_.below(1000) < cache_misses_)
    return at(ErrorCode::would_block, file.path_, offset, "not in memory");
  const std::string& bytes = file.inode_->bytes;
  if (offset > bytes.size() || into.size() > bytes.size() - offset)
    return at(ErrorCode::corruption, file.path_, offset, "the file ends before");
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  return {};
}

Result<Disk::File> FileSystem::find_file(const std::string& path) const {
  const Disk::File file = disk_.find(path);
  if (!file) return Error{ErrorCode::not_found, path + ": no such file"};
  if (file->is_directory) return Error{ErrorCode::invalid_argument, path + ": is a directory"};
  return file;
}

Result<std::unique_ptr<WritableFile>> FileSystem::create(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::create, path); !status) return status.error();
  Result<Disk::File> file = disk_.create(path);
  if (!file) return file.error();
  return std::make_unique<Writer>(*this, path, *file);
}

Result<std::unique_ptr<RandomFile>> FileSystem::open(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::open, path); !status) return status.error();
  const Result<Disk::File> file = find_file(path);
  if (!file) return file.error();
  return std::make_unique<Reader>(*this, path, *file);
}

Result<std::string> FileSystem::read_file(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::read, path); !status) return status.error();
  const Result<Disk::File> file = find_file(path);
  if (!file) return file.error();
  if ((*file)->bytes.size() > read_file_max)
    return at(ErrorCode::corruption, path, read_file_max, "larger than a small file may be");
  return (*file)->bytes;
}

Result<std::uint64_t> FileSystem::file_size(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::inspect, path); !status) return status.error();
  const Result<Disk::File> file = find_file(path);
  if (!file) return file.error();
  return (*file)->bytes.size();
}

bool FileSystem::exists(const std::string& path) {
  const std::lock_guard guard(mutex_);
  return begin(Operation::inspect, path) && disk_.find(path) != nullptr;
}

Result<std::vector<std::string>> FileSystem::list(const std::string& directory) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::inspect, directory); !status) return status.error();
  const Disk::File found = disk_.find(directory);
  if (!found) return Error{ErrorCode::not_found, directory + ": no such directory"};
  if (!found->is_directory)
    return Error{ErrorCode::invalid_argument, directory + ": is not a directory"};
  std::vector<std::string> names;
  for (const auto& [name, inode] : found->names) names.push_back(name);
  return names;
}

Status FileSystem::create_directory(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::create_directory, path); !status) return status;
  return disk_.create_directory(path);
}

Status FileSystem::remove(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::remove, path); !status) return status;
  return disk_.remove(path);
}

Status FileSystem::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::rename, from); !status) return status;
  return disk_.rename(from, to);
}

Status FileSystem::link(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::link, from); !status) return status;
  return disk_.link(from, to);
}

Status FileSystem::sync_directory(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::sync_directory, path); !status) return status;
  return disk_.sync_directory(path);
}

Result<std::unique_ptr<FileLock>> FileSystem::lock(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::inspect, path); !status) return status.error();
  if (locks_.contains(path))
    return Error{ErrorCode::denied, path + ": locked by another process; end it first"};
  if (!disk_.find(path)) {
    const Result<Disk::File> made = disk_.create(path);
    if (!made) return made.error();
  }
  locks_.insert(path);
  return std::make_unique<Lock>(*this, path);
}

Status FileSystem::check_private(const std::string& directory) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::inspect, directory); !status) return status;
  if (!is_private_)
    return Error{ErrorCode::denied, directory + ": open to others; chmod 0700 it first"};
  return {};
}

Result<std::uint64_t> FileSystem::free_space(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const Status status = begin(Operation::inspect, path); !status) return status.error();
  return capacity_ - std::min(capacity_, disk_.used());
}

}  // namespace ouro::sim
