// The failure detector's shell in a simulated world: real frames, connections that break.
#include "cluster/liveness.hpp"
#include "sim/machine.hpp"
#include "sim/run.hpp"

#include "tests/support/catch.hpp"

#include <map>
#include <memory>

namespace ouro::cluster {
namespace {

using namespace std::chrono_literals;
using swim::State;

/// Nodes 1 .. n, each a machine with a Liveness on its only loop.
class Cluster {
 public:
  Cluster(std::size_t nodes, std::uint64_t seed) : scheduler_(seed), network(scheduler_, seed) {
    for (std::size_t i = 1; i <= nodes; ++i) ids.push_back(NodeId(static_cast<std::uint32_t>(i)));
    for (const NodeId id : ids) {
      machines_[id] = std::make_unique<sim::Machine>(scheduler_, network, id, seed);
      start(id);
    }
  }
  ~Cluster() {
    for (const NodeId id : ids)
      if (machine(id).running()) kill(id);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  sim::Machine& machine(NodeId id) { return *machines_.at(id); }
  Liveness& liveness(NodeId id) { return nodes_.at(id)->liveness; }
  const MemberLiveness seen(NodeId by, NodeId about) { return *liveness(by).view()->find(about); }

  void start(NodeId id) {
    sim::SimWorld& world = machine(id).boot();
    world.start_now({7, id, machine(id).boots()});
    Loop& loop = world.control();
    nodes_[id] = std::make_unique<Node>(loop, id, machine(id).boots());
    std::vector<PeerAddress> addresses;
    for (const NodeId peer : ids)
      addresses.push_back({peer, "m" + std::to_string(to_integer(peer)), 1});
    loop.peers().serve(*nodes_[id]);
    loop.peers().set_addresses(addresses);
    liveness(id).set_members(ids);
    liveness(id).start();
  }
  void kill(NodeId id) {
    machine(id).kill();
    nodes_.erase(id);
  }
  void power_loss(NodeId id) {
    machine(id).power_loss({});
    nodes_.erase(id);
  }
  /// Whether it comes true within the time that everybody else sees `about` so.
  bool come_to_see(NodeId about, State state, Duration limit) {
    return scheduler_.run_until([&] { return all_see(about, state); }, limit);
  }
  bool all_see(NodeId about, State state) {
    for (const auto& [id, node] : nodes_)
      if (id != about && seen(id, about).state != state) return false;
    return true;
  }
  void run_for(Duration time) { scheduler_.run_for(time); }
  sim::Scheduler& scheduler() { return scheduler_; }

 private:
  struct Node final : PeerHandler {
    Node(Loop& loop, NodeId id, Boot boot)
        : liveness(loop, {id, boot, to_integer(id) * 100 + boot}) {}
    Task<Message> answer(NodeId from, Message request, Instant deadline) override {
      return liveness.answer(from, std::move(request), deadline);
    }
    Liveness liveness;
  };
  sim::Scheduler scheduler_;

 public:
  sim::Network network;
  std::vector<NodeId> ids;

 private:
  std::map<NodeId, std::unique_ptr<sim::Machine>> machines_;
  std::map<NodeId, std::unique_ptr<Node>> nodes_;
};

constexpr NodeId n1{1}, n2{2}, n3{3};
constexpr std::uint64_t seeds = 10;

TEST_CASE("nodes find each other alive and learn what each says of itself") {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Cluster cluster(5, seed);
    cluster.run_for(5s);
    cluster.liveness(n1).set_applied(12);
    cluster.run_for(8s);
    for (const NodeId id : cluster.ids) {
      CHECK(cluster.all_see(id, State::alive));
      if (id == n1) continue;
      CHECK(cluster.seen(id, n1).epoch == 12);
      CHECK(cluster.seen(id, n1).run == 101);
      CHECK(cluster.seen(id, n1).incarnation == swim::first_incarnation(1));
      CHECK(cluster.seen(id, n1).round_trip_median > 0ms);
      CHECK_FALSE(cluster.seen(id, n1).degraded());
      CHECK(cluster.liveness(id).view()->find(id) == nullptr);
    }
  }
}

TEST_CASE("a killed process among three is dead within three seconds and back after its restart") {
  for (std::uint64_t seed = 1; seed <= 2 * seeds; ++seed) {
    CAPTURE(seed);
    Cluster cluster(3, seed);
    cluster.run_for(5s);
    cluster.kill(n3);
    CHECK(cluster.come_to_see(n3, State::dead, 3s));
    CHECK(cluster.all_see(n2, State::alive));
    cluster.start(n3);
    CHECK(cluster.come_to_see(n3, State::alive, 3s));
    CHECK(cluster.seen(n1, n3).incarnation == swim::first_incarnation(2));
  }
}

TEST_CASE("a machine that loses power is dead within ten seconds") {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Cluster cluster(5, seed);
    cluster.run_for(5s);
    cluster.power_loss(n3);
    CHECK(cluster.come_to_see(n3, State::dead, 10s));
    for (const NodeId id : cluster.ids) CHECK((id == n3 || cluster.all_see(id, State::alive)));
  }
}

TEST_CASE("a cut between two nodes of five harms neither") {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Cluster cluster(5, seed);
    cluster.run_for(5s);
    cluster.network.partition({n1}, {n2});
    std::size_t changes = 0;
    for (const NodeId id : cluster.ids)
      cluster.liveness(id).on_change([&changes](const swim::Event&) { ++changes; });
    cluster.run_for(30s);
    CHECK(changes == 0);
  }
}

TEST_CASE("a partition that heals leaves everybody alive") {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Cluster cluster(5, seed);
    cluster.run_for(5s);
    cluster.network.partition({n1, n2}, {n3, NodeId(4), NodeId(5)});
    cluster.run_for(20s);
    CHECK(cluster.seen(n1, n3).state == State::dead);
    CHECK(cluster.seen(n3, n1).state == State::dead);
    cluster.network.heal();
    for (const NodeId id : cluster.ids) CHECK(cluster.come_to_see(id, State::alive, 15s));
  }
}

TEST_CASE("a short pause kills nobody") {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Cluster cluster(5, seed);
    cluster.run_for(5s);
    std::size_t deaths = 0;
    for (const NodeId id : cluster.ids)
      cluster.liveness(id).on_change(
          [&deaths](const swim::Event& event) { deaths += event.state == State::dead ? 1 : 0; });
    for (int i = 0; i < 5; ++i) {
      cluster.machine(n1).pause(1s);
      cluster.run_for(6s);
    }
    CHECK(deaths == 0);
    CHECK(cluster.all_see(n1, State::alive));
  }
}

TEST_CASE("a node on a slow road is degraded and not dead") {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Cluster cluster(4, seed);
    cluster.run_for(5s);
    sim::LinkQuality slow;
    slow.least = 150ms;
    slow.most = 250ms;
    for (const NodeId id : cluster.ids) {
      if (id == n1) continue;
      cluster.network.set_quality(n1, id, slow);
      cluster.network.set_quality(id, n1, slow);
    }
    cluster.run_for(30s);
    for (const NodeId id : cluster.ids) {
      if (id == n1) continue;
      CHECK(cluster.seen(id, n1).slow);
      CHECK(cluster.seen(id, n1).state != State::dead);
    }
  }
}

TEST_CASE("changes are told after the view shows them") {
  Cluster cluster(3, 1);
  cluster.run_for(5s);
  std::vector<State> told;
  cluster.liveness(n1).on_change([&](const swim::Event& event) {
    CHECK(event.node == n3);
    CHECK(cluster.seen(n1, n3).state == event.state);
    told.push_back(event.state);
  });
  cluster.kill(n3);
  cluster.run_for(5s);
  CHECK(told == std::vector<State>{State::suspect, State::dead});
}

TEST_CASE("who is no member any more is neither shown nor asked") {
  Cluster cluster(3, 1);
  cluster.run_for(5s);
  const auto before = cluster.liveness(n1).view();
  cluster.liveness(n1).set_members({n1, n2});
  CHECK(cluster.liveness(n1).view()->find(n3) == nullptr);
  CHECK(before->find(n3) != nullptr);
  cluster.run_for(10s);
  CHECK(cluster.liveness(n1).view()->members.size() == 1);
}

TEST_CASE("bytes that no node sends are answered and change nothing") {
  Cluster cluster(2, 1);
  cluster.run_for(3s);
  Loop& loop = cluster.machine(n1).world().control();
  Message request;
  request.kind = 120;
  request.meta = "nonsense";
  const auto reply =
      sim::run(cluster.scheduler(), cluster.machine(n1).world().life(),
               loop.peers().call(n2, PeerLane::control, request, loop.clock().now() + 2s), 5s);
  REQUIRE(reply);
  REQUIRE(reply->has_value());
  CHECK((*reply)->meta.empty());
  CHECK(cluster.all_see(n2, State::alive));
}

TEST_CASE("closing ends all work") {
  Cluster cluster(3, 1);
  cluster.run_for(5s);
  cluster.kill(n3);
  cluster.run_for(100ms);
  sim::SimWorld& world = cluster.machine(n1).world();
  CHECK(sim::run(cluster.scheduler(), world.life(), cluster.liveness(n1).close(), 10s));
}

}  // namespace
}  // namespace ouro::cluster
