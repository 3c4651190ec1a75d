// What a member finds on its disk is what it wrote, or it is told that it cannot go on.
#include "raft/storage.hpp"
#include "raft/format.hpp"
#include "raft/recovery.hpp"
#include "sim/file_system.hpp"
#include "sim/machine.hpp"
#include "tests/support/catch.hpp"

#include <utility>

namespace ouro::raft {
namespace {

NodeId id(unsigned number) { return NodeId{number}; }
const Configuration members{{id(1), id(2)}, {}, {}};

Entry entry(Index index, Term term) {
  return {index, term, EntryKind::command, SharedBytes(std::to_string(index))};
}

// commit_sync works on the caller's thread; the lanes run when the scheduler does.
struct Disk {
  Disk() : scheduler(1), network(scheduler, 1), machine(scheduler, network, id(1), 1) {
    sim::SimWorld& world = machine.boot();
    commit_lane = world.make_lane("commit");
    other_lane = world.make_lane("other");
    engine::Options options;
    options.directory = "/meta";
    options.identity = 5;
    options.tables = {{"raft", false}};
    auto opened = engine::Db::open(std::move(options), world.files(),
                                   {*commit_lane, *other_lane, *other_lane});
    REQUIRE(opened);
    db = std::move(*opened);
  }
  ~Disk() {
    machine.kill();
    db.reset();
  }
  void write(Storage& storage, const Ready& ready) {
    REQUIRE(db->commit_sync(storage.batch(ready), engine::Durability::disk));
    storage.saved(ready);
  }
  void put(std::string_view key, std::string_view value) {
    engine::Batch batch;
    batch.put(0, key, value);
    REQUIRE(db->commit_sync(std::move(batch), engine::Durability::disk));
  }
  void remove(std::string_view key) {
    engine::Batch batch;
    batch.remove(0, key);
    REQUIRE(db->commit_sync(std::move(batch), engine::Durability::disk));
  }
  Stored load() {
    auto loaded = Storage(*db, 0).load();
    REQUIRE(loaded);
    REQUIRE(loaded->has_value());
    return std::move(**loaded);
  }
  ErrorCode load_error() {
    const auto loaded = Storage(*db, 0).load();
    REQUIRE(!loaded);
    return loaded.error().code;
  }

  sim::Scheduler scheduler;
  sim::Network network;
  sim::Machine machine;
  std::unique_ptr<Lane> commit_lane, other_lane;
  std::unique_ptr<engine::Db> db;
};

Ready first_entries() {
  Ready ready;
  ready.hard = HardState{9, 2, id(2), 1};
  ready.snapshot = Snapshot{1, 1, members, SharedBytes(std::string("state"))};
  ready.entries = {entry(2, 1), entry(3, 1), entry(4, 2)};
  ready.first = 2;
  ready.last = 4;
  ready.must_sync = true;
  return ready;
}

TEST_CASE("an empty table is told from one with a state") {
  Disk disk;
  const auto loaded = Storage(*disk.db, 0).load();
  REQUIRE(loaded);
  CHECK(!loaded->has_value());
}

TEST_CASE("what was written is loaded") {
  Disk disk;
  Storage storage(*disk.db, 0);
  disk.write(storage, first_entries());
  const Stored found = disk.load();
  CHECK(found.hard == HardState{9, 2, id(2), 1});
  CHECK(found.snapshot.state.view() == "state");
  CHECK(found.snapshot.configuration == members);
  REQUIRE(found.entries.size() == 3);
  CHECK(found.entries[2].term == 2);
  CHECK(found.entries[2].data.view() == "4");
}

TEST_CASE("a replaced suffix leaves nothing behind") {
  Disk disk;
  Storage storage(*disk.db, 0);
  disk.write(storage, first_entries());
  Ready ready;
  ready.entries = {entry(3, 3)};
  ready.hard = HardState{9, 3, no_node, 2};
  ready.first = 2;
  ready.last = 3;
  disk.write(storage, ready);
  const Stored found = disk.load();
  REQUIRE(found.entries.size() == 2);
  CHECK(found.entries[1].term == 3);
}

TEST_CASE("a compacted prefix is gone, and so is everything before an installed snapshot") {
  Disk disk;
  Storage storage(*disk.db, 0);
  disk.write(storage, first_entries());
  Ready ready;
  ready.snapshot = Snapshot{3, 1, members, SharedBytes(std::string("at 3"))};
  ready.first = 3;
  ready.last = 4;
  disk.write(storage, ready);
  CHECK(disk.load().entries.size() == 2);

  ready.snapshot = Snapshot{20, 2, members, SharedBytes(std::string("at 20"))};
  ready.first = 21;
  ready.last = 20;
  disk.write(storage, ready);
  const Stored found = disk.load();
  CHECK(found.entries.empty());
  CHECK(found.snapshot.index == 20);
}

TEST_CASE("a log with a gap, or one that contradicts itself, is not taken") {
  struct Case {
    const char* what;
    void (*spoil)(Disk&);
  };
  const Case cases[] = {
      {"gap", [](Disk& disk) { disk.remove(entry_key(3)); }},
      {"start", [](Disk& disk) { disk.remove(entry_key(2)); }},
      {"no hard state", [](Disk& disk) { disk.remove(hard_state_key); }},
      {"committed end",
       [](Disk& disk) {
         disk.put(hard_state_key, encode_hard_state({9, 2, no_node, 5}));
       }},
      {"old term",
       [](Disk& disk) {
         disk.put(hard_state_key, encode_hard_state({9, 1, no_node, 1}));
       }},
      {"falling term", [](Disk& disk) { disk.put(entry_key(5), encode_entry(entry(5, 1))); }},
      {"foreign key", [](Disk& disk) { disk.put("e5", ""); }},
      {"damaged entry", [](Disk& disk) { disk.put(entry_key(4), "\1"); }},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Disk disk;
    Storage storage(*disk.db, 0);
    disk.write(storage, first_entries());
    each.spoil(disk);
    CHECK(disk.load_error() == ErrorCode::corruption);
  }
}

TEST_CASE("a record of a newer build is named as such") {
  Disk disk;
  Storage storage(*disk.db, 0);
  disk.write(storage, first_entries());
  disk.put(entry_key(4), "\2\1\1");
  CHECK(disk.load_error() == ErrorCode::unsupported);
}

TEST_CASE("forced members are a new group with the same log, planned before it is done") {
  Disk disk;
  Storage storage(*disk.db, 0);
  disk.write(storage, first_entries());
  CHECK(!force_members(*disk.db, 0, {id(7), {}, 10, false}));       // no member
  CHECK(!force_members(*disk.db, 0, {id(1), {}, 9, false}));        // the old group
  CHECK(!force_members(*disk.db, 0, {id(1), {id(1)}, 10, false}));  // twice
  const auto planned = force_members(*disk.db, 0, {id(1), {id(2)}, 10, true});
  REQUIRE(planned);
  CHECK(disk.load().entries.size() == 3);
  const auto done = force_members(*disk.db, 0, {id(1), {id(2)}, 10, false});
  REQUIRE(done);
  CHECK(done->last == 5);
  CHECK(done->last_term == 3);
  const auto found = survey(*disk.db, 0);
  REQUIRE(found);
  CHECK(found->group == 10);
  CHECK(found->term == 3);
  CHECK(found->commit == 5);
  CHECK(found->configuration == Configuration{{id(1)}, {}, {id(2)}});
  CHECK(!forget_log(*disk.db, 0, 10));  // the group that it has
  CHECK(!forget_log(*disk.db, 0, 0));
  REQUIRE(forget_log(*disk.db, 0, 11));
  const auto waiting = survey(*disk.db, 0);
  REQUIRE(waiting);
  CHECK(waiting->group == 11);
  CHECK(waiting->last == 0);
}

}  // namespace
}  // namespace ouro::raft
