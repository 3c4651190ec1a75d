// What a source lets in, shows and keeps while somebody reads an arc from it.
#include "tests/kv/transfer_steps.hpp"

#include <string>
#include <utility>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the fence lets in nothing older than it, whatever waited", "[transfer]") {
  Transfer t;
  fill(t.a(), 3);
  LocalWrite old = t.a().write_of(1, "old");
  old.epoch = fence_epoch - 1;
  const Result<Coordinated> refused = t.a().run(t.a().home().coordinate(std::move(old)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::stale_epoch);
  const SentFrame frame = t.b().put(2, "late");
  const Status applied = t.a().deliver(frame, fence_epoch - 1);
  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ErrorCode::stale_epoch);
  CHECK(t.a().values(2) == Values{"v2"});
  REQUIRE(t.a().deliver(frame, fence_epoch));
}

TEST_CASE("a write that waited for its key is held up by a fence that came meanwhile",
          "[transfer]") {
  // Loads wait for the disk, in a cache of next to nothing; the fence rises during some of them.
  unsigned refused = 0;
  for (unsigned steps = 0; steps < 12; ++steps) {
    Transfer t;
    fill(t.a());
    REQUIRE(t.a().db().compact_sync());
    t.a().kill();
    t.a().start();
    t.a().fence.epoch = fence_epoch - 1;
    LocalWrite write = t.a().write_of(1, "waits");
    write.epoch = fence_epoch - 1;
    const auto done = t.a().begin(t.a().home().coordinate(std::move(write)));
    for (unsigned step = 0; step < steps; ++step) t.scheduler.step();
    t.a().fence.epoch = fence_epoch;
    const Result<Pulled> pulled = t.j().pull(source_a);
    REQUIRE(pulled);
    const Result<Coordinated>& outcome = finish(t, done);
    if (!outcome) ++refused;
    // Let in: the clock as of the fence covers it. Refused: it left nothing.
    if (outcome) CHECK(pulled->fence_clock.contains(outcome->dot));
    check_equal(t.a(), t.j());
  }
  CHECK(refused > 0);
}

TEST_CASE("a source that has not heard of the move yet is waited for", "[transfer]") {
  Transfer t;
  fill(t.a(), 3);
  t.a().fence.epoch = fence_epoch - 1;
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  t.scheduler.run_for(5s);
  CHECK_FALSE(pulled->has_value());
  t.a().fence.epoch = fence_epoch;
  REQUIRE(finish(t, pulled));
}

TEST_CASE("a source that is past the move ends it", "[transfer]") {
  Transfer t;
  fill(t.a());
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  run_until_chunk(t, source_a, 3);
  t.a().fence.epoch = fence_epoch + 1;
  const Result<Pulled>& result = finish(t, pulled);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::stale_epoch);
  CHECK(t.a().source().sessions() == 0);
}

TEST_CASE("a stream shows durable state only", "[transfer]") {
  // R7: the write is queued and not durable when the session opens; then the power goes.
  for (unsigned steps = 0; steps < 60; steps += 2) {
    CAPTURE(steps);
    Transfer t(steps + 1);
    fill(t.a(), 3);
    t.a().machine().lane_timing() = {20ms, 50ms};
    t.a().begin(t.a().home().coordinate(t.a().write_of(1, "volatile")));
    const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a, 2s)));
    for (unsigned step = 0; step < steps; ++step) t.scheduler.step();
    t.a().power_loss();
    t.a().machine().lane_timing() = sim::LaneTiming();
    t.a().start();
    t.scheduler.run_for(5s);
    t.a().put(2, "mark");
    REQUIRE(t.j().pull(source_a));
    check_equal(t.a(), t.j());
  }
}

TEST_CASE("a clock and the objects of its snapshot belong together", "[transfer]") {
  // Writes that are let in while the round is being prepared are in both or in neither.
  for (unsigned seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Transfer t(seed, 2);
    fill(t.a(), 6);
    t.a().machine().lane_timing() = {1ms, 5ms};
    const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
    for (unsigned i = 0; i < 20; ++i) {
      t.a().begin(t.a().home().coordinate(t.a().write_of(i % 8, "w" + std::to_string(i))));
      t.scheduler.run_for(300us);
    }
    REQUIRE(finish(t, pulled));
    t.scheduler.run_for(1s);
    t.a().put(7, "last");
    REQUIRE(t.j().pull(source_a));
    for (unsigned key = 0; key < 8; ++key) CHECK(t.j().values(key) == t.a().values(key));
    check_equal(t.a(), t.j());
  }
}

TEST_CASE("sessions are bounded and end by themselves", "[transfer]") {
  Transfer t;
  fill(t.a());
  t.a().kill();
  t.a().source_limits.sessions = 1;
  t.a().start();
  t.scheduler.run_for(2s);
  t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  run_until_chunk(t, source_a, 2);
  t.j().kill();
  CHECK(t.a().source().sessions() == 1);
  const Result<Pulled> refused = t.b().pull(source_a, 1s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::timeout);
  t.scheduler.run_for(40s);
  t.a().source().expire();
  CHECK(t.a().source().sessions() == 0);
  REQUIRE(t.b().pull(source_a));
  CHECK(t.a().source().sessions() == 0);
}

}  // namespace
}  // namespace ouro::kv
