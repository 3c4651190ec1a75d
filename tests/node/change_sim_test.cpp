// Changes of topology in a storm: nodes join, leave, weigh more or less, changes are aborted, while
// nodes crash, disks lose power, networks part and clients write. Nothing acknowledged is lost, and
// every change ends.
//
// OURO_SIM_SEED=N runs that seed alone; OURO_CHANGE_COUNT=M runs M seeds from there (default 150).
#include "cluster/state_check.hpp"
#include "sim/run.hpp"
#include "tests/node/sim_cluster.hpp"
#include "tests/node/workload.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;
using cluster::MemberStatus;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Stages, plans, commits and aborts at random.
class Operator {
 public:
  Operator(SimCluster& cluster, std::uint64_t seed) : cluster_(cluster), random_(seed) {}

  void start(Duration time) {
    running_ = true;
    asio::co_spawn(cluster_.scheduler().get_executor(), work(cluster_.clock().now() + time),
                   [this](std::exception_ptr escaped) {
                     check(escaped == nullptr);
                     running_ = false;
                   });
  }
  bool running() const { return running_; }
  std::size_t committed() const { return committed_; }
  std::size_t aborted() const { return aborted_; }

 private:
  Task<void> work(Instant end) {
    Clock& clock = cluster_.clock();
    while (clock.now() < end) {
      co_await sleep_until(clock, clock.now() + Duration(random_.below(3'000'000'000)));
      const std::vector<NodeId> serving = cluster_.serving();
      if (serving.empty()) continue;
      const NodeId at = serving[random_.below(serving.size())];
      const auto state = cluster_.state(at);
      if (state->change) {
        if (random_.one_in(3)) co_await abort(at, state->change->id);
        continue;
      }
      co_await stage(at, *state);
      co_await commit(at);
    }
  }

  Task<void> abort(NodeId at, Epoch change) {
    cluster::CommandBody body = cluster::Abort{change};
    const auto done = co_await cluster_.ask_to_carry_out(at, std::move(body), 3s);
    aborted_ += done.has_value();
  }

  Task<void> stage(NodeId at, const cluster::State& state) {
    std::vector<NodeId> active;
    for (const auto& [id, member] : state.members)
      if (*status(state, id) == MemberStatus::active) active.push_back(id);
    if (active.empty()) co_return;
    const NodeId whom = active[random_.below(active.size())];
    cluster::CommandBody body =
        cluster::StageWeight{whom, static_cast<std::uint32_t>(1 + random_.below(4))};
    if (active.size() > 2 && random_.one_in(3)) body = cluster::StageLeave{whom};
    static_cast<void>(co_await cluster_.ask_to_carry_out(at, std::move(body), 3s));
  }

  Task<void> commit(NodeId at) {
    if (!cluster_.running(at)) co_return;
    const auto plan = co_await cluster_.ask_for_plan(at, 3s);
    if (!plan || !cluster_.running(at)) co_return;
    const auto done = co_await cluster_.ask_to_commit(at, plan->hash, 3s);
    committed_ += done.has_value();
  }

  SimCluster& cluster_;
  SeededRandom random_;
  bool running_ = false;
  std::size_t committed_ = 0;
  std::size_t aborted_ = 0;
};

struct Run {
  std::size_t operations = 0, acknowledged = 0, committed = 0, aborted = 0;
  std::vector<std::string> wrong, troubles;
};

std::string where_it_stands(const cluster::State& state) {
  std::string text = "phases:";
  for (const cluster::ArcMove& arc : state.change->arcs)
    text += " " + std::to_string(static_cast<int>(arc.phase));
  return text;
}

Run simulate(std::uint64_t seed) {
  SeededRandom shape(seed);
  SimClusterOptions options;
  options.nodes = static_cast<unsigned>(1 + shape.below(4));
  options.n = static_cast<unsigned>(2 + shape.below(2));
  options.loops = 1 + shape.below(3);
  sim::NemesisOptions trouble;
  trouble.max_down = 1;

  SimCluster cluster(seed, options);
  Run run;
  if (!cluster.wait(30s, [&] { return cluster.ready(NodeId(1)); })) {
    run.wrong.push_back("the founders never got ready");
    return run;
  }
  for (std::uint64_t joiners = 1 + shape.below(3); joiners > 0; --joiners) cluster.add();
  Workload workload(cluster, shape.next());
  Operator person(cluster, shape.next());
  sim::Nemesis nemesis(cluster.scheduler(), cluster.network(), cluster, cluster.nodes(),
                       shape.next(), trouble);
  person.start(20s);
  workload.run(3, 22s);
  nemesis.heal();
  const auto ended = [&] {
    for (const NodeId at : cluster.serving())
      if (cluster.state(at)->change) return false;
    return !person.running() && !cluster.serving().empty();
  };
  if (!cluster.wait(200s, ended)) {
    run.wrong.push_back("a change did not end");
    for (const NodeId at : cluster.serving())
      if (const auto state = cluster.state(at); state->change)
        run.wrong.push_back(where_it_stands(*state));
  }
  cluster.scheduler().run_for(5s);
  for (const NodeId at : cluster.serving())
    for (std::string& problem : problems(*cluster.state(at)))
      run.wrong.push_back(std::move(problem));
  for (std::string& wrong : workload.verify()) run.wrong.push_back(std::move(wrong));
  run.operations = workload.operations();
  run.acknowledged = workload.acknowledged();
  run.committed = person.committed();
  run.aborted = person.aborted();
  run.troubles = nemesis.log();
  run.troubles.push_back(std::to_string(options.nodes) + " founders, n " +
                         std::to_string(options.n) + ", " + std::to_string(options.loops) +
                         " loops");
  for (const NodeId at : cluster.serving()) {
    const auto state = cluster.state(at);
    for (const cluster::AuditEntry& entry : state->audit)
      run.troubles.push_back(std::to_string(entry.origin.wall_us / 1000) + " epoch " +
                             std::to_string(entry.epoch) + " " + entry.what);
    break;
  }
  return run;
}

TEST_CASE("changes end and lose nothing, whatever happens while they run") {
  const std::uint64_t first = number_from("OURO_SIM_SEED", 1);
  const bool one = std::getenv("OURO_SIM_SEED") != nullptr;
  const std::uint64_t count = number_from("OURO_CHANGE_COUNT", one ? 1 : 150);
  Run all;
  std::size_t failed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    const Run run = simulate(seed);
    all.operations += run.operations;
    all.acknowledged += run.acknowledged;
    all.committed += run.committed;
    all.aborted += run.aborted;
    for (const std::string& wrong : run.wrong) {
      INFO("replay with OURO_SIM_SEED=" << seed << ": " << wrong);
      CHECK(run.wrong.empty());
    }
    if (!run.wrong.empty() && one)
      for (const std::string& line : run.troubles) std::cout << line << "\n";
    if (!run.wrong.empty() && ++failed == 5) break;
  }
  INFO(all.operations << " operations, " << all.acknowledged << " acknowledged, " << all.committed
                      << " changes, " << all.aborted << " aborted");
  // The test would prove nothing if the cluster refused everything.
  CHECK((one || all.acknowledged * 3 > all.operations));
  CHECK((one || all.committed > count));
}

}  // namespace
}  // namespace ouro::node
