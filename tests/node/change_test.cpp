// Nodes join, leave and are replaced while clients write: one truth at a time, in the simulator.
#include "cluster/plan_hash.hpp"
#include "sim/run.hpp"
#include "tests/node/sim_cluster.hpp"
#include "tests/node/workload.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr NodeId n1{1}, n2{2}, n3{3};

/// Blocking verbs over a simulated cluster.
struct Cluster {
  explicit Cluster(unsigned nodes, std::uint64_t seed = 1)
      : cluster(seed, SimClusterOptions{nodes, 3, 2, 16}) {
    REQUIRE(cluster.wait(30s, [&] { return cluster.ready(n1); }));
  }

  bool put(NodeId at, const std::string& key, const std::string& value) {
    auto task = cluster.put(at, {"b", key}, value, std::nullopt, 5s);
    const auto outcome = sim::run(cluster.scheduler(), sim::outside, std::move(task), 10s);
    return outcome && *outcome && (**outcome).has_value();
  }
  std::string get(NodeId at, const std::string& key, std::optional<unsigned> r = {}) {
    auto task = cluster.get(at, {"b", key}, r, 5s);
    const auto outcome = sim::run(cluster.scheduler(), sim::outside, std::move(task), 10s);
    if (!outcome || !*outcome) return "no answer";
    const kv::Outcome<kv::Found>& found = **outcome;
    if (!found) return "failed: " + found.error().detail;
    return found->values.size() == 1 ? std::string(found->values[0].value.view()) : "none or many";
  }
  void fill(int keys) {
    for (int i = 0; i < keys; ++i) REQUIRE(put(n1, "k" + std::to_string(i), "v"));
  }
  void check_all(int keys, NodeId at) {
    for (int i = 0; i < keys; ++i) REQUIRE(get(at, "k" + std::to_string(i)) == "v");
  }

  /// Plans and commits what is staged; true when the change has ended within `time`.
  bool carry_out_staged(NodeId at, Duration time = 120s) {
    const auto plan = cluster.plan(at, 10s);
    if (!plan) FAIL(plan.error().message);
    const auto committed = cluster.commit(at, plan->hash, 10s);
    if (!committed) FAIL(committed.error().message);
    return cluster.wait(time, [&] { return !cluster.state(at)->change; });
  }
  NodeId join() {
    const NodeId machine = cluster.add();
    REQUIRE(cluster.wait(30s, [&] { return cluster.ready(machine); }));
    return machine;
  }

  SimCluster cluster;
};

TEST_CASE("a node that joins waits until a plan is committed") {
  Cluster c(3);
  c.fill(20);
  const NodeId machine = c.join();
  const NodeId id = c.cluster.id_of(machine);
  CHECK(id == NodeId(4));
  CHECK(*status(*c.cluster.state(n1), id) == cluster::MemberStatus::staged);
  c.check_all(20, machine);  // it serves clients through the owners
}

TEST_CASE("a committed join moves arcs and loses nothing") {
  Cluster c(3);
  c.fill(60);
  const NodeId machine = c.join();
  REQUIRE(c.carry_out_staged(n1));
  const auto state = c.cluster.state(n1);
  CHECK(*status(*state, c.cluster.id_of(machine)) == cluster::MemberStatus::active);
  CHECK(std::ranges::count(state->table.owners, c.cluster.id_of(machine)) > 0);
  for (const NodeId at : {n1, n2, n3, machine}) c.check_all(60, at);
}

TEST_CASE("a node that leaves hands everything over and is then removed") {
  Cluster c(4);
  c.fill(60);
  REQUIRE(c.cluster.carry_out(n1, cluster::StageLeave{NodeId(4)}, 5s).has_value());
  REQUIRE(c.carry_out_staged(n1));
  CHECK(c.cluster.state(n1)->removed.contains(NodeId(4)));
  c.check_all(60, n2);
  REQUIRE(c.cluster.wait(20s, [&] { return c.cluster.failure(NodeId(4)).has_value(); }));
  CHECK(c.cluster.failure(NodeId(4))->code == ErrorCode::denied);
}

TEST_CASE("a node that lost its disk is replaced by another") {
  Cluster c(3);
  c.fill(60);
  c.cluster.kill(n3);
  c.cluster.wipe(n3);
  c.cluster.start(n3);
  REQUIRE(c.cluster.wait(30s, [&] { return c.cluster.ready(n3); }));
  const NodeId newcomer = c.cluster.id_of(n3);
  CHECK(newcomer == NodeId(4));
  REQUIRE(c.cluster.carry_out(n1, cluster::StageReplace{NodeId(3), newcomer}, 5s).has_value());
  REQUIRE(c.cluster.carry_out(n1, cluster::ForgetLost{{NodeId(3)}, false}, 5s).has_value());
  REQUIRE(c.carry_out_staged(n1));
  c.check_all(60, n3);
  c.cluster.kill(n1);
  c.cluster.scheduler().run_for(5s);
  c.check_all(60, n2);  // with the newcomer as the second of two
}

TEST_CASE("what may not be done while a change runs is refused at once") {
  Cluster c(3);
  c.join();
  const auto plan = c.cluster.plan(n1, 10s);
  REQUIRE(plan.has_value());
  REQUIRE(c.cluster.commit(n1, plan->hash, 10s).has_value());
  const Instant began = c.cluster.clock().now();
  const auto doubled = c.cluster.carry_out(n2, cluster::DoubleArcs{32}, 10s);
  REQUIRE(doubled.has_error());
  CHECK(doubled.error().code == ErrorCode::busy);
  CHECK(c.cluster.clock().now() - began < 2s);
}

TEST_CASE("a change that is aborted ends where it began") {
  Cluster c(3);
  c.fill(60);
  const auto before = c.cluster.state(n1)->table.owners;
  const NodeId machine = c.join();
  const auto plan = c.cluster.plan(n1, 10s);
  REQUIRE(plan.has_value());
  REQUIRE(c.cluster.commit(n1, plan->hash, 10s).has_value());
  const Epoch change = c.cluster.state(n1)->change->id;
  REQUIRE(c.cluster.carry_out(n1, cluster::Abort{change}, 5s).has_value());
  REQUIRE(c.cluster.wait(120s, [&] { return !c.cluster.state(n1)->change; }));
  CHECK(c.cluster.state(n1)->table.owners == before);
  for (const NodeId at : {n1, n2, n3, machine}) c.check_all(60, at);
}

TEST_CASE("what was being fetched for a change that was aborted does not hold up the next") {
  Cluster c(3);
  c.fill(60);
  const NodeId machine = c.join();
  const auto plan = c.cluster.plan(n1, 10s);
  REQUIRE(plan.has_value());
  REQUIRE(c.cluster.commit(n1, plan->hash, 10s).has_value());
  c.cluster.kill(n3);  // who was asked for data
  c.cluster.scheduler().run_for(100ms);
  const Epoch change = c.cluster.state(n1)->change->id;
  REQUIRE(c.cluster.carry_out(n1, cluster::Abort{change}, 10s).has_value());
  REQUIRE(c.cluster.wait(40s, [&] { return !c.cluster.state(n1)->change; }));
  REQUIRE(c.carry_out_staged(n1, 40s));
  c.check_all(60, machine);
}

TEST_CASE("a change goes on after the leader of the metadata group is killed") {
  Cluster c(3);
  c.fill(60);
  const NodeId machine = c.join();
  const auto plan = c.cluster.plan(machine, 10s);
  REQUIRE(plan.has_value());
  REQUIRE(c.cluster.commit(machine, plan->hash, 10s).has_value());
  NodeId leader = n1;
  for (const NodeId node : {n1, n2, n3}) {
    auto asking = c.cluster.node(node).administration().group();
    const auto status = sim::run(c.cluster.scheduler(), c.cluster.machine(node).world().life(),
                                 std::move(asking), 5s);
    if (status && status->role == raft::Role::leader) leader = node;
  }
  c.cluster.kill(leader);
  c.cluster.scheduler().run_for(2s);
  c.cluster.start(leader);
  REQUIRE(c.cluster.wait(120s, [&] { return !c.cluster.state(machine)->change; }));
  c.check_all(60, machine);
}

TEST_CASE("a founder that lost its disk does not come back as itself") {
  Cluster c(3);
  c.fill(5);
  c.cluster.kill(n3);
  c.cluster.wipe(n3, true);
  c.cluster.start(n3);
  REQUIRE(c.cluster.wait(20s, [&] { return c.cluster.failure(n3).has_value(); }));
  CHECK(c.cluster.failure(n3)->code == ErrorCode::denied);
  CHECK(c.cluster.failure(n3)->message.find("--join") != std::string::npos);
}

TEST_CASE("a node that kept its metadata and lost its data is refused") {
  Cluster c(3);
  c.cluster.kill(n3);
  sim::FileSystem& disk = c.cluster.machine(n3).disk();
  const auto files = disk.list("/data0/data");
  REQUIRE(files.has_value());
  for (const std::string& name : *files) REQUIRE(disk.remove("/data0/data/" + name).has_value());
  c.cluster.start(n3);
  REQUIRE(c.cluster.wait(20s, [&] { return c.cluster.failure(n3).has_value(); }));
  CHECK(c.cluster.failure(n3)->message.find("empty, though this node has run before") !=
        std::string::npos);
}

TEST_CASE("a removed node that comes back is refused with a reason") {
  Cluster c(4);
  REQUIRE(c.cluster.carry_out(n1, cluster::StageLeave{NodeId(4)}, 5s).has_value());
  c.cluster.kill(NodeId(4));
  REQUIRE(c.carry_out_staged(n1));
  c.cluster.scheduler().run_for(30s);
  c.cluster.start(NodeId(4));
  REQUIRE(c.cluster.wait(60s, [&] { return c.cluster.failure(NodeId(4)).has_value(); }));
  CHECK(c.cluster.failure(NodeId(4))->code == ErrorCode::denied);
}

TEST_CASE("a node that was away while all others were replaced finds the cluster again") {
  Cluster c(3);
  c.fill(30);
  const NodeId fourth = c.join(), fifth = c.join();
  REQUIRE(c.carry_out_staged(n1));
  c.cluster.kill(n3);
  c.cluster.scheduler().run_for(3s);
  REQUIRE(c.cluster.carry_out(n1, cluster::StageLeave{NodeId(2)}, 5s).has_value());
  REQUIRE(c.carry_out_staged(n1));
  c.cluster.kill(n2);
  c.cluster.start(n3);
  REQUIRE(c.cluster.wait(30s, [&] {
    return c.cluster.ready(n3) && c.cluster.state(n3)->epoch == c.cluster.state(n1)->epoch;
  }));
  for (const NodeId at : {n1, n3, fourth, fifth}) c.check_all(30, at);
}

TEST_CASE("a copy of a data directory is refused while its original runs") {
  Cluster c(3);
  c.fill(5);
  const NodeId copy = c.cluster.add_machine();
  c.cluster.kill(n3);
  c.cluster.copy_disk(n3, copy);
  c.cluster.start(n3);
  const auto registered = [&](Boot boot) {
    return c.cluster.state(n1)->members.at(NodeId(3)).boot == boot;
  };
  REQUIRE(c.cluster.wait(20s, [&] { return registered(2); }));
  // The copy has run as often as the original, and once more: its boot number alone looks right.
  c.cluster.start(copy);
  c.cluster.scheduler().run_for(1s);
  c.cluster.kill(copy);
  c.cluster.start(copy);
  REQUIRE(c.cluster.wait(20s, [&] { return c.cluster.failure(copy).has_value(); }));
  CHECK(c.cluster.failure(copy)->code == ErrorCode::denied);
  CHECK(c.cluster.failure(copy)->message.find("runs already") != std::string::npos);
  CHECK_FALSE(c.cluster.failure(n3).has_value());
  c.check_all(5, n3);
}

TEST_CASE("a node that comes back at another address is still itself") {
  Cluster c(3);
  c.fill(20);
  const NodeId moved = c.cluster.add_machine();
  c.cluster.kill(n3);
  c.cluster.copy_disk(n3, moved);
  c.cluster.start(moved);
  REQUIRE(c.cluster.wait(30s, [&] {
    return c.cluster.ready(moved) && c.cluster.state(n1)->members.at(NodeId(3)).host == "m4";
  }));
  CHECK(c.cluster.id_of(moved) == NodeId(3));
  c.cluster.kill(n2);
  c.cluster.scheduler().run_for(3s);
  c.check_all(20, n1);  // with the one that moved as the second of two
}

TEST_CASE("a voter that stays dead gives its vote to another member") {
  Cluster c(4);
  std::vector<NodeId> voters = c.cluster.group(n1).configuration.voters;
  REQUIRE(voters.size() == 3);
  NodeId at = voters[0], victim = voters[2];
  if (c.cluster.group(victim).role == raft::Role::leader) std::swap(at, victim);
  c.cluster.kill(victim);
  const auto votes = [&](NodeId node) {
    const auto now = c.cluster.group(at).configuration;
    return !now.is_joint() && now.is_voter(node);
  };
  c.cluster.scheduler().run_for(20s);
  CHECK(votes(victim));  // it may only be restarted
  REQUIRE(c.cluster.wait(60s, [&] { return !votes(victim); }));
  CHECK(c.cluster.group(at).configuration.voters.size() == 3);
}

// A client that has another node to turn to.
struct Patient {
  bool put(NodeId first, NodeId second, const std::string& key) {
    return c.put(first, key, "v") || c.put(second, key, "v");
  }
  bool get(NodeId first, NodeId second, const std::string& key) {
    return c.get(first, key) == "v" || c.get(second, key) == "v";
  }
  Cluster& c;
};

TEST_CASE("while all nodes are restarted one by one, clients that ask twice are served") {
  Cluster c(3);
  Patient client{c};
  int keys = 0;
  const auto work = [&](NodeId first, NodeId second) {
    const std::string key = "k" + std::to_string(keys++);
    REQUIRE(client.put(first, second, key));
    REQUIRE(client.get(second, first, key));
    c.cluster.scheduler().run_for(100ms);
  };
  for (const NodeId down : {n1, n2, n3}) {
    const NodeId first = down == n1 ? n2 : n1, second = down == n3 ? n2 : n3;
    for (int i = 0; i < 5; ++i) work(first, second);
    c.cluster.kill(down);
    for (int i = 0; i < 20; ++i) work(first, second);
    c.cluster.start(down);
    for (int i = 0; i < 500 && !c.cluster.ready(down); ++i) work(first, second);
    REQUIRE(c.cluster.ready(down));
  }
  for (const NodeId at : {n1, n2, n3}) c.check_all(keys, at);
}

}  // namespace
}  // namespace ouro::node
