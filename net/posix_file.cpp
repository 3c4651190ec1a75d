#include "net/posix_file.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace ouro::net {
namespace {

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorCode::exists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:  // a symbolic link stands where a file should
      return ErrorCode::denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::no_space;
    case EMFILE:
    case ENFILE:
      return ErrorCode::busy;
    case EINVAL:
    case ENAMETOOLONG:
      return ErrorCode::invalid_argument;
    default:
      return ErrorCode::io;
  }
}

// The pieces of one writev, from wherever the last one stopped.
class Pieces {
 public:
  explicit Pieces(std::span<const std::string_view> parts) : parts_(parts) { skip_finished(); }

  bool done() const { return parts_.empty(); }

  int fill(std::span<iovec> vectors) const {
    std::size_t count = 0;
    std::size_t skip = offset_;
    for (const std::string_view part : parts_.first(std::min(parts_.size(), vectors.size()))) {
      vectors[count].iov_base = const_cast<char*>(part.data() + skip);
      vectors[count].iov_len = part.size() - skip;
      ++count;
      skip = 0;
    }
    return static_cast<int>(count);
  }

  void advance(std::size_t written) {
    offset_ += written;
    skip_finished();
  }

 private:
  void skip_finished() {
    while (!parts_.empty() && offset_ >= parts_.front().size()) {
      offset_ -= parts_.front().size();
      parts_ = parts_.subspan(1);
    }
  }

  std::span<const std::string_view> parts_;
  std::size_t offset_ = 0;  // into the first part
};

}  // namespace

Error system_error(int number, std::string_view operation, const std::string& path) {
  std::string message(operation);
  message += ' ';
  message += path;
  message += ": ";
  message += std::system_category().message(number);
  if (number == EMFILE || number == ENFILE) message += " (raise the limit on open files)";
  if (number == ELOOP) message += " (symbolic links are not followed here)";
  return Error{code_of(number), std::move(message)};
}

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<FileDescriptor> open_file(const std::string& path, int flags) {
  int number = -1;
  do number = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  while (number < 0 && errno == EINTR);
  if (number < 0) return system_error(errno, "open", path);
  return FileDescriptor(number);
}

Status PosixWritableFile::append(std::span<const std::string_view> parts) {
  std::array<iovec, 64> vectors;
  for (Pieces pieces(parts); !pieces.done();) {
    const int count = pieces.fill(vectors);
    const ssize_t written = count == 1
                                ? ::write(file_.get(), vectors[0].iov_base, vectors[0].iov_len)
                                : ::writev(file_.get(), vectors.data(), count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      return system_error(written < 0 ? errno : EIO, "write",
                          path_ + " at " + std::to_string(size_));
    size_ += static_cast<std::uint64_t>(written);
    pieces.advance(static_cast<std::size_t>(written));
  }
  return {};
}

Status PosixWritableFile::sync() {
  // Not repeated on failure: the kernel may have dropped the bytes it could not write, and would
  // then report success.
  if (::fdatasync(file_.get()) != 0) return system_error(errno, "sync", path_);
  return {};
}

void PosixWritableFile::reserve(std::uint64_t size) {
  // Where that is refused (no room, a file system that cannot) appending works or tells why not.
  if (size > size_)
    static_cast<void>(::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_),
                                  static_cast<off_t>(size - size_)));
}

Error PosixRandomFile::failure(int number, std::uint64_t offset) const {
  return system_error(number, "read", path_ + " at " + std::to_string(offset));
}

Status PosixRandomFile::read(std::uint64_t offset, std::span<char> into, ReadMode mode) const {
  while (!into.empty()) {
    const bool no_wait =
        mode == ReadMode::cached && can_tell_cached_.load(std::memory_order_relaxed);
    const iovec target{into.data(), into.size()};
    const ssize_t got =
        ::preadv2(file_.get(), &target, 1, static_cast<off_t>(offset), no_wait ? RWF_NOWAIT : 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && no_wait && (errno == EOPNOTSUPP || errno == ENOSYS)) {
      can_tell_cached_.store(false, std::memory_order_relaxed);
      continue;
    }
    if (got < 0 && no_wait && errno == EAGAIN)
      return Error{ErrorCode::would_block, "read " + path_ + ": not in memory"};
    if (got < 0) return failure(errno, offset);
    if (got == 0)
      return Error{ErrorCode::corruption, "read " + path_ + " at " + std::to_string(offset) + ": " +
                                              std::to_string(into.size()) +
                                              " bytes are missing, the file ends before them"};
    offset += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

void PosixRandomFile::read_ahead(std::uint64_t offset, std::uint64_t size) const {
  // Only advice: a refusal changes nothing.
  static_cast<void>(::posix_fadvise(file_.get(), static_cast<off_t>(offset),
                                    static_cast<off_t>(size), POSIX_FADV_WILLNEED));
}

}  // namespace ouro::net
