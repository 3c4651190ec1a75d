// The planner over random sequences of changes. OURO_RING_CASES=count and OURO_RING_SEED=first make
// it longer (docs/ring.md).
#include "tests/ring/move_bound.hpp"
#include "tests/ring/planner_case.hpp"
#include "tests/support/catch.hpp"

#include <cstdint>
#include <cstdlib>

namespace ouro::ring {
namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Tally {
  std::int64_t moved = 0;
  std::int64_t least = 0;
};

// One sequence: a first assignment and some changes.
void check_sequence(std::uint64_t seed, const CaseLimits& limits, Tally& tally) {
  RandomChanges changes(seed, limits);
  for (int step = 0; step < 4; ++step) {
    const PlanRequest request = changes.request();
    const Result<Plan> plan = make_plan(request);
    CAPTURE(seed, step, changes.kind(), request.arc_count, request.members.size(), request.n);
    REQUIRE(plan);
    changes.accept(*plan);
    const Quality quality = measure(request, plan->owners);
    CHECK(quality.lists_complete);
    // A light node carries more than its weight's share with the one arc that all must own.
    if (limits.weight_max == 1) CHECK(quality.load_bar <= 1.01);
    CHECK(quality.primaries_bar <= 1.3);
    if (request.owners.empty()) continue;
    const std::int64_t least = least_moves(request);
    REQUIRE(least >= least_arrivals(request));
    tally.moved += quality.moved;
    tally.least += least;
  }
}

Tally run(const CaseLimits& limits) {
  const std::uint64_t first = setting("OURO_RING_SEED", 1);
  const std::uint64_t count = setting("OURO_RING_CASES", 4);
  Tally tally;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    check_sequence(seed, limits, tally);
  return tally;
}

TEST_CASE("equal nodes: loads within the bar, and hardly more moves than any table needs") {
  const Tally tally = run({.nodes_max = 24, .arcs_log2_max = 8});
  CAPTURE(tally.moved, tally.least);
  CHECK(tally.moved * 100 <= tally.least * 105);
}

TEST_CASE("weights: lists complete, and few more moves than any table needs") {
  const Tally tally = run({.nodes_max = 16, .weight_max = 16, .arcs_log2_max = 8});
  CAPTURE(tally.moved, tally.least);
  CHECK(tally.moved * 100 <= tally.least * 110);
}

TEST_CASE("zones: loads within the bar, and lists in all zones that are possible") {
  const Tally tally = run({.nodes_max = 16, .zones_max = 8, .arcs_log2_max = 8});
  CAPTURE(tally.moved, tally.least);
  CHECK(tally.moved * 100 <= tally.least * 120);
}

}  // namespace
}  // namespace ouro::ring
