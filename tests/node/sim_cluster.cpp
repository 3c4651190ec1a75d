#include "tests/node/sim_cluster.hpp"

#include "base/check.hpp"
#include "runtime/coroutine.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

template <class T>
Task<void> answer_into(std::shared_ptr<Inbox<T>> inbox, Task<T> task) {
  T answer = co_await std::move(task);
  inbox->send(std::move(answer));
}

}  // namespace

SimCluster::SimCluster(std::uint64_t seed, SimClusterOptions options)
    : scheduler_(seed), network_(scheduler_, seed + 1), clock_(scheduler_, sim::outside) {
  settings_.cluster = 7;
  settings_.hash_seed = seed;
  settings_.arcs = options.arcs;
  settings_.defaults.n = options.n;
  for (unsigned i = 1; i <= options.nodes; ++i) {
    const NodeId id{i};
    ids_.push_back(id);
    settings_.nodes.push_back({id, "n" + std::to_string(i), "10.0.0." + std::to_string(i), 7070,
                               7170, std::string(1, static_cast<char>('a' + i % 3)), 1});
    sim::MachineOptions machine;
    machine.loops = options.loops;
    hosts_[id].machine =
        std::make_unique<sim::Machine>(scheduler_, network_, id, seed * 100 + i, machine);
  }
  for (const NodeId id : ids_) start(id);
}

SimCluster::~SimCluster() {
  for (const NodeId id : ids_)
    if (running(id)) kill(id);
}

void SimCluster::kill(NodeId node) {
  hosts_.at(node).machine->kill();
  hosts_.at(node).node.reset();
}

void SimCluster::power_loss(NodeId node, sim::CrashPolicy policy) {
  hosts_.at(node).machine->power_loss(policy);
  hosts_.at(node).node.reset();
}

void SimCluster::start(NodeId node) {
  Host& host = hosts_.at(node);
  sim::SimWorld& world = host.machine->boot();
  NodeConfig config;
  config.directory = "/data";
  config.self = node;
  config.cluster = settings_;
  config.memory_bytes = 256 << 10;
  config.memtable_bytes = 32 << 10;  // small, so that tables are written and merged often
  Result<std::unique_ptr<Node>> opened = Node::open(world, std::move(config));
  if (!opened) throw std::runtime_error(to_string(opened.error()));
  host.node = std::move(*opened);
  host.node->start();
}

template <class T>
Task<std::optional<T>> SimCluster::ask(NodeId at, Task<T> task, Duration time) {
  const auto inbox = std::make_shared<Inbox<T>>(clock_);
  sim::SimWorld& world = machine(at).world();
  asio::co_spawn(world.loop(0).executor(), answer_into(inbox, std::move(task)),
                 [](std::exception_ptr escaped) { check(escaped == nullptr); });
  std::optional<T> answer = co_await inbox->next(clock_.now() + time + 1s);
  co_return answer;
}

Instant SimCluster::deadline(NodeId at, Duration time) {
  return machine(at).world().loop(0).clock().now() + time;
}

kv::Coordinator& SimCluster::coordinator(NodeId at) { return node(at).coordinator(0); }

Task<std::optional<kv::Outcome<kv::Found>>> SimCluster::get(NodeId at, kv::KeyName name,
                                                            std::optional<unsigned> r,
                                                            Duration time) {
  return ask(at, coordinator(at).get({std::move(name), r, deadline(at, time)}), time);
}

Task<std::optional<kv::Outcome<kv::Written>>> SimCluster::put(NodeId at, kv::KeyName name,
                                                              std::string value,
                                                              std::optional<std::string> context,
                                                              Duration time) {
  kv::Put request{std::move(name), SharedBytes(std::move(value)),
                  "text/plain",    std::move(context),
                  std::nullopt,    deadline(at, time)};
  return ask(at, coordinator(at).put(std::move(request)), time);
}

Task<std::optional<kv::Outcome<kv::Written>>> SimCluster::remove(NodeId at, kv::KeyName name,
                                                                 std::optional<std::string> context,
                                                                 Duration time) {
  kv::Remove request{std::move(name), std::move(context), std::nullopt, deadline(at, time)};
  return ask(at, coordinator(at).remove(std::move(request)), time);
}

}  // namespace ouro::node
