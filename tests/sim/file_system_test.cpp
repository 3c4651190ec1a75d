// The simulated disk keeps exactly what was synced, and fails when it is told to.
#include "sim/file_system.hpp"

#include "tests/support/catch.hpp"

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace ouro::sim {
namespace {

constexpr CrashPolicy harshest{UnsyncedBytes::lost, UnsyncedNames::lost, 0};

// A file with synced and unsynced bytes whose name is durable.
std::unique_ptr<FileSystem> disk_with(const std::string& synced, const std::string& unsynced) {
  auto files = std::make_unique<FileSystem>();
  auto file = files->create("f");
  REQUIRE(file);
  REQUIRE((*file)->append(synced));
  REQUIRE((*file)->sync());
  REQUIRE(files->sync_directory("."));
  REQUIRE((*file)->append(unsynced));
  return files;
}

std::string after(CrashPolicy policy, const std::string& synced, const std::string& unsynced,
                  std::uint64_t seed = 1) {
  return disk_with(synced, unsynced)->after_crash(policy, seed)->bytes("f");
}

void write(FileSystem& files, const std::string& path, const std::string& bytes, bool sync) {
  auto file = files.create(path);
  REQUIRE(file);
  REQUIRE((*file)->append(bytes));
  if (sync) REQUIRE((*file)->sync());
}

TEST_CASE("a crash that loses everything unsynced keeps what was synced") {
  CHECK(after(harshest, "durable", " and not") == "durable");
}

TEST_CASE("a crash that loses nothing keeps every byte") {
  CHECK(after({UnsyncedBytes::kept, UnsyncedNames::lost, 0}, "durable", " and not") ==
        "durable and not");
}

TEST_CASE("unsynced bytes may be there as zeros only") {
  CHECK(after({UnsyncedBytes::zeroed, UnsyncedNames::lost, 0}, "ab", "cd") ==
        std::string("ab\0\0", 4));
}

TEST_CASE("lost sectors are zero and the others are whole") {
  const std::string synced(700, 's'), unsynced(4000, 'u');
  bool lost_some = false, kept_some = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const std::string image =
        after({UnsyncedBytes::sectors, UnsyncedNames::lost, 50}, synced, unsynced, seed);
    REQUIRE(image.size() == 4700);
    CHECK(image.substr(0, 700) == synced);
    for (std::size_t at = 1024; at + 512 <= image.size(); at += 512) {
      const std::string sector = image.substr(at, 512);
      const bool lost = sector == std::string(512, '\0');
      const bool kept = sector == std::string(512, 'u');
      CHECK(lost != kept);
      lost_some |= lost;
      kept_some |= kept;
    }
  }
  CHECK(lost_some);
  CHECK(kept_some);
}

TEST_CASE("a kept prefix ends anywhere after what was synced") {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    const std::string image =
        after({UnsyncedBytes::prefix, UnsyncedNames::lost, 0}, "ab", "cdef", seed);
    CHECK(image == std::string("abcdef").substr(0, image.size()));
    sizes.insert(image.size());
  }
  CHECK(sizes == std::set<std::size_t>{2, 3, 4, 5, 6});
}

TEST_CASE("only the last unsynced sector is garbled, and nothing synced") {
  const std::string synced(600, 's'), unsynced(1000, 'u');
  const std::string image =
      after({UnsyncedBytes::garbled, UnsyncedNames::lost, 0}, synced, unsynced);
  CHECK(image.substr(0, 1536) == (synced + unsynced).substr(0, 1536));
  CHECK(image.substr(1536) != std::string(64, 'u'));
}

TEST_CASE("a file whose name was lost is gone although its bytes were synced") {
  FileSystem files;
  write(files, "f", "bytes", true);
  CHECK_FALSE(files.after_crash(harshest, 1)->exists("f"));
  CHECK(files.after_crash({UnsyncedBytes::lost, UnsyncedNames::kept, 0}, 1)->bytes("f") == "bytes");
}

TEST_CASE("a file in a directory whose name was lost is gone") {
  FileSystem files;
  REQUIRE(files.create_directory("a/b"));
  write(files, "a/b/f", "bytes", true);
  REQUIRE(files.sync_directory("a/b"));
  REQUIRE(files.sync_directory("a"));
  CHECK_FALSE(files.after_crash(harshest, 1)->exists("a"));
  REQUIRE(files.sync_directory("/"));
  CHECK(files.after_crash(harshest, 1)->bytes("a/b/f") == "bytes");
}

TEST_CASE("an unsynced removal may be undone by a crash") {
  const auto files = disk_with("bytes", "");
  REQUIRE(files->remove("f"));
  CHECK_FALSE(files->exists("f"));
  CHECK(files->after_crash(harshest, 1)->bytes("f") == "bytes");
  REQUIRE(files->sync_directory("."));
  CHECK_FALSE(files->after_crash(harshest, 1)->exists("f"));
}

TEST_CASE("a rename is seen whole or not at all, also between directories") {
  bool happened = false, undone = false;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    const auto files = disk_with("new", "");
    REQUIRE(files->create_directory("d"));
    write(*files, "d/g", "old", true);
    REQUIRE(files->sync_directory("d"));
    REQUIRE(files->sync_directory("."));
    REQUIRE(files->rename("f", "d/g"));
    const auto later = files->after_crash({UnsyncedBytes::lost, UnsyncedNames::some, 50}, seed);
    const bool renamed = !later->exists("f");
    CHECK(later->bytes("d/g") == (renamed ? "new" : "old"));
    happened |= renamed;
    undone |= !renamed;
  }
  CHECK(happened);
  CHECK(undone);
}

TEST_CASE("syncing one directory of a rename makes all of it durable") {
  const auto files = disk_with("bytes", "");
  REQUIRE(files->create_directory("d"));
  REQUIRE(files->rename("f", "d/f"));
  REQUIRE(files->sync_directory("."));
  const auto later = files->after_crash(harshest, 1);
  CHECK_FALSE(later->exists("f"));
  CHECK(later->bytes("d/f") == "bytes");
}

TEST_CASE("replace_file leaves the old or the new content at every point of failure") {
  for (std::uint64_t k = 0; k < 6; ++k)
    for (const CrashPolicy& policy : crash_policies()) {
      CAPTURE(k);
      FileSystem files;
      REQUIRE(replace_file(files, "f", "old"));
      files.stop_after(files.operations() + k);
      const bool done = replace_file(files, "f", "new content").has_value();
      const std::string found = files.after_crash(policy, k)->bytes("f");
      CHECK((found == "new content" || (!done && found == "old")));
    }
}

TEST_CASE("creating a file anew is not durable before a sync") {
  const auto files = disk_with("old", "");
  write(*files, "f", "new", false);
  CHECK(files->bytes("f") == "new");
  CHECK(files->after_crash(harshest, 1)->bytes("f") == "old");
  write(*files, "f", "newer", true);
  CHECK(files->after_crash(harshest, 1)->bytes("f") == "newer");
}

TEST_CASE("a second name survives the removal of the first") {
  const auto files = disk_with("bytes", "");
  REQUIRE(files->link("f", "g"));
  REQUIRE(files->remove("f"));
  REQUIRE(files->sync_directory("."));
  const auto later = files->after_crash(harshest, 1);
  CHECK(later->bytes("g") == "bytes");
  CHECK_FALSE(later->exists("f"));
  CHECK(files->link("g", "g").error().code == ErrorCode::exists);
}

TEST_CASE("a stopped machine changes nothing any more") {
  FileSystem files;
  auto file = files.create("f");
  REQUIRE((*file)->append("a"));
  files.stop_after(files.operations());
  CHECK((*file)->append("b").error().code == ErrorCode::io);
  CHECK((*file)->sync().error().code == ErrorCode::io);
  CHECK(files.rename("f", "g").error().code == ErrorCode::io);
  CHECK_FALSE(files.exists("f"));
  CHECK(files.bytes("f") == "a");
}

TEST_CASE("stopping at a change lets earlier reads pass") {
  const auto files = disk_with("bytes", "");
  files->stop_after_change(files->changes());
  CHECK(files->read_file("f"));
  CHECK(files->remove("f").error().code == ErrorCode::io);
  CHECK_FALSE(files->read_file("f"));
}

TEST_CASE("one operation can fail and the next succeeds") {
  FileSystem files;
  files.fail_operation(0, ErrorCode::no_space);
  CHECK(files.create("f").error().code == ErrorCode::no_space);
  CHECK(files.create("f"));
}

TEST_CASE("a failed append may have written a part") {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    FileSystem files(seed);
    auto file = files.create("f");
    files.fail_change(1, ErrorCode::io);
    CHECK_FALSE((*file)->append("abc"));
    sizes.insert(files.bytes("f").size());
  }
  CHECK(sizes == std::set<std::size_t>{0, 1, 2, 3});
}

TEST_CASE("after a failed sync the bytes stay in doubt whatever later syncs say") {
  FileSystem files;
  auto file = files.create("f");
  REQUIRE(files.sync_directory("."));
  REQUIRE((*file)->append("a"));
  REQUIRE((*file)->sync());
  REQUIRE((*file)->append("b"));
  files.fail_operation(files.operations(), ErrorCode::io);
  CHECK_FALSE((*file)->sync());
  REQUIRE((*file)->append("c"));
  REQUIRE((*file)->sync());
  CHECK(files.after_crash(harshest, 1)->bytes("f") == std::string("a\0c", 3));
}

TEST_CASE("a full disk says so, and removing a file makes room") {
  FileSystem files;
  files.set_capacity(10);
  write(files, "f", "12345678", false);
  auto file = files.create("g");
  CHECK((*file)->append("abc").error().code == ErrorCode::no_space);
  REQUIRE(files.remove("f"));
  CHECK((*file)->append("abc"));
  CHECK(*files.free_space(".") == 10 - (*file)->size());
}

TEST_CASE("chosen operations fail while a predicate says so") {
  FileSystem files;
  files.fail_when([](Operation operation, const std::string& path) -> std::optional<ErrorCode> {
    if (operation == Operation::create && path == "bad") return ErrorCode::denied;
    return std::nullopt;
  });
  CHECK(files.create("bad").error().code == ErrorCode::denied);
  CHECK(files.create("good"));
}

TEST_CASE("files opened before a crash cannot touch the disk after it") {
  const auto files = disk_with("bytes", "");
  auto writer = files->create("w");
  auto reader = files->open("f");
  files->crash({UnsyncedBytes::kept, UnsyncedNames::kept, 0}, 1);
  CHECK((*writer)->append("x").error().code == ErrorCode::io);
  CHECK((*writer)->sync().error().code == ErrorCode::io);
  char byte = 0;
  CHECK((*reader)->read(0, std::span(&byte, 1), ReadMode::blocking).error().code == ErrorCode::io);
  CHECK(files->bytes("w").empty());
}

TEST_CASE("the end of a process loses no written byte and frees its locks") {
  const auto files = disk_with("a", "b");
  auto lock = files->lock("LOCK");
  REQUIRE(lock);
  CHECK(files->lock("LOCK").error().code == ErrorCode::denied);
  files->end_process();
  CHECK(files->bytes("f") == "ab");
  auto next = files->lock("LOCK");
  REQUIRE(next);
  lock->reset();  // the dead process's lock does not free the living one's
  CHECK(files->lock("LOCK").error().code == ErrorCode::denied);
  next->reset();
  CHECK(files->lock("LOCK"));
}

TEST_CASE("reads of what is not in memory can be told to block") {
  const auto files = disk_with("bytes", "");
  const auto file = files->open("f");
  char bytes[2];
  CHECK((*file)->read(1, bytes, ReadMode::cached));
  CHECK(std::string(bytes, 2) == "yt");
  files->set_cache_misses(1000);
  CHECK((*file)->read(1, bytes, ReadMode::cached).error().code == ErrorCode::would_block);
  CHECK((*file)->read(1, bytes, ReadMode::blocking));
  CHECK((*file)->read(4, bytes, ReadMode::blocking).error().code == ErrorCode::corruption);
}

TEST_CASE("bytes rot and files shrink on request, durably") {
  const auto files = disk_with("abc", "");
  files->flip("f", 1, 0x20);
  files->truncate("f", 2);
  CHECK(files->after_crash(harshest, 1)->bytes("f") == "aB");
}

TEST_CASE("a directory lists its names in order") {
  FileSystem files;
  REQUIRE(files.create_directory("/d/e"));
  for (const char* name : {"d/b", "d/a", "d//c", "./d/x"}) write(files, name, "", false);
  CHECK(*files.list("/d/") == std::vector<std::string>{"a", "b", "c", "e", "x"});
  CHECK(files.list("none").error().code == ErrorCode::not_found);
  CHECK(files.create("none/f").error().code == ErrorCode::not_found);
}

}  // namespace
}  // namespace ouro::sim
