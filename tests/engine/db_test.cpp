#include "engine/db.hpp"

#include "engine/file_names.hpp"
#include "tests/engine/db_fixture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {
namespace {

struct Fixture {
  sim::FileSystem files;
  TestDb db{files};
  Fixture() {
    REQUIRE(db.open());
    db.lane.run_all();
  }

  // Queues one key; what became of it is appended to `answers`.
  Status queue(const std::string& key, Durability durability) {
    Batch batch;
    batch.put(0, key, "v");
    return db->commit(std::move(batch), durability, [this, key](Result<Sequence> done) {
      answers.push_back(
          key + (done ? ":" + std::to_string(*done) : ":" + std::string(name(done.error().code))));
    });
  }
  void fail(sim::Operation operation, const std::string& suffix, ErrorCode code) {
    files.fail_when([=](sim::Operation each, const std::string& path) {
      return each == operation && path.ends_with(suffix) ? std::optional(code) : std::nullopt;
    });
  }
  std::vector<std::string> files_ending(const std::string& suffix) {
    std::vector<std::string> found;
    for (const std::string& name : *files.list("db"))
      if (name.ends_with(suffix)) found.push_back("db/" + name);
    return found;
  }

  std::vector<std::string> answers;
};

TEST_CASE("a batch takes effect as one, later changes of a key winning", "[engine]") {
  Fixture f;
  Batch batch;
  batch.put(0, "a", "1");
  batch.put(1, "a", "2");
  batch.put(0, "a", "3");
  batch.remove(1, "b");
  CHECK(*f.db->commit_sync(std::move(batch), Durability::disk) == 4);
  CHECK(f.db.get(0, "a") == "3");
  CHECK(f.db.get(1, "a") == "2");
  CHECK(f.db.get(1, "b") == "-");
  REQUIRE(f.db.reopen());
  CHECK(f.db.get(0, "a") == "3");
}

TEST_CASE("commits are answered in order, with their sequences, by one sync", "[engine]") {
  Fixture f;
  REQUIRE(f.queue("a", Durability::memory));
  REQUIRE(f.queue("b", Durability::disk));
  REQUIRE(f.queue("c", Durability::os));
  CHECK(f.db.get(0, "a") == "-");
  f.db.lane.run_all();
  CHECK(f.answers == std::vector<std::string>{"a:1", "b:2", "c:3"});
  CHECK(f.db->stats().log_syncs == 1);
  CHECK(f.db->stats().commit_groups == 1);
  CHECK(f.db.get(0, "c") == "v");
}

TEST_CASE("a synchronous commit comes behind what was queued before it", "[engine]") {
  Fixture f;
  REQUIRE(f.queue("k", Durability::disk));
  REQUIRE(f.db.put(0, "k", "later"));
  CHECK(f.answers.empty());
  CHECK(f.db.get(0, "k") == "later");
  f.db.lane.run_all();
  CHECK(f.answers == std::vector<std::string>{"k:1"});
  CHECK(f.db.get(0, "k") == "later");
}

TEST_CASE("callbacks keep their order around a synchronous commit", "[engine]") {
  Fixture f;
  REQUIRE(f.queue("a", Durability::disk));
  REQUIRE(f.db.put(0, "x", ""));
  REQUIRE(f.queue("b", Durability::disk));
  f.db.lane.run_all();
  CHECK(f.answers == std::vector<std::string>{"a:1", "b:3"});
}

TEST_CASE("a failed sync is final: nothing after it is acknowledged, reads go on", "[engine]") {
  Fixture f;
  REQUIRE(f.db.put(0, "before", "v"));
  f.fail(sim::Operation::sync, ".wal", ErrorCode::io);
  REQUIRE(f.queue("a", Durability::disk));
  f.db.lane.run_one();
  REQUIRE(code_of(f.queue("b", Durability::os)) == ErrorCode::closed);
  f.files.fail_when(nullptr);
  REQUIRE(code_of(f.queue("c", Durability::disk)) == ErrorCode::closed);
  CHECK(code_of(f.db.put(0, "d", "v")) == ErrorCode::closed);
  CHECK(f.answers == std::vector<std::string>{"a:io"});
  CHECK(f.db.get(0, "a") == "-");
  CHECK(f.db.get(0, "before") == "v");
  CHECK(f.db->pressure().permille == 1000);
  CHECK(f.db->pressure().reason.find(".wal") != std::string::npos);
}

TEST_CASE("what was queued behind a failed write fails too", "[engine]") {
  Fixture f;
  Batch large;
  large.put(0, "large", std::string(5000, 'x'));
  std::optional<ErrorCode> code;
  REQUIRE(f.db->commit(std::move(large), Durability::disk,
                       [&](Result<Sequence> done) { code = done.error().code; }));
  REQUIRE(f.queue("behind", Durability::os));
  f.fail(sim::Operation::append, ".wal", ErrorCode::no_space);
  f.db.lane.run_one();
  f.files.fail_when(nullptr);
  f.db.lane.run_all();
  CHECK(code == ErrorCode::no_space);
  CHECK(f.answers == std::vector<std::string>{"behind:closed"});
}

TEST_CASE("writes are refused before the disk is full and taken up again when there is room",
          "[engine]") {
  Fixture f;
  const std::string value(300, 'v');
  f.files.set_capacity(40'000);
  std::vector<std::string> kept;
  std::optional<ErrorCode> refusal;
  for (int i = 0; i < 1000 && !refusal; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (const auto written = f.db.put(0, key, value + key); written)
      kept.push_back(key);
    else
      refusal = written.error().code;
  }
  CHECK(refusal == ErrorCode::no_space);
  CHECK(code_of(f.queue("refused", Durability::disk)) == ErrorCode::no_space);
  CHECK(f.db->pressure().reason == "disk space");
  f.db.lane.run_all();
  for (const std::string& key : kept) CHECK(f.db.get(0, key) == value + key);

  f.files.set_capacity(1 << 20);
  CHECK(f.db.put(0, "again", "v"));
  CHECK(f.db->pressure().reason != "disk space");
  CHECK(f.db.get(0, "again") == "v");
}

TEST_CASE("keys, tables and batches out of range are refused", "[engine]") {
  Fixture f;
  CHECK(code_of(f.db.put(0, "", "v")) == ErrorCode::invalid_argument);
  CHECK(code_of(f.db.put(2, "k", "v")) == ErrorCode::invalid_argument);
  CHECK(code_of(f.db.put(0, std::string(key_size_max + 1, 'k'), "v")) ==
        ErrorCode::invalid_argument);
  CHECK(f.db.put(0, std::string(key_size_max, 'k'), "v"));
  CHECK(code_of(f.db->get(2, "k")) == ErrorCode::invalid_argument);
  CHECK_FALSE(f.db->scan(2, {})->status());
}

TEST_CASE("a queue that is full refuses at once and recovers", "[engine]") {
  Fixture f;
  int accepted = 0;
  Status last;
  while ((last = f.queue("k" + std::to_string(accepted), Durability::disk))) {
    ++accepted;
    REQUIRE(accepted < 10000);
  }
  CHECK(last.error().code == ErrorCode::busy);
  f.db.lane.run_all();
  CHECK(f.answers.size() == static_cast<std::size_t>(accepted));
  CHECK(f.queue("more", Durability::disk));
}

TEST_CASE("full memtables press until they are flushed", "[engine]") {
  Fixture f;
  // Flushing fails, as on a full disk.
  f.fail(sim::Operation::create, ".sst", ErrorCode::no_space);
  Status refused;
  for (int i = 0; i < 1000 && refused; ++i) {
    Batch batch;
    batch.put(0, "k" + std::to_string(i), std::string(500, 'v'));
    refused = f.db->commit(std::move(batch), Durability::disk, [](Result<Sequence>) {});
    f.db.lane.run_all();
  }
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::busy);
  CHECK(f.db->pressure().permille >= 1000);
  CHECK(f.db->pressure().reason.find("memtables") != std::string::npos);
  CHECK(f.db->pressure().reason.find("no_space") != std::string::npos);
  f.files.fail_when(nullptr);
  CHECK(code_of(f.queue("try", Durability::disk)) == ErrorCode::busy);
  f.db.lane.run_all();
  CHECK(f.db->pressure().permille < 1000);
  CHECK(f.queue("again", Durability::disk));
  f.db.lane.run_all();
  CHECK(f.db.content(0).size() > 10);
}

TEST_CASE("a snapshot keeps its state through flush and compaction", "[engine]") {
  Fixture f;
  REQUIRE(f.db.put(0, "a", "1"));
  REQUIRE(f.db.put(0, "b", "1"));
  const auto snapshot = f.db->snapshot();
  REQUIRE(f.db->flush_sync());
  REQUIRE(f.db.put(0, "a", "2"));
  REQUIRE(f.db.remove(0, "b"));
  REQUIRE(f.db->compact_sync());
  CHECK(f.db.content(0, snapshot.get()) == Content{{"a", "1"}, {"b", "1"}});
  CHECK(f.db.get(0, "b", snapshot.get()) == "1");
  CHECK(f.db.content(0) == Content{{"a", "2"}});
  CHECK(snapshot->sequence() == 2);
}

TEST_CASE("a snapshot may outlive its database", "[engine]") {
  Fixture f;
  const auto snapshot = f.db->snapshot();
  f.db.close();
  CHECK(snapshot->sequence() == 0);
}

TEST_CASE("a scan stays in its range and sees one state", "[engine]") {
  Fixture f;
  for (const char* key : {"a", "b", "c", "d", "e"}) REQUIRE(f.db.put(0, key, key));
  REQUIRE(f.db->flush_sync());
  REQUIRE(f.db.remove(0, "c"));
  const auto it = f.db->scan(0, {"b", "e"});
  REQUIRE(f.db.put(0, "bb", "new"));
  REQUIRE(f.db->compact_sync());
  std::string keys;
  for (; it->valid(); it->next()) keys += it->key();
  CHECK(keys == "bd");
  it->seek("a");
  REQUIRE(it->valid());
  CHECK(it->key() == "b");
  it->seek("bb");
  CHECK(it->key() == "d");
  it->seek("e");
  CHECK_FALSE(it->valid());
  it->seek_to_first();
  CHECK(it->value() == "b");
}

TEST_CASE("a read that needs the disk says so when it may not wait", "[engine]") {
  Fixture f;
  f.db.options().memory_bytes = 0;
  REQUIRE(f.db.put(0, "k", "v"));
  REQUIRE(f.db->flush_sync());
  REQUIRE(f.db.reopen());
  f.files.set_cache_misses(1000);
  const ReadOptions cached{.snapshot = nullptr, .mode = ReadMode::cached};
  CHECK(code_of(f.db->get(0, "k", cached)) == ErrorCode::would_block);
  CHECK(f.db.get(0, "k") == "v");
  REQUIRE(f.db.put(0, "k", "newer"));
  CHECK((*f.db->get(0, "k", cached))->view() == "newer");
}

TEST_CASE("a checkpoint is a database of its own with the state of its moment", "[engine]") {
  Fixture f;
  REQUIRE(f.db.put(0, "a", "1"));
  REQUIRE(f.db->flush_sync());
  REQUIRE(f.db.put(1, "b", "2"));
  REQUIRE(f.db->checkpoint("copy"));
  REQUIRE(f.db.put(0, "a", "later"));
  REQUIRE(f.db->compact_sync());
  CHECK(code_of(f.db->checkpoint("copy")) == ErrorCode::exists);
  f.files.crash({sim::UnsyncedBytes::lost, sim::UnsyncedNames::lost, 0}, 1);
  TestDb copy(f.files, small_options("copy"));
  REQUIRE(copy.open());
  CHECK(copy.get(0, "a") == "1");
  CHECK(copy.get(1, "b") == "2");
  REQUIRE(copy.put(0, "a", "own"));
  REQUIRE(copy->compact_sync());
  REQUIRE(f.db.reopen());
  CHECK(f.db.get(0, "a") == "later");
}

TEST_CASE("verify finds a flipped byte in any file", "[engine]") {
  Fixture f;
  for (int i = 0; i < 20; ++i) REQUIRE(f.db.put(0, "k" + std::to_string(i), std::string(40, 'v')));
  REQUIRE(f.db->flush_sync());
  REQUIRE(f.db.put(0, "in", "log"));
  REQUIRE(f.db->verify()->damage.empty());
  for (const std::string& name : *f.files.list("db")) {
    if (name == "LOCK") continue;
    const std::string path = "db/" + name;
    const std::size_t size = f.files.bytes(path).size();
    for (std::uint64_t at = 0; at < size; at += 7) {
      CAPTURE(path, at);
      f.files.flip(path, at, 2);
      const auto report = f.db->verify();
      REQUIRE(report);
      REQUIRE(report->damage.size() >= 1);
      REQUIRE(report->damage[0].find(name) != std::string::npos);
      f.files.flip(path, at, 2);
    }
  }
}

TEST_CASE("nobody else may open a database that is open or that others can read", "[engine]") {
  Fixture f;
  TestDb second(f.files);
  CHECK(code_of(second.open()) == ErrorCode::denied);
  f.db.close();
  CHECK(second.open());
  second.close();
  f.files.set_private(false);
  CHECK(code_of(second.open()) == ErrorCode::denied);
}

TEST_CASE("tables are known by their names", "[engine]") {
  Fixture f;
  REQUIRE(f.db.put(0, "k", "data"));
  REQUIRE(f.db.put(1, "k", "extra"));
  auto& tables = f.db.options().tables;
  std::swap(tables[0], tables[1]);
  tables.push_back({.name = "third", .token_order = true});
  REQUIRE(f.db.reopen());
  CHECK(f.db.get(0, "k") == "extra");
  CHECK(f.db.get(1, "k") == "data");
  CHECK(f.db.put(2, "k", "third"));
  REQUIRE(f.db.reopen());
  CHECK(f.db.get(2, "k") == "third");
  tables[2].token_order = false;
  CHECK(code_of(f.db.reopen()) == ErrorCode::invalid_argument);
  tables.pop_back();
  const Status missing = f.db.open();
  REQUIRE(code_of(missing) == ErrorCode::invalid_argument);
  CHECK(missing.error().message.find("third") != std::string::npos);
}

TEST_CASE("jobs that outlive their database do nothing", "[engine]") {
  Fixture f;
  REQUIRE(f.queue("a", Durability::disk));
  auto& lane = f.db.lane;
  {
    TestDb other(f.files, small_options("other"));
    auto opened = Db::open(small_options("third"), f.files, {lane, lane, lane});
    REQUIRE(opened);
    Batch batch;
    batch.put(0, "k", "v");
    REQUIRE((*opened)->commit(std::move(batch), Durability::disk,
                              [&](Result<Sequence>) { f.answers.emplace_back("late"); }));
  }
  lane.run_all();
  CHECK(f.answers == std::vector<std::string>{"a:1"});
}

TEST_CASE("files nobody needs go away", "[engine]") {
  Fixture f;
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 30; ++i)
      REQUIRE(f.db.put(0, "k" + std::to_string(i), std::string(100, 'v')));
    REQUIRE(f.db->compact_sync());
    f.db.lane.run_all();
  }
  CHECK(f.files_ending(".sst").size() == f.db->stats().table_files);
  CHECK(f.files_ending(".wal").size() == 1);
  auto leftover = f.files.create("db/CURRENT.tmp");
  REQUIRE(leftover);
  REQUIRE(f.files.create(table_path("db", 9999)));
  REQUIRE(f.db.reopen());
  CHECK(f.files_ending(".tmp").empty());
  CHECK_FALSE(f.files.exists(table_path("db", 9999)));
}

}  // namespace
}  // namespace ouro::engine
