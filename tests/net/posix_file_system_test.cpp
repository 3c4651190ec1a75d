#include "net/posix_file_system.hpp"

#include "net/posix_file.hpp"
#include "tests/support/file_system_contract.hpp"
#include "tests/support/temporary_directory.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace ouro::net {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

TEST_CASE("the real disk keeps the contract of FileSystem") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  check_file_system_contract(files, directory.path());
}

TEST_CASE("files and directories are private whatever the umask") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  for (const mode_t umask : {mode_t{0000}, mode_t{0377}}) {
    const mode_t before = ::umask(umask);
    const auto file = files.create(directory / "file");
    const Status created = files.create_directory(directory / "a/b");
    ::umask(before);
    REQUIRE(file);
    REQUIRE(created);
    CHECK(mode_of(directory / "file") == 0600);
    CHECK(mode_of(directory / "a") == 0700);
    CHECK(mode_of(directory / "a/b") == 0700);
    REQUIRE(files.remove(directory / "a/b"));
    REQUIRE(files.remove(directory / "a"));
  }
}

TEST_CASE("a directory that others may enter is refused, with the command that helps") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  REQUIRE(files.check_private(directory.path()));
  REQUIRE(::chmod(directory.path().c_str(), 0750) == 0);
  const Status refused = files.check_private(directory.path());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(refused.error().message.find("chmod 0700 " + directory.path()) != std::string::npos);
}

TEST_CASE("a file that others may read is refused, with the command that helps") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  write_file(files, directory / "file", "x");
  REQUIRE(::chmod((directory / "file").c_str(), 0640) == 0);
  const Status refused = files.check_private(directory.path());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(refused.error().message.find("chmod 0600 " + (directory / "file")) != std::string::npos);
}

TEST_CASE("a file of another user is refused, with the command that helps") {
  if (::geteuid() != 0) return;  // only root can make such a file
  const TemporaryDirectory directory;
  PosixFileSystem files;
  write_file(files, directory / "file", "x");
  REQUIRE(::chown((directory / "file").c_str(), 12345, 12345) == 0);
  const Status refused = files.check_private(directory.path());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(refused.error().message.find("chown 0 ") != std::string::npos);
}

TEST_CASE("symbolic links are not followed") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  write_file(files, directory / "target", "x");
  REQUIRE(::symlink("target", (directory / "link").c_str()) == 0);
  for (const Error& error :
       {files.open(directory / "link").error(), files.create(directory / "link").error(),
        files.lock(directory / "link").error(), files.check_private(directory.path()).error()}) {
    CAPTURE(error.message);
    CHECK(error.code == ErrorCode::denied);
  }
  CHECK(*files.read_file(directory / "target") == "x");
}

TEST_CASE("a directory is not a file") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  CHECK_FALSE(files.open(directory.path()));
  CHECK_FALSE(files.create(directory.path()));
  CHECK_FALSE(files.read_file(directory.path()));
}

TEST_CASE("a lock is held against other processes") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  const auto held = files.lock(directory / "LOCK");
  REQUIRE(held);
  const std::string command = "flock --nonblock '" + (directory / "LOCK") + "' true";
  CHECK(std::system(command.c_str()) != 0);
}

TEST_CASE("errors of the system keep their meaning") {
  const auto code = [](int number) { return system_error(number, "write", "/a").code; };
  CHECK(code(ENOSPC) == ErrorCode::no_space);
  CHECK(code(EDQUOT) == ErrorCode::no_space);
  CHECK(code(ENOENT) == ErrorCode::not_found);
  CHECK(code(EEXIST) == ErrorCode::exists);
  CHECK(code(EACCES) == ErrorCode::denied);
  CHECK(code(EPERM) == ErrorCode::denied);
  CHECK(code(EROFS) == ErrorCode::denied);
  CHECK(code(EMFILE) == ErrorCode::busy);
  CHECK(code(EIO) == ErrorCode::io);
  CHECK(system_error(ENOSPC, "write", "/a").message == "write /a: No space left on device");
}

TEST_CASE("a full disk is no_space and names the file") {
  // /dev/full fails every write as a full disk does.
  const Result<FileDescriptor> full = open_file("/dev/full", 1 /* O_WRONLY */);
  REQUIRE(full);
  PosixWritableFile file("/dev/full", FileDescriptor(::dup(full->get())));
  const Status written = file.append("bytes");
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ErrorCode::no_space);
  CHECK(written.error().message.find("/dev/full at 0") != std::string::npos);
}

TEST_CASE("a disk that fills up half way is no_space, and earlier bytes are counted") {
  const TemporaryDirectory directory;
  if (::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=64k,mode=700") != 0)
    return;  // only where mounting is allowed; /dev/full covers the rest
  {
    PosixFileSystem files;
    CHECK(*files.free_space(directory.path()) <= 64 << 10);
    auto file = files.create(directory / "file");
    REQUIRE(file);
    const std::string bytes(100 << 10, 'x');
    const Status written = (*file)->append(bytes);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == ErrorCode::no_space);
    CHECK((*file)->size() == *files.file_size(directory / "file"));
    CHECK((*file)->size() > 0);
  }
  CHECK(::umount(directory.path().c_str()) == 0);
}

TEST_CASE("a pipe that takes little at a time gets every byte in order") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const FileDescriptor reading(ends[0]);
  std::string sent;
  for (int number = 0; number < 200'000; ++number) sent += std::to_string(number);
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < sent.size(); at += 777)
    parts.push_back(std::string_view(sent).substr(at, 777));
  std::string received;
  std::thread reader([&] {
    char buffer[5000];
    ssize_t got = 0;
    while ((got = ::read(reading.get(), buffer, sizeof buffer)) > 0)
      received.append(buffer, static_cast<std::size_t>(got));
  });
  {
    PosixWritableFile file("pipe", FileDescriptor(ends[1]));
    CHECK(file.append(parts));
    CHECK(file.size() == sent.size());
  }
  reader.join();
  CHECK((received == sent));
}

TEST_CASE("a file that is too large to be read whole is refused") {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  write_file(files, directory / "file", "x");
  REQUIRE(::truncate((directory / "file").c_str(), (off_t{64} << 20) + 1) == 0);
  const auto bytes = files.read_file(directory / "file");
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().code == ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ouro::net
