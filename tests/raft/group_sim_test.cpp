// Groups whose machines crash, stand still and lose power while clients propose and read.
//
// OURO_RAFT_SEED=N plays that seed alone; OURO_RAFT_COUNT=M plays M seeds from there.
#include "tests/raft/sim_groups.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace ouro::raft {
namespace {

using namespace std::chrono_literals;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

GroupOptions small() {
  GroupOptions options;
  options.log_bytes_kept = 1500;  // snapshots all the time
  options.append_bytes_max = 400;
  return options;
}

/// Clients of all nodes, and what they were told.
class Clients {
 public:
  explicit Clients(SimGroups& groups) : groups_(groups) {}

  void propose(NodeId at) {
    if (!groups_.running(at)) return;
    std::string command = "c" + std::to_string(++last_);
    command.append(last_ % 90, '.');
    pending_.push_back(
        {command, groups_.ask(at, groups_.group(at).propose(command, groups_.deadline(at, 3s)))});
  }
  void read(NodeId at) {
    if (!groups_.running(at)) return;
    collect();
    reads_.push_back(
        {highest_, groups_.ask(at, groups_.group(at).read_barrier(groups_.deadline(at, 3s)))});
  }
  void collect() {
    for (Proposal& proposal : pending_) {
      if (!proposal.answer->has_value()) continue;
      const Result<Index>& told = **proposal.answer;
      if (told) {
        done_.push_back(proposal.command);
        highest_ = std::max(highest_, *told);
      } else if (told.error().code != ErrorCode::timeout &&
                 told.error().code != ErrorCode::connection_lost) {
        refused_.push_back(proposal.command);
      }
      proposal.answer.reset();
    }
    std::erase_if(pending_, [](const Proposal& each) { return each.answer == nullptr; });
    for (Read& read : reads_) {
      if (!read.answer->has_value()) continue;
      if (**read.answer) {
        ++confirmed_;
        CHECK(***read.answer >= read.at_least);
      }
      read.answer.reset();
    }
    std::erase_if(reads_, [](const Read& each) { return each.answer == nullptr; });
  }
  /// What everybody must have, each once, and what nobody may have.
  void verify() {
    const std::vector<std::string>& all = groups_.history(groups_.nodes().front()).commands();
    for (const NodeId id : groups_.nodes()) CHECK(groups_.history(id).commands() == all);
    const std::set<std::string> known(all.begin(), all.end());
    CHECK(known.size() == all.size());
    for (const std::string& command : done_) CHECK(known.contains(command));
    for (const std::string& command : refused_) CHECK(!known.contains(command));
  }
  std::size_t done() const { return done_.size(); }
  std::size_t confirmed() const { return confirmed_; }

 private:
  using Answer = std::shared_ptr<const std::optional<Result<Index>>>;
  struct Proposal {
    std::string command;
    Answer answer;
  };
  struct Read {
    Index at_least;
    Answer answer;
  };
  SimGroups& groups_;
  std::uint64_t last_ = 0;
  Index highest_ = 0;
  std::size_t confirmed_ = 0;
  std::vector<Proposal> pending_;
  std::vector<Read> reads_;
  std::vector<std::string> done_, refused_;
};

void work(SimGroups& groups, Clients& clients, Random& random, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    groups.scheduler().run_for(50ms);
    for (const NodeId id : groups.nodes())
      if (groups.running(id) && groups.group(id).status().role == Role::leader) clients.propose(id);
    if (random.one_in(4)) clients.propose(groups.nodes()[random.below(groups.nodes().size())]);
    if (random.one_in(3)) clients.read(groups.nodes()[random.below(groups.nodes().size())]);
    clients.collect();
  }
}

TEST_CASE("under a nemesis acknowledged proposals survive, refused ones never happen") {
  const std::uint64_t first = number_from("OURO_RAFT_SEED", 1);
  const bool one = std::getenv("OURO_RAFT_SEED") != nullptr;
  const std::uint64_t count = number_from("OURO_RAFT_COUNT", one ? 1 : 8);
  std::size_t done = 0, confirmed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    const unsigned nodes = 1 + static_cast<unsigned>(random.below(5));
    SimGroups groups(seed, nodes, nodes, small());
    sim::NemesisOptions trouble;
    trouble.max_down = nodes;
    Clients clients(groups);
    {
      sim::Nemesis nemesis(groups.scheduler(), groups.network(), groups, groups.nodes(), seed,
                           trouble);
      work(groups, clients, random, 400);
      nemesis.heal();
    }
    groups.scheduler().run_for(15s);
    REQUIRE(groups.wait_for_leader() != no_node);
    clients.propose(groups.wait_for_leader());
    groups.scheduler().run_for(5s);
    clients.collect();
    clients.verify();
    done += clients.done();
    confirmed += clients.confirmed();
  }
  if (one) return;
  CHECK(done > 50 * count);
  CHECK(confirmed > 10 * count);
}

TEST_CASE("a disk that dies at any change leaves a node that comes back with all it promised") {
  for (std::uint64_t change = 1; change <= 60; ++change) {
    CAPTURE(change);
    SimGroups groups(500 + change, 3, 3, small());
    SeededRandom random(change);
    Clients clients(groups);
    const NodeId victim{1 + static_cast<std::uint32_t>(change % 3)};
    groups.machine(victim).disk().stop_after_change(change);
    work(groups, clients, random, 120);
    const auto& policies = sim::crash_policies();
    groups.power_loss(victim, policies[change % policies.size()]);
    groups.start(victim);
    work(groups, clients, random, 20);
    groups.scheduler().run_for(10s);
    clients.collect();
    clients.verify();
    CHECK(clients.done() > 10);
  }
}

}  // namespace
}  // namespace ouro::raft
