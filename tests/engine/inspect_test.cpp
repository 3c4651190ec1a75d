// Looking at a database without opening it, and finding what is wrong with it.
#include "engine/inspect.hpp"

#include "engine/file_names.hpp"
#include "engine/printable.hpp"
#include "tests/engine/offline_fixture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {
namespace {

std::unique_ptr<Inspector> inspected(FileSystem& files) {
  auto inspector = Inspector::open(files, "db");
  INFO((inspector ? std::string() : to_string(inspector.error())));
  REQUIRE(inspector);
  return std::move(*inspector);
}

Content content_of(const Inspector& inspector, const std::string& table, const Range& range = {}) {
  const auto id = inspector.table(table);
  REQUIRE(id);
  Content content;
  const auto it = inspector.scan(*id, range);
  for (; it->valid(); it->next()) content.emplace(it->key(), it->value());
  REQUIRE(it->status());
  return content;
}

Survey verified(FileSystem& files) {
  SurveyQuestion question;
  question.options.directory = "db";
  auto survey = verify_database(files, question);
  INFO((survey ? std::string() : to_string(survey.error())));
  REQUIRE(survey);
  return std::move(*survey);
}

TEST_CASE("an inspected database shows what an open would, log included", "[engine][inspect]") {
  Offline f;
  const auto inspector = inspected(f.files);
  CHECK(content_of(*inspector, "data") == f.data);
  CHECK(content_of(*inspector, "extra") == f.extra);
  CHECK(inspector->logged_changes() == 11);
  CHECK(inspector->state().tables.size() == 2);
  const auto missing = inspector->table("nothing");
  REQUIRE(code_of(missing) == ErrorCode::not_found);
  CHECK(missing.error().message.find("data, extra") != std::string::npos);
}

TEST_CASE("a range is shown from its start to before its end", "[engine][inspect]") {
  Offline f;
  const Range range{"key120", "key140"};
  Content expected;
  for (const auto& [key, value] : f.data)
    if (key >= range.start && key < range.end) expected.emplace(key, value);
  REQUIRE_FALSE(expected.empty());
  CHECK(content_of(*inspected(f.files), "data", range) == expected);
}

TEST_CASE("inspection and verification write nothing", "[engine][inspect]") {
  Offline f;
  const std::uint64_t changes = f.files.changes();
  content_of(*inspected(f.files), "data");
  verified(f.files);
  CHECK(f.files.changes() == changes);
}

TEST_CASE("a database that a node has open is not looked at", "[engine][inspect]") {
  Offline f;
  TestDb db(f.files);
  REQUIRE(db.open());
  const auto inspector = Inspector::open(f.files, "db");
  REQUIRE(code_of(inspector) == ErrorCode::denied);
  CHECK(inspector.error().message.find("checkpoint") != std::string::npos);
}

TEST_CASE("an inspected database cannot be opened meanwhile", "[engine][inspect]") {
  Offline f;
  const auto inspector = inspected(f.files);
  TestDb db(f.files);
  CHECK(code_of(db.open()) == ErrorCode::denied);
}

TEST_CASE("a whole database verifies, whatever a kill left behind", "[engine][inspect]") {
  Offline f;
  const Survey survey = verified(f.files);
  CHECK(survey.damage.empty());
  CHECK(survey.manifest_decides);
  CHECK(survey.entries > 0);
  CHECK(survey.logs.changes == 11);
}

TEST_CASE("a log's torn tail is a note and no damage", "[engine][inspect]") {
  Offline f;
  const std::string path = f.paths(".wal").back();
  f.files.overwrite(path, f.files.bytes(path) + std::string(40, 'x'));
  const Survey survey = verified(f.files);
  CHECK(survey.damage.empty());
  CHECK(survey.logs.segments.back().state == SegmentState::torn);
  CHECK(survey.notes.back().find(path + " at ") != std::string::npos);
}

TEST_CASE("every flipped bit of a file that counts is found or does no harm", "[engine][inspect]") {
  Offline f;
  std::vector<std::string> paths = f.live_tables();
  paths.push_back(f.manifest());
  paths.push_back(f.paths(".wal").back());
  paths.push_back("db/CURRENT");
  for (const std::string& path : paths) {
    const std::size_t size = f.files.bytes(path).size();
    for (std::uint64_t at = 0; at < size; at += 5) {
      CAPTURE(path, at);
      const auto copy = f.copy();
      copy->flip(path, at, 32);
      SurveyQuestion question;
      question.options.directory = "db";
      question.options.tables = small_options().tables;
      const auto survey = verify_database(*copy, question);
      REQUIRE(survey);
      if (!survey->damage.empty()) {
        CHECK(survey->damage.front().find("db/") != std::string::npos);
        continue;
      }
      // Of the last frame nothing can be proved; it may be what a crash tore.
      const bool is_log = path.find(".wal") != std::string::npos;
      REQUIRE((is_log || path == f.manifest()));
    }
  }
}

TEST_CASE("damage of several kinds is told in one go", "[engine][inspect]") {
  Offline f;
  const auto tables = f.live_tables();
  REQUIRE(tables.size() >= 2);
  f.files.flip(tables[0], 200);
  REQUIRE(f.files.remove(tables[1]));
  f.files.flip(f.paths(".wal").back(), log_header_size + 50);
  std::string all;
  for (const std::string& sentence : verified(f.files).damage) all += sentence + "\n";
  CAPTURE(all);
  CHECK(all.find(tables[0] + " at ") != std::string::npos);
  CHECK(all.find(tables[1] + ": missing") != std::string::npos);
  CHECK(all.find(f.paths(".wal").back() + " at ") != std::string::npos);
}

TEST_CASE("what is printed of a key can be typed again", "[engine][inspect]") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(printable("a\\b\n") == "a\\\\b\\x0a");
  CHECK(*from_printable(printable(bytes)) == bytes);
  CHECK(*from_printable("0x" + hexadecimal(bytes)) == bytes);
  for (const char* const wrong : {"\\", "\\y", "\\x1", "0x1", "0xgg"}) {
    CAPTURE(wrong);
    CHECK(code_of(from_printable(wrong)) == ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace ouro::engine
