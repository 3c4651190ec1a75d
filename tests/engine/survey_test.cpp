// What is believed of files that contradict each other or that no manifest explains.
#include "engine/survey.hpp"

#include "engine/file_names.hpp"
#include "engine/repair.hpp"
#include "engine/table_builder.hpp"
#include "tests/engine/db_fixture.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {
namespace {

constexpr DbIdentity identity{'t', 'e', 's', 't', 's', 'u', 'r', 'v'};

struct Directory {
  sim::FileSystem files;
  OfflineStore store;

  Directory() : store(small_options(), files, identity) { REQUIRE(files.create_directory("db")); }

  FileMeta table(std::uint64_t number, const std::vector<Entry>& entries) {
    auto builder = TableBuilder::create(store.store, {number, 0, 1});
    REQUIRE(builder);
    for (const Entry& entry : entries) REQUIRE((*builder)->add(entry));
    const auto meta = (*builder)->finish();
    REQUIRE(meta);
    return *meta;
  }

  Content repaired() {
    RepairOptions options;
    options.tables = small_options().tables;
    const auto report = repair(files, "db", options);
    INFO((report ? std::string() : to_string(report.error())));
    REQUIRE(report);
    TestDb db(files);
    REQUIRE(db.open());
    REQUIRE(db->verify()->damage.empty());
    return db.content(0);
  }
};

Entry put(std::string_view key, Sequence sequence, std::string_view value) {
  return {key, sequence, EntryKind::put, value};
}

TEST_CASE("of settled entries of one key the one of the later file counts", "[engine][repair]") {
  Directory d;
  d.table(1, {put("a", 0, "a"), put("k", 0, "old")});
  d.table(2, {put("k", 0, "new")});
  CHECK(d.repaired() == Content{{"a", "a"}, {"k", "new"}});
}

TEST_CASE("of versions of one key the newest counts wherever it lies", "[engine][repair]") {
  Directory d;
  d.table(1, {put("k", 9, "newest"), put("k", 3, "old")});
  d.table(2, {put("k", 5, "middle"), put("z", 7, "z")});
  d.table(3, {put("k", 9, "newest")});
  CHECK(d.repaired() == Content{{"k", "newest"}, {"z", "z"}});
}

TEST_CASE("a remove hides older versions after a rebuild", "[engine][repair]") {
  Directory d;
  d.table(1, {put("k", 3, "old"), put("l", 0, "l")});
  d.table(2, {{"k", 5, EntryKind::remove, ""}});
  CHECK(d.repaired() == Content{{"l", "l"}});
}

TEST_CASE("a file that only changed its level is not taken for given up", "[engine][repair]") {
  Directory d;
  ManifestState state;
  state.identity = identity;
  state.tables = small_options().tables;
  FileMeta file = d.table(5, {put("k", 1, "v")});
  state.files.emplace(file.number, file);
  state.next_file_number = 10;
  const auto manifest = Manifest::create(d.files, "db", 6, state);
  REQUIRE(manifest);
  ManifestEdit edit;
  edit.files.removed = {file.number};
  ++file.level;
  edit.files.added = {file};
  REQUIRE((*manifest)->append(edit));
  const auto survey = survey_manifests(d.files, "db", *d.files.list("db"));
  REQUIRE(survey);
  CHECK(survey->removed.empty());
  CHECK(survey->added.at(file.number).level == file.level);
  // CURRENT is not there and neither is a log: the table file is all there is.
  CHECK(d.repaired() == Content{{"k", "v"}});
}

TEST_CASE("edits behind a damaged one still tell which files were given up", "[engine][repair]") {
  Directory d;
  ManifestState state;
  state.identity = identity;
  state.tables = small_options().tables;
  for (const std::uint64_t number : {5, 7}) {
    const FileMeta file = d.table(number, {put("k" + std::to_string(number), number, "v")});
    state.files.emplace(number, file);
  }
  const auto manifest = Manifest::create(d.files, "db", 8, state);
  REQUIRE(manifest);
  const std::uint64_t damaged = (*manifest)->size();
  ManifestEdit counter;
  counter.last_sequence = 20;
  REQUIRE((*manifest)->append(counter));
  ManifestEdit edit;
  edit.files.removed = {5};
  REQUIRE((*manifest)->append(edit));
  d.files.flip(manifest_path("db", 8), damaged + 20);
  CHECK(d.repaired() == Content{{"k7", "v"}});
  CHECK(d.files.exists("db/lost/" + table_path("", 5).substr(1)));
}

}  // namespace
}  // namespace ouro::engine
