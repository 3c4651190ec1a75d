// Three nodes under a nemesis: a seed decides everything, and healing brings everybody back.
#include "runtime/coroutine.hpp"
#include "runtime/nursery.hpp"
#include "sim/machine.hpp"
#include "sim/nemesis.hpp"

#include "tests/support/catch.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ouro::sim {
namespace {

using namespace std::chrono_literals;

const std::vector<NodeId> ids{NodeId{1}, NodeId{2}, NodeId{3}};

struct Frame {
  static inline int alive = 0;
  Frame() { ++alive; }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { --alive; }
};

// Writes a file now and then, asks another node now and then, and answers what it is asked.
class Node final : public PeerHandler {
 public:
  Node(SimWorld& world, Duration pace)
      : world_(world),
        loop_(world.loop(world.loop_count() - 1)),
        pace_(pace),
        lane_(world.make_lane("disk")),
        nursery_(loop_.executor(), loop_.clock()) {
    std::vector<PeerAddress> addresses;
    for (const NodeId id : ids) addresses.push_back({id, "m" + std::to_string(to_integer(id)), 1});
    for (std::size_t i = 0; i < world.loop_count(); ++i) {
      world.loop(i).peers().serve(*this);
      world.loop(i).peers().set_addresses(addresses);
    }
    world.control().peers().set_addresses(addresses);
    world.start_now({1, world.node(), 1});
    nursery_.spawn(work());
  }

  Task<Message> answer(NodeId, Message request, Instant) override {
    const Frame frame;
    co_await sleep_until(loop_.clock(), loop_.clock().now() + Duration(loop_.random().below(100)));
    co_return request;
  }

 private:
  Task<void> work() {
    const Frame frame;
    for (std::uint64_t round = 0;; ++round) {
      const auto pace = static_cast<std::uint64_t>(pace_.count());
      co_await sleep_until(loop_.clock(),
                           loop_.clock().now() + Duration(loop_.random().below(pace)));
      lane_->post([this, round] {
        const auto written = replace_file(world_.files(), "round", std::to_string(round));
        static_cast<void>(written);
      });
      const NodeId peer = ids[loop_.random().below(ids.size())];
      Message request;
      request.meta = std::to_string(round);
      co_await loop_.peers().call(peer, PeerLane::foreground, std::move(request),
                                  loop_.clock().now() + 1s);
    }
  }

  SimWorld& world_;
  Loop& loop_;
  Duration pace_;
  std::unique_ptr<Lane> lane_;
  Nursery nursery_;
};

class Cluster final : public Victims {
 public:
  Cluster(std::uint64_t seed, Duration pace)
      : scheduler(seed), network(scheduler, seed + 1), pace_(pace) {
    for (const NodeId id : ids) {
      machines_[id] =
          std::make_unique<Machine>(scheduler, network, id, seed, MachineOptions{2, {}, {}});
      start(id);
    }
  }
  ~Cluster() override {
    for (const NodeId id : ids)
      if (machine(id).running()) kill(id);
  }

  Machine& machine(NodeId node) override { return *machines_[node]; }
  void kill(NodeId node) override {
    machine(node).kill();
    nodes_.erase(node);
  }
  void power_loss(NodeId node, CrashPolicy policy) override {
    machine(node).power_loss(policy);
    nodes_.erase(node);
  }
  void start(NodeId node) override {
    nodes_[node] = std::make_unique<Node>(machine(node).boot(), pace_);
  }

  Scheduler scheduler;
  Network network;

 private:
  Duration pace_;
  std::map<NodeId, std::unique_ptr<Machine>> machines_;
  std::map<NodeId, std::unique_ptr<Node>> nodes_;
};

std::uint64_t simulate(std::uint64_t seed) {
  Cluster cluster(seed, 200ms);
  Nemesis nemesis(cluster.scheduler, cluster.network, cluster, ids, seed);
  for (int i = 0; i < 600; ++i) {
    cluster.scheduler.run_for(100ms);
    REQUIRE(nemesis.down() <= 1);
  }
  nemesis.heal();
  cluster.scheduler.run_for(10s);
  for (const NodeId id : ids) {
    Machine& machine = cluster.machine(id);
    REQUIRE(machine.running());
    for (const NodeId peer : ids)
      if (peer != id) CHECK(machine.world().loop(0).peers().reachable(peer));
  }
  return cluster.scheduler.trace();
}

TEST_CASE("under a nemesis too the same seed is the same run, and another seed another") {
  std::set<std::uint64_t> traces;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const std::uint64_t trace = simulate(seed);
    REQUIRE(trace == simulate(seed));
    traces.insert(trace);
  }
  CHECK(traces.size() == 20);
  CHECK(Frame::alive == 0);
}

TEST_CASE("every kind of trouble is chosen by some seed and left out by another") {
  std::map<Trouble, int> chosen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Cluster cluster(seed, 1h);
    const Nemesis nemesis(cluster.scheduler, cluster.network, cluster, ids, seed);
    for (const Trouble trouble : nemesis.enabled()) ++chosen[trouble];
  }
  CHECK(chosen.size() == trouble_count);
  for (const auto& [trouble, count] : chosen) {
    CAPTURE(name(trouble));
    CHECK(count < 40);
  }
}

TEST_CASE("a process that was killed finds what it wrote, one that lost power what it synced") {
  Scheduler scheduler(1);
  Network network(scheduler, 1);
  Machine machine(scheduler, network, NodeId{1}, 1);
  const auto write = [](World& world) {
    REQUIRE(replace_file(world.files(), "f", "durable"));
    auto file = world.files().create("g");
    REQUIRE((*file)->append("only written"));
  };
  write(machine.boot());
  machine.kill();
  CHECK_FALSE(machine.running());
  CHECK(*machine.boot().files().read_file("g") == "only written");
  machine.power_loss({});
  World& world = machine.boot();
  CHECK(*world.files().read_file("f") == "durable");
  CHECK_FALSE(world.files().exists("g"));
  CHECK(machine.boots() == 3);
}

TEST_CASE("loops of one world have clocks that agree and randomness that differs") {
  Scheduler scheduler(1);
  Network network(scheduler, 1);
  Machine one(scheduler, network, NodeId{1}, 7, MachineOptions{3, {}, {}});
  Machine other(scheduler, network, NodeId{2}, 7);
  SimWorld& world = one.boot();
  CHECK(world.loop_count() == 3);
  CHECK(world.loop(0).clock().now() == world.loop(2).clock().now());
  CHECK(world.loop(0).clock().now() != other.boot().loop(0).clock().now());
  CHECK(world.loop(0).random().next() != world.loop(1).random().next());
}

}  // namespace
}  // namespace ouro::sim
