#include "cluster/identity.hpp"

#include "sim/file_system.hpp"
#include "sim/lane.hpp"
#include "tests/support/catch.hpp"

namespace ouro::cluster {
namespace {

constexpr engine::TableId system = 0;
constexpr engine::TableId marks = 0;

/// A database on a disk that outlives it.
struct Database {
  explicit Database(FileSystem& files, const std::string& directory = "/meta") {
    engine::Options options;
    options.directory = directory;
    options.tables = {{"system", false}};
    db = *engine::Db::open(options, files, {lane, lane, lane});
  }
  sim::QueueLane lane;
  std::unique_ptr<engine::Db> db;
};

constexpr Identity us{.cluster = 5, .hash_seed = 6, .node = NodeId(2), .instance = 7, .boot = 0};

void settle(FileSystem& disk) {
  Database meta(disk);
  REQUIRE(write_identity(*meta.db, system, us).has_value());
}

TEST_CASE("every run of a node has a boot number of its own, also after losing power") {
  sim::FileSystem disk(1);
  settle(disk);
  for (Boot boot = 1; boot <= 5; ++boot) {
    {
      Database meta(disk);
      const Result<Identity> run = begin_run(*meta.db, system, us.cluster, us.node);
      REQUIRE(run.has_value());
      CHECK(run->boot == boot);
      CHECK(run->instance == us.instance);
    }
    disk.crash({}, boot);
  }
}

TEST_CASE("a directory belongs to one node for ever") {
  sim::FileSystem disk(1);
  settle(disk);
  Database meta(disk);
  const Status again = write_identity(*meta.db, system, us);
  REQUIRE(again.has_error());
  CHECK(again.error().code == ErrorCode::exists);
  CHECK(begin_run(*meta.db, system, 99, NodeId{}).error().code == ErrorCode::denied);
  CHECK(begin_run(*meta.db, system, 0, NodeId(9)).error().code == ErrorCode::denied);
  CHECK(begin_run(*meta.db, system, 0, NodeId{}).has_value());
}

TEST_CASE("a directory that belongs to nobody begins no run") {
  sim::FileSystem disk(1);
  Database meta(disk);
  CHECK_FALSE(read_identity(*meta.db, system)->has_value());
  CHECK(begin_run(*meta.db, system, 0, NodeId{}).error().code == ErrorCode::not_found);
}

TEST_CASE("the mark of a data database stays what it was at first") {
  sim::FileSystem disk(1);
  Database data(disk, "/data");
  CHECK(*claim(*data.db, marks, 41) == 41);
  CHECK(*claim(*data.db, marks, 42) == 41);
}

TEST_CASE("data that is missing or another directory's is told from one's own") {
  sim::FileSystem disk(1);
  Database own(disk, "/own"), other(disk, "/other"), empty(disk, "/empty");
  REQUIRE(claim(*own.db, marks, us.instance).has_value());
  REQUIRE(claim(*other.db, marks, 99).has_value());
  CHECK(check_claim(*own.db, marks, us).has_value());
  const Status mixed = check_claim(*other.db, marks, us);
  REQUIRE(mixed.has_error());
  CHECK(mixed.error().message.find("another data directory") != std::string::npos);
  const Status lost = check_claim(*empty.db, marks, us);
  REQUIRE(lost.has_error());
  CHECK(lost.error().code == ErrorCode::denied);
  CHECK(lost.error().message.find("replace") != std::string::npos);
}

TEST_CASE("contacts are kept until the log knows better") {
  sim::FileSystem disk(1);
  Database meta(disk);
  CHECK(read_contacts(*meta.db, system)->empty());
  REQUIRE(write_contacts(*meta.db, system, {{NodeId(1), "a", 1}, {NodeId(3), "b", 2}}).has_value());
  const auto contacts = read_contacts(*meta.db, system);
  REQUIRE(contacts.has_value());
  REQUIRE(contacts->size() == 2);
  CHECK((*contacts)[1].node == NodeId(3));
  CHECK((*contacts)[1].host == "b");
  CHECK((*contacts)[1].port == 2);
}

}  // namespace
}  // namespace ouro::cluster
