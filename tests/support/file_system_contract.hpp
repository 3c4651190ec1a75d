// What every FileSystem must do, whether its disk is real or invented.
#pragma once

#include "base/file_system.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace ouro {

inline void write_file(FileSystem& files, const std::string& path, std::string_view bytes) {
  auto file = files.create(path);
  REQUIRE(file);
  REQUIRE((*file)->append(bytes));
  REQUIRE((*file)->sync());
}

inline void check_writing(FileSystem& files, const std::string& root) {
  const std::string path = root + "/file";
  SECTION("appended parts are read back as one") {
    auto file = files.create(path);
    REQUIRE(file);
    const std::array<std::string_view, 4> parts{"one", "", "two", "three"};
    CHECK((*file)->append(parts));
    CHECK((*file)->append("!"));
    CHECK((*file)->append(""));
    CHECK((*file)->size() == 12);
    CHECK((*file)->sync());
    const auto bytes = files.read_file(path);
    REQUIRE(bytes);
    CHECK(*bytes == "onetwothree!");
    CHECK(*files.file_size(path) == 12);
  }
  SECTION("many parts are appended in order") {
    std::string all;
    std::vector<std::string> texts;
    for (int number = 0; number < 3000; ++number) texts.push_back(std::to_string(number));
    std::vector<std::string_view> parts(texts.begin(), texts.end());
    for (const std::string& text : texts) all += text;
    auto file = files.create(path);
    REQUIRE(file);
    REQUIRE((*file)->append(parts));
    CHECK((*file)->size() == all.size());
    const auto bytes = files.read_file(path);
    REQUIRE(bytes);
    CHECK((*bytes == all));
  }
  SECTION("create empties a file that exists") {
    write_file(files, path, "old and long");
    write_file(files, path, "new");
    CHECK(*files.read_file(path) == "new");
  }
}

inline void check_reading(FileSystem& files, const std::string& root) {
  const std::string path = root + "/file";
  SECTION("any part of a file can be read") {
    write_file(files, path, "0123456789");
    const auto file = files.open(path);
    REQUIRE(file);
    CHECK((*file)->size() == 10);
    std::string into(4, ' ');
    REQUIRE((*file)->read(3, into, ReadMode::blocking));
    CHECK(into == "3456");
    CHECK((*file)->read(10, {}, ReadMode::blocking));
    const Status cached = (*file)->read(6, into, ReadMode::cached);
    if (cached)
      CHECK(into == "6789");
    else
      CHECK(cached.error().code == ErrorCode::would_block);
  }
  SECTION("reading past the end is corruption, in either mode") {
    write_file(files, path, "0123456789");
    const auto file = files.open(path);
    REQUIRE(file);
    std::string into(4, ' ');
    const Status short_read = (*file)->read(8, into, ReadMode::blocking);
    REQUIRE_FALSE(short_read);
    CHECK(short_read.error().code == ErrorCode::corruption);
    CHECK(short_read.error().message.find(path) != std::string::npos);
    CHECK_FALSE((*file)->read(100, into, ReadMode::cached));
  }
}

inline void check_names(FileSystem& files, const std::string& root) {
  const std::string path = root + "/file";
  SECTION("what is missing is not found") {
    for (const Error& error :
         {files.open(path).error(), files.read_file(path).error(), files.file_size(path).error(),
          files.remove(path).error(), files.rename(path, path + "2").error(),
          files.list(root + "/none").error(), files.create(root + "/none/file").error()}) {
      CAPTURE(error.message);
      CHECK(error.code == ErrorCode::not_found);
      CHECK(error.message.find(root) != std::string::npos);
    }
    CHECK_FALSE(files.exists(path));
  }
  SECTION("a list is sorted and has names only") {
    for (const char* name : {"b", "a", "c"}) write_file(files, root + "/" + name, "x");
    const auto names = files.list(root);
    REQUIRE(names);
    CHECK(*names == std::vector<std::string>{"a", "b", "c"});
  }
  SECTION("renaming replaces") {
    write_file(files, path, "new");
    write_file(files, path + "2", "old");
    REQUIRE(files.rename(path, path + "2"));
    CHECK(*files.read_file(path + "2") == "new");
    CHECK_FALSE(files.exists(path));
    CHECK(files.sync_directory(root));
  }
  SECTION("a removed name is gone, its open file is not") {
    write_file(files, path, "still here");
    const auto file = files.open(path);
    REQUIRE(file);
    REQUIRE(files.remove(path));
    CHECK_FALSE(files.exists(path));
    std::string into(5, ' ');
    REQUIRE((*file)->read(0, into, ReadMode::blocking));
    CHECK(into == "still");
  }
  SECTION("a linked file has two names") {
    write_file(files, path, "bytes");
    REQUIRE(files.link(path, path + "2"));
    REQUIRE(files.remove(path));
    CHECK(*files.read_file(path + "2") == "bytes");
  }
  SECTION("a link does not replace") {
    write_file(files, path, "bytes");
    write_file(files, path + "2", "other");
    const Status linked = files.link(path, path + "2");
    REQUIRE_FALSE(linked);
    CHECK(linked.error().code == ErrorCode::exists);
  }
  SECTION("directories come with their parents, and twice is fine") {
    CHECK(files.create_directory(root + "/a/b/c"));
    CHECK(files.create_directory(root + "/a/b/c"));
    CHECK(files.exists(root + "/a/b"));
    write_file(files, root + "/a/b/c/file", "x");
    CHECK(files.sync_directory(root + "/a/b/c"));
  }
}

/// `root` is an existing empty directory. Call it from a TEST_CASE.
inline void check_file_system_contract(FileSystem& files, const std::string& root) {
  check_writing(files, root);
  check_reading(files, root);
  check_names(files, root);
  SECTION("a lock keeps others out until it is gone") {
    auto held = files.lock(root + "/LOCK");
    REQUIRE(held);
    const auto refused = files.lock(root + "/LOCK");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::denied);
    held->reset();
    CHECK(files.lock(root + "/LOCK"));
  }
  SECTION("files made here are private") {
    write_file(files, root + "/file", "x");
    CHECK(files.check_private(root));
  }
  SECTION("a file is replaced whole") {
    write_file(files, root + "/file", "old");
    REQUIRE(replace_file(files, root + "/file", "new"));
    CHECK(*files.read_file(root + "/file") == "new");
    CHECK(files.list(root)->size() == 1);
  }
  SECTION("free space is known") { CHECK(*files.free_space(root) > 0); }
}

}  // namespace ouro
