#include "kv/stamp.hpp"

#include "base/random.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

namespace ouro::kv {
namespace {

constexpr std::uint64_t noon = 1'700'000'000'000'000;

TEST_CASE("a stamp tells the microsecond of the wall clock") {
  HybridClock clock;
  CHECK(clock.tick(noon).microseconds() == noon);
}

TEST_CASE("stamps grow while the wall clock stands or goes back") {
  HybridClock clock;
  const Stamp first = clock.tick(noon);
  const Stamp second = clock.tick(noon);
  const Stamp third = clock.tick(noon - 1'000'000);
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third.microseconds() == noon);
  CHECK(clock.tick(noon + 1).microseconds() == noon + 1);
}

TEST_CASE("more events than a microsecond holds carry into the next") {
  HybridClock clock;
  Stamp last = clock.tick(noon);
  for (int i = 0; i < 3000; ++i) {
    const Stamp next = clock.tick(noon);
    REQUIRE(last < next);
    last = next;
  }
  CHECK(last.microseconds() == noon + 2);
}

TEST_CASE("what was observed comes before what follows") {
  HybridClock ahead, behind;
  const Stamp remote = ahead.tick(noon + HybridClock::max_ahead);
  REQUIRE(behind.observe(remote, noon));
  CHECK(behind.tick(noon) > remote);
}

TEST_CASE("a stamp too far ahead is refused and changes nothing") {
  HybridClock ahead, behind;
  const Stamp remote = ahead.tick(noon + HybridClock::max_ahead + 1);
  const Status status = behind.observe(remote, noon);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::invalid_argument);
  CHECK(behind.tick(noon).microseconds() == noon);
}

TEST_CASE("a clock goes on after the last stamp of an earlier run") {
  HybridClock before;
  const Stamp last = before.tick(noon);
  HybridClock after(last);
  CHECK(after.tick(noon - 5) > last);
}

TEST_CASE("every tick is greater than all stamps before it, however the wall jumps") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    HybridClock clock;
    Stamp greatest;
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t wall = noon + random.below(1'000'000);
      if (random.one_in(3)) {
        const Stamp remote{(noon + random.below(100'000'000)) << 10 | random.below(1024)};
        if (clock.observe(remote, wall)) greatest = std::max(greatest, remote);
      } else {
        const Stamp tick = clock.tick(wall);
        REQUIRE(tick > greatest);
        greatest = tick;
      }
    }
  }
}

}  // namespace
}  // namespace ouro::kv
