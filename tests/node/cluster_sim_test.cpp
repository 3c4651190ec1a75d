// The whole database in the simulator: nodes crash, disks lose power, networks part, and no
// acknowledged write is lost.
//
// OURO_SIM_SEED=N runs that seed alone; OURO_SIM_COUNT=M runs M seeds from there (default 1000 from
// 1).
#include "tests/node/sim_cluster.hpp"
#include "tests/node/workload.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <iostream>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Run {
  std::uint64_t trace = 0;
  std::size_t operations = 0;
  std::size_t acknowledged = 0;
  std::uint64_t events = 0;
  std::vector<std::string> wrong;
  std::vector<std::string> troubles;
};

// Everything about the run, the shape of the cluster too, follows from the seed.
Run simulate(std::uint64_t seed) {
  SeededRandom shape(seed);
  SimClusterOptions options;
  constexpr unsigned sizes[] = {1, 2, 3, 3, 3, 5};
  options.nodes = sizes[shape.below(std::size(sizes))];
  options.loops = 1 + shape.below(4);
  sim::NemesisOptions trouble;
  trouble.max_down = 1 + shape.below(options.nodes);

  SimCluster cluster(seed, options);
  Workload workload(cluster, shape.next());
  sim::Nemesis nemesis(cluster.scheduler(), cluster.network(), cluster, cluster.nodes(),
                       shape.next(), trouble);
  workload.run(3, 15s);
  nemesis.heal();
  cluster.scheduler().run_for(5s);
  Run run;
  run.wrong = workload.verify();
  run.trace = cluster.scheduler().trace();
  run.events = cluster.scheduler().events();
  run.operations = workload.operations();
  run.acknowledged = workload.acknowledged();
  run.troubles = nemesis.log();
  return run;
}

TEST_CASE("no acknowledged write is lost and no deleted key comes back, whatever happens") {
  const std::uint64_t first = number_from("OURO_SIM_SEED", 1);
  const bool one = std::getenv("OURO_SIM_SEED") != nullptr;
  const std::uint64_t count = number_from("OURO_SIM_COUNT", one ? 1 : 1000);
  std::size_t operations = 0, acknowledged = 0, failed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    const Run run = simulate(seed);
    operations += run.operations;
    acknowledged += run.acknowledged;
    for (const std::string& wrong : run.wrong) {
      INFO("replay with OURO_SIM_SEED=" << seed << ": " << wrong);
      CHECK(run.wrong.empty());
    }
    if (!run.wrong.empty() && one)
      for (const std::string& trouble : run.troubles) std::cout << trouble << "\n";
    if (!run.wrong.empty() && ++failed == 5) break;
  }
  // The test would prove nothing if the cluster refused everything.
  CHECK(acknowledged * 2 > operations);
}

TEST_CASE("the same seed gives the same run") {
  for (const std::uint64_t seed : {3u, 7u, 11u}) {
    CAPTURE(seed);
    const Run run = simulate(seed);
    CHECK(run.trace == simulate(seed).trace);
    CHECK(run.trace != simulate(seed + 100).trace);
  }
}

}  // namespace
}  // namespace ouro::node
