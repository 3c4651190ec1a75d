// Jobs of a lane run in order, take virtual time, and die with their life or their lane.
#include "sim/lane.hpp"
#include "sim/sim_lane.hpp"

#include "tests/support/catch.hpp"

#include <memory>
#include <string>

namespace ouro::sim {
namespace {

std::unique_ptr<SimLane> make_lane(Scheduler& scheduler, Life life, std::uint64_t seed = 1) {
  return std::make_unique<SimLane>(scheduler, life, std::make_shared<LaneTiming>(), seed);
}

TEST_CASE("a simulated lane keeps order and two lanes interleave") {
  bool interleaved = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Scheduler scheduler(seed);
    const auto a = make_lane(scheduler, outside, seed);
    const auto b = make_lane(scheduler, outside, seed + 100);
    std::string digits, letters, all;
    for (int i = 0; i < 8; ++i) {
      a->post([&, i] { digits += static_cast<char>('0' + i), all += 'd'; });
      b->post([&, i] { letters += static_cast<char>('a' + i), all += 'l'; });
    }
    CHECK(all.empty());
    while (scheduler.step()) {
    }
    CHECK(digits == "01234567");
    CHECK(letters == "abcdefgh");
    CHECK(scheduler.now() >= Instant(8 * LaneTiming{}.least));
    interleaved |= all != "ddddddddllllllll" && all != "llllllllldddddddd";
  }
  CHECK(interleaved);
}

TEST_CASE("a kill destroys waiting jobs at once and unrun") {
  Scheduler scheduler(1);
  const Life life = scheduler.new_life();
  const auto lane = make_lane(scheduler, life);
  const auto token = std::make_shared<int>(0);
  for (int i = 0; i < 3; ++i) lane->post([token] { ++*token; });
  scheduler.step();
  CHECK(token.use_count() == 3);
  scheduler.kill(life);
  CHECK(token.use_count() == 1);
  CHECK(*token == 1);
}

TEST_CASE("destroying a lane destroys its waiting jobs unrun") {
  Scheduler scheduler(1);
  auto lane = make_lane(scheduler, outside);
  const auto token = std::make_shared<int>(0);
  lane->post([token] { ++*token; });
  lane.reset();
  CHECK(token.use_count() == 1);
  while (scheduler.step()) {
  }
  CHECK(*token == 0);
}

TEST_CASE("a queue lane runs what it is told and nothing else") {
  QueueLane lane;
  std::string order;
  lane.post([&] {
    order += 'a';
    lane.post([&] { order += 'c'; });
  });
  lane.post([&] { order += 'b'; });
  CHECK(order.empty());
  CHECK(lane.run_one());
  CHECK(order == "a");
  CHECK(lane.run_all() == 2);
  CHECK(order == "abc");
  lane.post([&] { order += 'd'; });
  lane.drop_all();
  CHECK(lane.run_all() == 0);
  CHECK(order == "abc");
}

}  // namespace
}  // namespace ouro::sim
