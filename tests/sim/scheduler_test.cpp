// Invented time: what is due first runs first, what is due at once is shuffled by the seed.
#include "sim/scheduler.hpp"
#include "sim/clock.hpp"
#include "sim/run.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <set>
#include <string>

namespace ouro::sim {
namespace {

using namespace std::chrono_literals;

std::string order_of_simultaneous_events(std::uint64_t seed) {
  Scheduler scheduler(seed);
  std::string order;
  for (const char c : {'a', 'b', 'c', 'd'})
    asio::post(scheduler.get_executor(), [&order, c] { order += c; });
  while (scheduler.step()) {
  }
  return order;
}

TEST_CASE("events at one instant come in an order that the seed decides") {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CHECK(order_of_simultaneous_events(seed) == order_of_simultaneous_events(seed));
    orders.insert(order_of_simultaneous_events(seed));
  }
  CHECK(orders.size() == 24);
}

TEST_CASE("a year without events passes in one step") {
  Scheduler scheduler(1);
  const SimClock clock(scheduler, outside);
  SimClock waiting(scheduler, outside);
  REQUIRE(run(scheduler, outside, sleep_until(waiting, waiting.now() + 8760h), 8760h));
  CHECK(scheduler.now().time_since_epoch() == 8760h);
  CHECK(scheduler.events() < 10);
}

TEST_CASE("running for a time ends at its end and leaves what is later") {
  Scheduler scheduler(1);
  int ran = 0;
  for (const Duration due : {Duration(1s), Duration(2s), Duration(3s)})
    scheduler.add(outside, Instant(due), Scheduler::Handler([&ran] { ++ran; }));
  scheduler.run_for(2500ms);
  CHECK(ran == 2);
  CHECK(scheduler.now() == Instant(2500ms));
}

TEST_CASE("a paused life runs nothing until it goes on, then all in order") {
  Scheduler scheduler(1);
  const Life life = scheduler.new_life();
  std::string order;
  for (int i = 0; i < 9; ++i)
    scheduler.add(life, Instant(Duration(i + 1)),
                  Scheduler::Handler([&order, i] { order += std::to_string(i); }));
  scheduler.pause(life, Instant(1s));
  scheduler.run_until(Instant(999ms));
  CHECK(order.empty());
  scheduler.run_until(Instant(1s));
  CHECK(order == "012345678");
}

TEST_CASE("strands work on the scheduler") {
  Scheduler scheduler(1);
  auto strand = asio::make_strand(scheduler.get_executor());
  std::string order;
  for (const char c : {'a', 'b', 'c'}) asio::post(strand, [&order, c] { order += c; });
  while (scheduler.step()) {
  }
  CHECK(order == "abc");
}

TEST_CASE("a wake ends the present wait and no later one") {
  Scheduler scheduler(1);
  SimClock clock(scheduler, outside);
  const auto timer = clock.make_timer();
  timer->wake();
  const auto first = start(scheduler, outside, [](Timer& t) -> Task<int> {
    co_await t.wait_until(Instant(1h));
    co_return 1;
  }(*timer));
  scheduler.run_for(1s);
  CHECK_FALSE(first->has_value());
  timer->wake();
  scheduler.run_for(1s);
  CHECK(first->has_value());
}

TEST_CASE("a wall clock jumps and drifts, and the monotonic clock does not") {
  Scheduler scheduler(1);
  WallClock wall(scheduler);
  const SimClock clock(scheduler, outside, &wall, 5h);
  const WallTime before = clock.wall();
  wall.jump(-1h);
  CHECK(clock.wall() == before - 3'600'000'000);
  wall.set_drift(200);
  scheduler.run_for(1000s);
  CHECK(clock.wall() == before - 3'600'000'000 + 1'000'200'000);
  wall.set_drift(0);
  scheduler.run_for(1000s);
  CHECK(clock.wall() == before - 3'600'000'000 + 2'000'200'000);
  CHECK(clock.now() == Instant(5h + 2000s));
}

TEST_CASE("clocks of different origin wait equally long") {
  Scheduler scheduler(1);
  SimClock clock(scheduler, outside, nullptr, 100h);
  REQUIRE(run(scheduler, outside, sleep_until(clock, clock.now() + 3s), 1h));
  CHECK(scheduler.now() == Instant(3s));
  CHECK_FALSE(run(scheduler, outside, sleep_until(clock, Instant::max()), 1h));
}

}  // namespace
}  // namespace ouro::sim
