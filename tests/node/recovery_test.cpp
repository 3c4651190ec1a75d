// A majority of the metadata group's voters is lost for good, and two survivors go on.
#include "node/recovery.hpp"

#include "sim/run.hpp"
#include "tests/node/sim_cluster.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr NodeId n1{1}, n2{2}, n3{3}, n4{4}, n5{5};
constexpr int keys = 60;
constexpr raft::GroupId new_group = 0xabcdef;

/// Five founders, all of whom vote. n1 and n2 will survive.
struct Loss {
  explicit Loss(std::uint64_t seed) : cluster(seed, SimClusterOptions{5, 3, 2, 16}) {
    REQUIRE(cluster.wait(30s, [&] {
      return std::ranges::all_of(cluster.nodes(), [&](NodeId id) { return cluster.ready(id); });
    }));
    for (int i = 0; i < keys; ++i) REQUIRE(put(n1, "k" + std::to_string(i)));
    cluster.scheduler().run_for(3s);
    for (const NodeId lost : {n3, n4, n5}) cluster.kill(lost);
  }

  bool put(NodeId at, const std::string& key) {
    auto task = cluster.put(at, {"b", key}, "v", std::nullopt, 5s);
    const auto outcome = sim::run(cluster.scheduler(), sim::outside, std::move(task), 10s);
    return outcome && *outcome && (**outcome).has_value();
  }
  /// The keys whose value is read with answers of `r` nodes (none: the bucket's).
  std::set<std::string> readable(NodeId at, std::optional<unsigned> r) {
    std::set<std::string> found;
    for (int i = 0; i < keys; ++i) {
      const std::string key = "k" + std::to_string(i);
      auto task = cluster.get(at, {"b", key}, r, 2s);
      const auto outcome = sim::run(cluster.scheduler(), sim::outside, std::move(task), 10s);
      if (!outcome || !*outcome || !**outcome) continue;
      const std::vector<kv::FoundValue>& values = (**outcome)->values;
      if (values.size() == 1 && values[0].value.view() == "v") found.insert(key);
    }
    return found;
  }
  Standing standing(NodeId node) {
    std::optional<Standing> standing;
    cluster.offline(node, [&](engine::Db& meta) {
      const Result<Standing> looked = look(meta);
      REQUIRE(looked);
      standing = *looked;
    });
    return *standing;
  }
  /// By the book: the survivor with the most advanced log leads.
  void recover() {
    cluster.kill(n1);
    cluster.kill(n2);
    const auto position = [&](NodeId node) {
      const raft::Survey log = standing(node).log;
      return std::pair(log.last_term, log.last);
    };
    if (position(n2) > position(n1)) std::swap(leader, follower);
    Takeover takeover;
    cluster.offline(leader, [&](engine::Db& meta) {
      const Result<Takeover> done = take_over(meta, new_group);
      REQUIRE(done);
      takeover = *done;
    });
    cluster.offline(follower, [&](engine::Db& meta) { REQUIRE(wait_for(meta, takeover, false)); });
    start_survivors();
  }
  void start_survivors() {
    cluster.start(leader);
    REQUIRE(cluster.wait(30s, [&] { return cluster.ready(leader); }));
    cluster.start(follower);
    REQUIRE(cluster.wait(30s, [&] { return cluster.ready(follower); }));
  }
  bool carry_out_staged() {
    const auto plan = cluster.plan(leader, 10s);
    if (!plan) FAIL(plan.error().message);
    const auto committed = cluster.commit(leader, plan->hash, 10s);
    if (!committed) FAIL(committed.error().message);
    return cluster.wait(120s, [&] { return !cluster.state(leader)->change; });
  }
  void give_up_the_lost() {
    const std::vector<NodeId> lost{n3, n4, n5};
    REQUIRE(!cluster.carry_out(leader, cluster::ForgetLost{lost, false}, 5s));
    REQUIRE(cluster.carry_out(leader, cluster::ForgetLost{lost, true}, 5s));
  }

  SimCluster cluster;
  NodeId leader = n1, follower = n2;
};

TEST_CASE("without a majority of voters nothing changes, and quorums of data are served") {
  Loss loss(1);
  loss.cluster.scheduler().run_for(60s);
  const auto staged = loss.cluster.carry_out(n1, cluster::StageWeight{n2, 2}, 10s);
  REQUIRE(!staged);
  CHECK(staged.error().code == ErrorCode::timeout);
  const std::set<std::string> read = loss.readable(n2, {});
  CHECK(!read.empty());
  CHECK(std::ranges::includes(loss.readable(n1, 1), read));
}

TEST_CASE("two survivors of five go on by themselves, and the cluster is whole again") {
  Loss loss(2);
  loss.cluster.scheduler().run_for(10s);
  const std::set<std::string> had = loss.readable(n1, 1);
  const std::set<std::string> read = loss.readable(n1, {});
  REQUIRE(!had.empty());
  REQUIRE(!read.empty());
  loss.recover();
  CHECK(std::ranges::includes(loss.readable(loss.follower, {}), read));
  CHECK(loss.cluster.group(loss.leader).group == new_group);
  CHECK(loss.cluster.group(loss.follower).group == new_group);

  const NodeId newcomer = loss.cluster.add();
  REQUIRE(loss.cluster.wait(30s, [&] { return loss.cluster.ready(newcomer); }));
  loss.give_up_the_lost();
  const NodeId id = loss.cluster.id_of(newcomer);
  REQUIRE(loss.cluster.carry_out(loss.follower, cluster::StageReplace{n3, id}, 5s));
  REQUIRE(loss.cluster.carry_out(loss.follower, cluster::StageLeave{n4}, 5s));
  REQUIRE(loss.cluster.carry_out(loss.follower, cluster::StageLeave{n5}, 5s));
  REQUIRE(loss.carry_out_staged());
  for (const NodeId at : {n1, n2, newcomer})
    CHECK(std::ranges::includes(loss.readable(at, {}), had));
  CHECK(loss.put(newcomer, "another"));
  const std::vector<NodeId> voters{n1, n2, id};
  CHECK(loss.cluster.wait(
      30s, [&] { return loss.cluster.group(loss.leader).configuration.voters == voters; }));
  loss.cluster.kill(loss.leader);
  loss.cluster.scheduler().run_for(5s);
  CHECK(loss.cluster.carry_out(newcomer, cluster::StageWeight{n2, 2}, 20s));
}

TEST_CASE("a lost voter that comes back after the recovery is not listened to") {
  Loss loss(3);
  loss.recover();
  loss.cluster.start(n3);
  loss.cluster.scheduler().run_for(30s);
  CHECK(loss.cluster.group(loss.leader).role == raft::Role::leader);
  CHECK(loss.cluster.group(loss.follower).group == new_group);
  REQUIRE(loss.cluster.carry_out(loss.leader, cluster::StageWeight{n2, 2}, 5s));
  REQUIRE(loss.cluster.carry_out(loss.leader, cluster::Unstage{n2}, 5s));

  loss.cluster.kill(n3);
  loss.give_up_the_lost();
  for (const NodeId lost : {n3, n4, n5})
    REQUIRE(loss.cluster.carry_out(loss.leader, cluster::StageLeave{lost}, 5s));
  REQUIRE(loss.carry_out_staged());
  loss.cluster.start(n3);
  REQUIRE(loss.cluster.wait(60s, [&] { return loss.cluster.failure(n3).has_value(); }));
  CHECK(loss.cluster.failure(n3)->code == ErrorCode::denied);
}

TEST_CASE("a survivor that was not dead after all follows the new group too") {
  Loss loss(4);
  loss.recover();
  const raft::Survey log = loss.standing(n3).log;
  loss.cluster.offline(n3, [&](engine::Db& meta) {
    REQUIRE(wait_for(meta, {new_group, log.last_term, log.last}, false));
  });
  loss.cluster.start(n3);
  REQUIRE(loss.cluster.wait(30s, [&] { return loss.cluster.ready(n3); }));
  CHECK(loss.cluster.wait(30s, [&] {
    return loss.cluster.group(loss.leader).configuration.voters == std::vector<NodeId>{n1, n2, n3};
  }));
}

TEST_CASE("a survivor does not found its old cluster again while nobody leads") {
  Loss loss(5);
  loss.cluster.kill(n1);
  loss.cluster.kill(n2);
  loss.cluster.offline(n2, [](engine::Db& meta) {
    REQUIRE(wait_for(meta, {new_group, 100, 100}, false));
  });
  loss.cluster.start(n2);
  for (const NodeId old : {n3, n4}) loss.cluster.start(old);
  loss.cluster.scheduler().run_for(20s);
  CHECK(!loss.cluster.ready(n2));
  loss.cluster.kill(n2);
  const Standing after = loss.standing(n2);
  CHECK(after.log.group == new_group);
  CHECK(!after.state);
  CHECK(after.identity.node == n2);
}

TEST_CASE("what makes no sense for a survivor is refused") {
  Loss loss(6);
  loss.cluster.kill(n1);
  const Standing before = loss.standing(n1);
  REQUIRE(before.state);
  const raft::Survey& log = before.log;
  CHECK(log.configuration.voters == std::vector<NodeId>{n1, n2, n3, n4, n5});
  loss.cluster.offline(n1, [&](engine::Db& meta) {
    const Takeover behind{new_group, log.last_term, log.last - 1};
    CHECK(wait_for(meta, behind, false).error().code == ErrorCode::stale_epoch);
    CHECK(wait_for(meta, {log.group, 100, 100}, true).error().code == ErrorCode::denied);
    REQUIRE(take_over(meta, new_group));
    CHECK(take_over(meta, new_group + 1).error().code == ErrorCode::denied);
    REQUIRE(wait_for(meta, {new_group + 1, log.last_term, log.last - 1}, true));
    CHECK(take_over(meta, new_group + 2).error().code == ErrorCode::not_found);
  });
}

}  // namespace
}  // namespace ouro::node
