#include "engine/version.hpp"

#include "engine/merging_iterator.hpp"
#include "tests/engine/table_fixture.hpp"

namespace ouro::engine {
namespace {

std::string value_of(const Version& version, std::string_view key, Sequence at_most = 1000) {
  Found found;
  REQUIRE(version.get(0, PointRead(key, at_most, ReadMode::blocking), found));
  if (found.kind == Found::Kind::none) return "none";
  if (found.kind == Found::Kind::remove) return "removed";
  return std::string(found.value.view());
}

bool refused(const Version& version, const VersionEdit& edit,
             const std::vector<std::shared_ptr<TableReader>>& added) {
  const auto next = version.apply(edit, added);
  return !next && next.error().code == ErrorCode::corruption;
}

TEST_CASE("the newest version of a key wins, whatever level it lies in") {
  Tables tables;
  const auto version =
      tables.version({tables.table({put("a", 1, "a1"), put("b", 2, "b2"), put("c", 3, "c3")}, 3),
                      tables.table({removed("b", 5)}, 1), tables.table({put("c", 6, "c6")}, 1),
                      tables.table({put("b", 10, "b10")}, 0), tables.table({removed("c", 20)}, 0)});
  CHECK(value_of(*version, "a") == "a1");
  CHECK(value_of(*version, "b") == "b10");
  CHECK(value_of(*version, "b", 9) == "removed");
  CHECK(value_of(*version, "b", 4) == "b2");
  CHECK(value_of(*version, "c") == "removed");
  CHECK(value_of(*version, "c", 19) == "c6");
  CHECK(value_of(*version, "c", 2) == "none");
  CHECK(value_of(*version, "d") == "none");
}

TEST_CASE("runs of level 0 are kept newest first, however they come") {
  Tables tables;
  const auto version =
      tables.version({tables.table({put("k", 5, "middle")}), tables.table({put("k", 9, "new")}),
                      tables.table({put("k", 1, "old")})});
  CHECK(value_of(*version, "k") == "new");
  CHECK(value_of(*version, "k", 8) == "middle");
  CHECK(version->level(0, 0).files.front()->meta().max_sequence == 9);
}

TEST_CASE("in a level of many files the right one is asked, also among equal prefixes") {
  Tables tables;
  std::vector<std::shared_ptr<TableReader>> readers;
  for (int i = 100; i < 160; ++i) {
    const std::string stem = "sametokn" + std::to_string(i);
    readers.push_back(tables.table({put(stem + "a", 1, stem), put(stem + "m", 2, stem)}, 2));
  }
  const auto version = tables.version(readers);
  for (int i = 100; i < 160; ++i) {
    const std::string stem = "sametokn" + std::to_string(i);
    CHECK(value_of(*version, stem + "a") == stem);
    CHECK(value_of(*version, stem + "m") == stem);
    CHECK(value_of(*version, stem + "b") == "none");
    CHECK(value_of(*version, stem + "z") == "none");
  }
}

TEST_CASE("iterators over a range show all of it") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    Tables tables;
    std::vector<Item> all;
    std::vector<std::shared_ptr<TableReader>> readers;
    for (Sequence run = 0; run < 3; ++run) {
      const auto items = random_items(random, 100, 1000 + run * 100);
      readers.push_back(tables.table(items));
      all.insert(all.end(), items.begin(), items.end());
    }
    // A deeper level of several files, cut between keys.
    const auto deep = random_items(random, 200, 1);
    std::vector<Item> part;
    for (std::size_t i = 0; i < deep.size(); ++i) {
      part.push_back(deep[i]);
      const bool cut = i + 1 == deep.size() || (part.size() > 20 && deep[i].key != deep[i + 1].key);
      if (!cut) continue;
      readers.push_back(tables.table(part, 1));
      part.clear();
    }
    all.insert(all.end(), deep.begin(), deep.end());
    sort_entries(all);
    const auto version = tables.version(readers);
    for (int round = 0; round < 40; ++round) {
      Range range{random_key(random, 200), random_key(random, 200)};
      if (round == 0) range = {};
      if (round == 1) range.end.clear();
      std::vector<std::unique_ptr<EntryIterator>> iterators;
      version->add_iterators(0, range, {}, iterators);
      const auto merged = merge(std::move(iterators));
      std::vector<Item> seen, expected;
      for (merged->seek(range.start, sequence_max); merged->valid(); merged->next()) {
        if (!range.end.empty() && merged->entry().key >= range.end) break;
        seen.push_back(item_of(merged->entry()));
      }
      for (const Item& item : all)
        if (item.key >= range.start && (range.end.empty() || item.key < range.end))
          expected.push_back(item);
      REQUIRE(merged->status());
      REQUIRE(seen == expected);
    }
  }
}

TEST_CASE("an edit that would break the order of a level is refused") {
  Tables tables;
  const auto low = tables.table({put("a", 1, ""), put("m", 2, "")}, 1);
  const auto version = tables.version({low});
  const auto touching = tables.table({put("m", 7, ""), put("z", 8, "")}, 1);
  CHECK(refused(*version, {{touching->meta()}, {}}, {touching}));
  const auto inside = tables.table({put("b", 7, "")}, 1);
  CHECK(refused(*version, {{inside->meta()}, {}}, {inside}));
  const auto beside = tables.table({put("n", 7, "")}, 1);
  CHECK(!refused(*version, {{beside->meta()}, {}}, {beside}));
  // In place of the other it fits.
  CHECK(!refused(*version, {{inside->meta()}, {low->meta().number}}, {inside}));
}

TEST_CASE("an edit that contradicts what is there is refused") {
  Tables tables;
  const auto file = tables.table({put("a", 5, "")});
  const auto version = tables.version({file});
  CHECK(refused(*version, {{}, {99}}, {}));
  CHECK(refused(*version, {{file->meta()}, {}}, {file}));
  const auto overlapping = tables.table({put("a", 6, ""), put("b", 4, "")});
  CHECK(refused(*version, {{overlapping->meta()}, {}}, {overlapping}));
  FileMeta other = overlapping->meta();
  other.number = 77;
  CHECK(refused(*version, {{other}, {}}, {overlapping}));
  const auto strange = tables.table({put("a", 9, "")}, 0, 9);
  CHECK(refused(*version, {{strange->meta()}, {}}, {strange}));
}

TEST_CASE("a version goes on reading files that a later one removed") {
  Tables tables;
  auto file = tables.table({put("a", 1, "still here")});
  auto version = tables.version({file});
  const auto next = version->apply({{}, {1}}, {});
  REQUIRE(next);
  CHECK(value_of(**next, "a") == "none");
  version->find(1)->mark_obsolete();
  file.reset();
  CHECK(value_of(*version, "a") == "still here");
  CHECK(tables.file_count() == 1);
  version.reset();
  CHECK(tables.file_count() == 0);
}

}  // namespace
}  // namespace ouro::engine
