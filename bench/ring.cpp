// How even replicas lie and how few of them move when nodes come and go: the planner next to other
// ways to place them. `ring` prints a table, `ring --json` the worst that was seen.
#include "bench/ring_peers.hpp"
#include "ring/planner.hpp"
#include "tests/ring/planner_case.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>

namespace ouro::ring {
namespace {

constexpr std::uint32_t arcs = 256;
constexpr unsigned n = 3;
constexpr unsigned nodes_first = 3;
constexpr unsigned nodes_last = 16;

std::vector<Member> members_of(unsigned count) {
  std::vector<Member> members;
  for (unsigned i = 0; i < count; ++i) members.push_back({NodeId(i + 1), "", 1});
  return members;
}

// Every node joins a cluster of equal nodes, from 3 to 16.
Score ours() {
  Score score;
  PlanRequest request;
  request.arc_count = arcs;
  request.n = n;
  for (unsigned count = nodes_first; count <= nodes_last; ++count) {
    request.today = request.members;
    request.members = members_of(count);
    const Plan plan = *make_plan(request);
    const Quality quality = measure(request, plan.owners);
    score.max_over_ideal = std::max(score.max_over_ideal, quality.max_over_ideal);
    if (!quality.lists_complete) ++score.short_lists;
    if (!request.owners.empty())
      score.moves_over_bound =
          std::max(score.moves_over_bound, static_cast<double>(quality.moved) /
                                               static_cast<double>(least_arrivals(request)));
    request.owners = plan.owners;
  }
  return score;
}

struct Region {
  const char* name;
  CaseLimits limits;
};

// What random sequences of changes show; the bars are 1.
nlohmann::json regions(bool json, std::uint64_t cases) {
  nlohmann::json result;
  if (!json)
    std::printf("\nrandom changes        plans  load/bar  primaries/bar  moved/bound  slowest\n");
  for (const Region& region :
       {Region{"equal nodes", {.nodes_max = 100}},
        Region{"weights", {.nodes_max = 100, .weight_max = 16}},
        Region{"zones", {.nodes_max = 100, .zones_max = 8}},
        Region{"zones and weights", {.nodes_max = 100, .zones_max = 8, .weight_max = 16}}}) {
    double load = 0;
    double primaries = 0;
    double slowest = 0;
    std::int64_t moved = 0;
    std::int64_t least = 0;
    int plans = 0;
    for (std::uint64_t seed = 1; seed <= cases; ++seed) {
      RandomChanges changes(seed, region.limits);
      for (int step = 0; step < 4; ++step, ++plans) {
        const PlanRequest request = changes.request();
        const auto start = std::chrono::steady_clock::now();
        const Plan plan = *make_plan(request);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        slowest = std::max(slowest, took.count());
        changes.accept(plan);
        const Quality quality = measure(request, plan.owners);
        load = std::max(load, quality.load_bar);
        primaries = std::max(primaries, quality.primaries_bar);
        if (request.owners.empty()) continue;
        moved += quality.moved;
        least += least_arrivals(request);
      }
    }
    const double moves =
        static_cast<double>(moved) / static_cast<double>(std::max<std::int64_t>(least, 1));
    result[region.name] = {{"plans", plans},
                           {"load_over_bar", load},
                           {"primaries_over_bar", primaries},
                           {"moves_over_bound", moves},
                           {"slowest_s", slowest}};
    if (!json)
      std::printf("%-20s %6d %9.2f %14.2f %12.3f %7.2fs\n", region.name, plans, load, primaries,
                  moves, slowest);
  }
  return result;
}

}  // namespace

int run(bool json, std::uint64_t cases) {
  const std::vector<std::pair<const char*, Score>> scores{
      {"ours", ours()},
      {"random_vnodes_16", random_vnodes(16, nodes_first, nodes_last, n)},
      {"random_vnodes_256", random_vnodes(256, nodes_first, nodes_last, n)},
      {"jump_hash", jump_hash(arcs, nodes_first, nodes_last, n)},
      {"riak_claim_32_arcs_4_to_5", riak_published({6, 6, 6, 8, 6})},
      {"riak_diagonal_16_arcs_5", riak_diagonal(16, 5, n)},
      {"riak_diagonal_512_arcs_3", riak_diagonal(512, 3, n)},
      {"riak_diagonal_512_arcs_13", riak_diagonal(512, 13, 4)}};
  nlohmann::json result;
  if (!json)
    std::printf("%-28s %14s %16s %12s\n", "3 to 16 equal nodes, N=3", "max/ideal", "moves/bound",
                "short lists");
  for (const auto& [name, score] : scores) {
    result[name] = {{"max_over_ideal", score.max_over_ideal}, {"short_lists", score.short_lists}};
    if (score.moves_over_bound > 0) result[name]["moves_over_bound"] = score.moves_over_bound;
    if (!json)
      std::printf("%-28s %14.3f %16.3f %12u\n", name, score.max_over_ideal, score.moves_over_bound,
                  score.short_lists);
  }
  std::fflush(stdout);
  result["random_changes"] = regions(json, cases);
  if (json) std::printf("%s\n", result.dump(2).c_str());
  return 0;
}

}  // namespace ouro::ring

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
  constexpr std::uint64_t cases = 5;
  return ouro::ring::run(json, cases);
}
