#include "bench/engine/runner.hpp"

#include "bench/engine/child.hpp"
#include "bench/engine/process.hpp"

#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

namespace ouro::bench {
namespace {

struct Workload {
  const char* name;
  Metrics (*run)(const Run&);
  bool loads = false;  ///< What follows needs it, wanted or not.
};

/// Workloads that follow each other on one database per engine. All but durable() begin with a
/// load; get, get_missing, scan and multiget leave the database as it is, so they need none of
/// their own, and what changes it comes last.
struct Stage {
  const char* name;
  Shape shape;
  std::vector<Workload> workloads;
  bool tokens = false;  ///< Peers store tokens as Ouro does.
  bool extra = false;   ///< Left out when a quick run on a busy machine is late.
};

std::vector<Stage> stages_for(const Settings& settings) {
  const Shape small{.keys = settings.keys};
  const Shape seed{settings.seed_shape_keys, 500, 500, true};
  const std::vector<Workload> standard{
      {"fillrandom", load, true},   {"get", get},
      {"get_missing", get_missing}, {"scan", scan},
      {"multiget", multi_get},      {"overwrite_while_reading", overwrite_while_reading}};
  const std::vector<Workload> space{{"disk_bytes", load_and_rest, true},
                                    {"write_amplification", write_amplification}};
  return {{.name = "standard", .shape = small, .workloads = standard},
          {.name = "durable", .shape = small, .workloads = {{"durable", durable}}},
          {.name = "seed",
           .shape = seed,
           .workloads = {{"seed_fill", load, true}, {"seed_shape", get_uniform_and_hot}}},
          {.name = "space", .shape = small, .workloads = space, .tokens = true, .extra = true}};
}

/// One round's work on one stage.
class StageRun {
 public:
  StageRun(const Settings& settings, const std::vector<Contestant>& contestants, Results& results,
           unsigned round)
      : settings_(settings), contestants_(contestants), results_(results), round_(round) {}

  void run(const Stage& stage) {
    std::size_t last = stage.workloads.size();
    while (last > 0 && !settings_.wants(stage.workloads[last - 1].name)) --last;
    for (std::size_t i = 0; i < last; ++i) {
      const Workload& workload = stage.workloads[i];
      const bool wanted = settings_.wants(workload.name);
      if (!wanted && !workload.loads) continue;
      for (const Contestant& contestant : contestants_)
        if (contestant.build.accepted) run_one(stage, workload, contestant);
    }
    for (const Contestant& contestant : contestants_)
      std::filesystem::remove_all(directory_of(stage, contestant));
  }

 private:
  std::string directory_of(const Stage& stage, const Contestant& contestant) const {
    return settings_.directory + "/" + stage.name + "-" + contestant.kind.name;
  }

  void run_one(const Stage& stage, const Workload& workload, const Contestant& contestant) {
    const std::string what = std::string(workload.name) + " of " + contestant.kind.name +
                             ", round " + std::to_string(round_ + 1);
    if (interrupted() || lost_.count(contestant.kind.name + stage.name) != 0) return;
    const std::string directory = directory_of(stage, contestant);
    auto metrics = in_child([&] {
      const std::uint64_t seed = settings_.seed + round_;
      const Data data(stage.shape, settings_.seed);
      const auto engine = contestant.kind.open({.directory = directory,
                                                .cache_bytes = settings_.cache_for(stage.shape),
                                                .tokens = stage.tokens,
                                                .count_log = workload.run == write_amplification});
      return workload.run({*engine, data, settings_.effort, seed});
    });
    if (!metrics) {
      results_.failures.push_back(what);
      lost_.insert(contestant.kind.name + stage.name);
      std::fprintf(stderr, "%s: failed\n", what.c_str());
      return;
    }
    if (workload.loads) (*metrics)["disk_bytes"] = static_cast<double>(disk_bytes(directory));
    if (metrics->count("ops_per_s") != 0)
      std::fprintf(stderr, "%s: %.0f/s\n", what.c_str(), metrics->at("ops_per_s"));
    if (settings_.wants(workload.name))
      results_.found[workload.name][contestant.kind.name].push_back(std::move(*metrics));
  }

  const Settings& settings_;
  const std::vector<Contestant>& contestants_;
  Results& results_;
  const unsigned round_;
  std::set<std::string> lost_;  // engine and stage: what would have to follow makes no sense
};

}  // namespace

Results run_all(const Settings& settings, const std::vector<Contestant>& contestants) {
  Results results;
  const std::vector<Stage> stages = stages_for(settings);
  const Instant begin = now();
  for (unsigned round = 0; round < settings.rounds && !interrupted(); ++round) {
    const double taken = seconds_since(begin);
    if (round > 0 && taken + taken / round > settings.seconds_max) break;
    results.loads.push_back(machine_load());
    std::fprintf(stderr, "round %u of %u, machine load %.2f\n", round + 1, settings.rounds,
                 results.loads.back());
    StageRun run(settings, contestants, results, round);
    for (const Stage& stage : stages)
      if (!stage.extra || seconds_since(begin) < settings.seconds_max) run.run(stage);
  }
  if (settings.wants("callgrind") && !interrupted()) run_callgrind(settings, contestants, results);
  return results;
}

}  // namespace ouro::bench
