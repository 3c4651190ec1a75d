#include "cluster/identity.hpp"

#include "sim/file_system.hpp"
#include "sim/lane.hpp"
#include "tests/support/catch.hpp"

namespace ouro::cluster {
namespace {

constexpr engine::TableId system = 0;

/// A metadata database on a disk that outlives it.
struct Meta {
  explicit Meta(FileSystem& files) {
    engine::Options options;
    options.directory = "/meta";
    options.tables = {{"system", false}};
    db = *engine::Db::open(options, files, {lane, lane, lane});
  }
  sim::QueueLane lane;
  std::unique_ptr<engine::Db> db;
};

constexpr Identity us{.cluster = 5, .hash_seed = 6, .node = NodeId(2), .boot = 0};

TEST_CASE("every run of a node has a boot number of its own, also after losing power") {
  sim::FileSystem disk(1);
  for (Boot boot = 1; boot <= 5; ++boot) {
    {
      Meta meta(disk);
      const Result<Identity> run = begin_run(*meta.db, system, us);
      REQUIRE(run.has_value());
      CHECK(run->boot == boot);
    }
    disk.crash({}, boot);
  }
}

TEST_CASE("a directory remembers whose it is") {
  sim::FileSystem disk(1);
  Meta meta(disk);
  CHECK_FALSE(read_identity(*meta.db, system)->has_value());
  REQUIRE(begin_run(*meta.db, system, us).has_value());
  const auto known = read_identity(*meta.db, system);
  REQUIRE(known.has_value());
  CHECK((*known)->cluster == 5);
  CHECK((*known)->node == NodeId(2));
}

TEST_CASE("another node or another cluster is refused the directory") {
  sim::FileSystem disk(1);
  Meta meta(disk);
  REQUIRE(begin_run(*meta.db, system, us).has_value());
  Identity other = us;
  other.node = NodeId(3);
  CHECK(begin_run(*meta.db, system, other).error().code == ErrorCode::denied);
  other = us;
  other.cluster = 9;
  CHECK(begin_run(*meta.db, system, other).error().code == ErrorCode::denied);
}

}  // namespace
}  // namespace ouro::cluster
