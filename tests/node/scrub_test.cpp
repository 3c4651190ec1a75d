// The pace of the scrub, and what it does with what it finds.
#include "node/scrub.hpp"
#include "sim/machine.hpp"
#include "sim/run.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <string>
#include <utility>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t rate = 1 << 20;

/// A database of some megabytes on a simulated machine, and the scrub that reads it.
class Fixture {
 public:
  Fixture() : network_(scheduler_, 2), machine_(scheduler_, network_, NodeId(1), 3) {
    sim::SimWorld& world = machine_.boot();
    for (auto* lane : {&work_, &scrub_lane_}) *lane = world.make_lane("lane");
    engine::Options options;
    options.directory = "/db";
    options.tables = {{"t", false}};
    options.memtable_bytes = 1 << 20;
    options.compress = false;
    auto opened = engine::Db::open(options, world.files(), {*work_, *work_, *work_});
    REQUIRE(opened);
    db_ = std::move(*opened);
    for (int i = 0; i < 40; ++i) {
      engine::Batch batch;
      batch.put(0, "key" + std::to_string(i), std::string(100'000, 'v'));
      REQUIRE(db_->commit_sync(std::move(batch), engine::Durability::os));
    }
    REQUIRE(db_->compact_sync());
    scheduler_.run_for(1s);
  }

  ~Fixture() {
    machine_.kill();
    db_.reset();
  }

  void start(std::size_t bytes_per_second) {
    scrub_ = std::make_unique<Scrub>(std::vector<Scrub::Source>{{"db", *db_}}, *scrub_lane_,
                                     machine_.world().loop(0), bytes_per_second);
    scrub_->start();
  }
  bool close(Duration limit) {
    return sim::run(scheduler_, machine_.world().life(), scrub_->close(), limit);
  }
  void run_for(Duration time) { scheduler_.run_for(time); }
  engine::Stats stats() const { return db_->stats(); }
  sim::FileSystem& disk() { return machine_.disk(); }

 private:
  sim::Scheduler scheduler_{1};
  sim::Network network_;
  sim::Machine machine_;
  // In the reverse of the order in which they have to go.
  std::unique_ptr<Lane> work_, scrub_lane_;
  std::unique_ptr<Scrub> scrub_;
  std::unique_ptr<engine::Db> db_;
};

TEST_CASE("a scrub reads as fast as it may and no faster", "[scrub]") {
  Fixture f;
  f.start(rate);
  f.run_for(2s);
  CHECK(f.stats().scrubbed_bytes > rate);
  CHECK(f.stats().scrubbed_bytes < 3 * rate);
  CHECK(f.stats().scrub_rounds == 0);
}

TEST_CASE("a scrub rests after a round and then begins again", "[scrub]") {
  Fixture f;
  f.start(rate);
  f.run_for(30s);
  CHECK(f.stats().scrub_rounds == 1);
  CHECK(f.stats().scrubbed_bytes == f.stats().table_bytes);
  f.run_for(1h);
  CHECK(f.stats().scrub_rounds == 2);
}

TEST_CASE("a scrub finds what rots while the database is open", "[scrub]") {
  Fixture f;
  for (const std::string& name : *f.disk().list("/db"))
    if (name.ends_with(".sst")) f.disk().flip("/db/" + name, 5000);
  f.start(rate);
  f.run_for(30s);
  CHECK(f.stats().scrub_damage > 0);
  CHECK(f.stats().scrub_rounds == 1);
}

TEST_CASE("a scrub at rest or at work ends when it is told to", "[scrub]") {
  for (const Duration time : {Duration(500ms), Duration(30s)}) {
    Fixture f;
    f.start(rate);
    f.run_for(time);
    REQUIRE(f.close(1s));
    const std::uint64_t read = f.stats().scrubbed_bytes;
    f.run_for(2h);
    CHECK(f.stats().scrubbed_bytes == read);
  }
}

TEST_CASE("a scrub that was switched off reads nothing", "[scrub]") {
  Fixture f;
  f.start(0);
  f.run_for(2h);
  CHECK(f.stats().scrubbed_bytes == 0);
}

}  // namespace
}  // namespace ouro::node
