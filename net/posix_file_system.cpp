#include "net/posix_file_system.hpp"

#include "net/posix_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace ouro::net {
namespace {

constexpr std::uint64_t read_file_size_max = std::uint64_t{64} << 20;
constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;
constexpr mode_t open_to_others = 0077;

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(FileDescriptor file) : file_(std::move(file)) {}

 private:
  FileDescriptor file_;  // the lock goes when it is closed
};

Result<struct stat> status_of(const FileDescriptor& file, const std::string& path) {
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return system_error(errno, "stat", path);
  return status;
}

Result<struct stat> status_of(const std::string& path) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0) return system_error(errno, "stat", path);
  return status;
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

Status check_owner_and_mode(const std::string& path, const struct stat& status) {
  const uid_t user = ::geteuid();
  if (status.st_uid != user)
    return Error{ErrorCode::denied, path + " belongs to user " + std::to_string(status.st_uid) +
                                        ", this process runs as " + std::to_string(user) +
                                        ": run as its owner, or `chown " + std::to_string(user) +
                                        " " + path + "`"};
  if ((status.st_mode & open_to_others) != 0) {
    const mode_t wanted = S_ISDIR(status.st_mode) ? directory_mode : file_mode;
    return Error{ErrorCode::denied, path + " has mode " + octal(status.st_mode) +
                                        ", which lets other users in: `chmod " + octal(wanted) +
                                        " " + path + "`"};
  }
  return {};
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), directory_mode) != 0) return system_error(errno, "mkdir", path);
  if (::chmod(path.c_str(), directory_mode) != 0) return system_error(errno, "chmod", path);
  return {};
}

bool is_directory(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Result<std::unique_ptr<WritableFile>> PosixFileSystem::create(const std::string& path) {
  Result<FileDescriptor> file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) return file.error();
  if (::fchmod(file->get(), file_mode) != 0) return system_error(errno, "chmod", path);
  return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(path, std::move(*file)));
}

Result<std::unique_ptr<RandomFile>> PosixFileSystem::open(const std::string& path) {
  Result<FileDescriptor> file = open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!file) return file.error();
  const Result<struct stat> status = status_of(*file, path);
  if (!status) return status.error();
  if (!S_ISREG(status->st_mode))
    return Error{ErrorCode::invalid_argument, "open " + path + ": not a regular file"};
  return std::unique_ptr<RandomFile>(std::make_unique<PosixRandomFile>(
      path, std::move(*file), static_cast<std::uint64_t>(status->st_size)));
}

Result<std::string> PosixFileSystem::read_file(const std::string& path) {
  const auto file = open(path);
  if (!file) return file.error();
  const std::uint64_t size = (*file)->size();
  if (size > read_file_size_max)
    return Error{ErrorCode::invalid_argument, "read " + path + ": " + std::to_string(size) +
                                                  " bytes, the limit is " +
                                                  std::to_string(read_file_size_max)};
  std::string bytes(size, '\0');
  if (const Status read = (*file)->read(0, bytes, ReadMode::blocking); !read) return read.error();
  return bytes;
}

Result<std::uint64_t> PosixFileSystem::file_size(const std::string& path) {
  const Result<struct stat> status = status_of(path);
  if (!status) return status.error();
  return static_cast<std::uint64_t>(status->st_size);
}

bool PosixFileSystem::exists(const std::string& path) { return status_of(path).has_value(); }

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
  if (!stream) return system_error(errno, "list", directory);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    std::string name(entry->d_name);
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return system_error(errno, "list", directory);
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixFileSystem::create_directory(const std::string& path) {
  if (is_directory(path)) return {};
  const std::string parent = directory_of(path);
  if (parent != path && !is_directory(parent))
    if (const Status created = create_directory(parent); !created) return created.error();
  if (const Status made = make_directory(path); !made) {
    if (made.error().code == ErrorCode::exists && is_directory(path)) return {};  // someone else's
    return made.error();
  }
  return sync_directory(parent);
}

Status PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return {};
  if (errno != EISDIR) return system_error(errno, "remove", path);
  if (::rmdir(path.c_str()) != 0) return system_error(errno, "remove", path);
  return {};
}

Status PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return system_error(errno, "rename", from + " to " + to);
  return {};
}

Status PosixFileSystem::link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) != 0) return system_error(errno, "link", from + " to " + to);
  return {};
}

Status PosixFileSystem::sync_directory(const std::string& path) {
  const Result<FileDescriptor> directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  if (::fsync(directory->get()) != 0) return system_error(errno, "sync", path);
  return {};
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::lock(const std::string& path) {
  Result<FileDescriptor> file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (!file) return file.error();
  // flock belongs to this opening of the file, so a second lock in this process is kept out too.
  int outcome = 0;
  do outcome = ::flock(file->get(), LOCK_EX | LOCK_NB);
  while (outcome != 0 && errno == EINTR);
  if (outcome != 0 && errno == EWOULDBLOCK)
    return Error{
        ErrorCode::denied,
        "lock " + path + ": held already: another process uses this directory, end it first"};
  if (outcome != 0) return system_error(errno, "lock", path);
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(*file)));
}

Status PosixFileSystem::check_private(const std::string& directory) {
  struct stat status;
  if (::stat(directory.c_str(), &status) != 0) return system_error(errno, "stat", directory);
  if (!S_ISDIR(status.st_mode))
    return Error{ErrorCode::invalid_argument, directory + " is not a directory"};
  if (const Status fits = check_owner_and_mode(directory, status); !fits) return fits.error();
  const auto names = list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const std::string path = directory + "/" + name;
    const Result<struct stat> entry = status_of(path);
    if (!entry) return entry.error();
    if (S_ISLNK(entry->st_mode))
      return Error{ErrorCode::denied, path + " is a symbolic link: move the file itself here"};
    if (const Status fits = check_owner_and_mode(path, *entry); !fits) return fits.error();
  }
  return {};
}

Result<std::uint64_t> PosixFileSystem::free_space(const std::string& path) {
  struct statvfs status;
  if (::statvfs(path.c_str(), &status) != 0) return system_error(errno, "statvfs", path);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace ouro::net
