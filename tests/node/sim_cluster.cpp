#include "tests/node/sim_cluster.hpp"

#include "base/check.hpp"
#include "node/storage.hpp"
#include "runtime/coroutine.hpp"
#include "sim/run.hpp"

#include <spdlog/spdlog.h>

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
    : options_(options),
      seed_(seed),
      scheduler_(seed),
      network_(scheduler_, seed + 1),
      clock_(scheduler_, sim::outside) {
  spdlog::set_level(spdlog::level::off);  // nodes in trouble say so, and here they all are
  settings_.cluster = 7;
  settings_.hash_seed = seed;
  settings_.arcs = options.arcs;
  settings_.defaults.n = options.n;
  for (unsigned i = 1; i <= options.nodes; ++i) {
    make_machine(NodeId(i));
    settings_.nodes.push_back({NodeId(i), "n" + std::to_string(i), "m" + std::to_string(i), 7070,
                               7170, std::string(1, static_cast<char>('a' + i % 3)), 1});
  }
  for (const NodeId id : ids_) start(id);
}

void SimCluster::make_machine(NodeId id) {
  ids_.push_back(id);
  sim::MachineOptions machine;
  machine.loops = options_.loops;
  hosts_[id].machine = std::make_unique<sim::Machine>(scheduler_, network_, id,
                                                      seed_ * 100 + to_integer(id), machine);
}

NodeId SimCluster::add_machine() {
  const NodeId id{to_integer(ids_.back()) + 1};
  make_machine(id);
  hosts_[id].founder = false;
  return id;
}

NodeId SimCluster::add() {
  const NodeId id = add_machine();
  start(id);
  return id;
}

void SimCluster::wipe(NodeId machine, bool as_before) {
  Host& host = hosts_.at(machine);
  check(host.node == nullptr);
  ++host.wiped;
  host.founder = host.founder && as_before;
}

void SimCluster::copy_disk(NodeId from, NodeId to) {
  sim::FileSystem& source = machine(from).disk();
  sim::FileSystem& target = machine(to).disk();
  const std::string directory = "/data" + std::to_string(hosts_.at(from).wiped);
  const std::string copy = "/data" + std::to_string(hosts_.at(to).wiped);
  for (const char* part : {"", "/meta", "/data"}) {
    check(target.create_directory(copy + part).has_value());
    const auto names = source.list(directory + part);
    check(names.has_value());
    for (const std::string& name : *names) {
      const auto bytes = source.read_file(directory + part + "/" + name);
      if (!bytes) continue;  // a directory
      auto file = target.create(copy + part + "/" + name);
      check(file && (*file)->append(*bytes) && (*file)->sync());
    }
  }
}

SimCluster::~SimCluster() {
  for (const NodeId id : ids_)
    if (running(id)) kill(id);
}

void SimCluster::kill(NodeId node) {
  hosts_.at(node).machine->kill();
  hosts_.at(node).node.reset();
  hosts_.at(node).ready = false;
}

void SimCluster::power_loss(NodeId node, sim::CrashPolicy policy) {
  hosts_.at(node).machine->power_loss(policy);
  hosts_.at(node).node.reset();
  hosts_.at(node).ready = false;
}

NodeConfig SimCluster::config_of(NodeId machine) const {
  const Host& host = hosts_.at(machine);
  NodeConfig config;
  config.directory = "/data" + std::to_string(host.wiped);
  if (host.founder) {
    config.founding = settings_;
    config.self = machine;
  }
  for (const cluster::Node& founder : settings_.nodes)
    config.seeds.push_back({founder.host, founder.peer_port});
  config.zone = std::string(1, static_cast<char>('a' + to_integer(machine) % 3));
  config.host = "m" + std::to_string(to_integer(machine));
  config.http_port = 7070;
  config.peer_port = 7170;
  config.memory_bytes = 256 << 10;
  config.memtable_bytes = 32 << 10;  // small, so that tables are written and merged often
  return config;
}

Task<void> SimCluster::note_ready(Host& host) {
  const Status ready = co_await host.node->ready();
  host.ready = ready.has_value();
}

void SimCluster::start(NodeId node) {
  Host& host = hosts_.at(node);
  host.failure.reset();
  sim::SimWorld& world = host.machine->boot();
  const auto failed = [&host](Error why) { host.failure = std::move(why); };
  Result<std::unique_ptr<Node>> opened = Node::open(world, config_of(node), failed);
  if (!opened) throw std::runtime_error(to_string(opened.error()));
  host.node = std::move(*opened);
  host.node->start();
  asio::co_spawn(world.control().executor(), note_ready(host),
                 [](std::exception_ptr escaped) { check(escaped == nullptr); });
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

std::vector<NodeId> SimCluster::serving() {
  std::vector<NodeId> machines;
  for (const NodeId id : ids_)
    if (running(id) && ready(id) && !failure(id)) machines.push_back(id);
  return machines;
}

Task<std::optional<kv::Outcome<kv::Found>>> SimCluster::get(NodeId at, kv::KeyName name,
                                                            std::optional<unsigned> r,
                                                            Duration time) {
  const auto task = [](Node& node, kv::Get request) -> Task<kv::Outcome<kv::Found>> {
    const Status ready = co_await node.ready();
    if (!ready) co_return kv::Failure();
    co_return co_await node.coordinator(0).get(std::move(request));
  };
  return ask(at, task(node(at), {std::move(name), r, deadline(at, time)}), time);
}

Task<std::optional<kv::Outcome<kv::Written>>> SimCluster::put(NodeId at, kv::KeyName name,
                                                              std::string value,
                                                              std::optional<std::string> context,
                                                              Duration time) {
  const auto task = [](Node& node, kv::Put request) -> Task<kv::Outcome<kv::Written>> {
    const Status ready = co_await node.ready();
    if (!ready) co_return kv::Failure();
    co_return co_await node.coordinator(0).put(std::move(request));
  };
  kv::Put request{std::move(name), SharedBytes(std::move(value)),
                  "text/plain",    std::move(context),
                  std::nullopt,    deadline(at, time)};
  return ask(at, task(node(at), std::move(request)), time);
}

Task<std::optional<kv::Outcome<kv::Written>>> SimCluster::remove(NodeId at, kv::KeyName name,
                                                                 std::optional<std::string> context,
                                                                 Duration time) {
  const auto task = [](Node& node, kv::Remove request) -> Task<kv::Outcome<kv::Written>> {
    const Status ready = co_await node.ready();
    if (!ready) co_return kv::Failure();
    co_return co_await node.coordinator(0).remove(std::move(request));
  };
  kv::Remove request{std::move(name), std::move(context), std::nullopt, deadline(at, time)};
  return ask(at, task(node(at), std::move(request)), time);
}

// The first part of an operator's request that needs the node, in the node's life.
template <class T, class Ask>
Task<Result<T>> SimCluster::as_operator(NodeId at, Duration time, Ask request) {
  const auto when_ready = [](Node& node, Ask ask) -> Task<Result<T>> {
    const Status ready = co_await node.ready();
    if (!ready) co_return ready.error();
    co_return co_await ask(node.administration());
  };
  Task<std::optional<Result<T>>> asking = ask(at, when_ready(node(at), std::move(request)), time);
  std::optional<Result<T>> answer = co_await std::move(asking);
  if (!answer) co_return Error{ErrorCode::timeout, "no answer"};
  co_return std::move(*answer);
}

Task<Result<cluster::Applied>> SimCluster::ask_to_carry_out(NodeId at, cluster::CommandBody body,
                                                            Duration time) {
  const Instant until = deadline(at, time);
  auto request = [body = std::move(body), until](cluster::Administration& door) {
    return door.carry_out(body, "test", until);
  };
  return as_operator<cluster::Applied>(at, time, std::move(request));
}

Task<Result<cluster::TopologyPlan>> SimCluster::ask_for_plan(NodeId at, Duration time) {
  const Instant until = deadline(at, time);
  auto request = [until](cluster::Administration& door) { return door.plan(until); };
  return as_operator<cluster::TopologyPlan>(at, time, std::move(request));
}

Task<Result<cluster::Applied>> SimCluster::ask_to_commit(NodeId at, std::uint64_t hash,
                                                         Duration time) {
  const Instant until = deadline(at, time);
  auto request = [hash, until](cluster::Administration& door) {
    return door.commit(hash, "test", until);
  };
  return as_operator<cluster::Applied>(at, time, std::move(request));
}

Result<cluster::Applied> SimCluster::carry_out(NodeId at, cluster::CommandBody body,
                                               Duration time) {
  return *sim::run(scheduler_, sim::outside, ask_to_carry_out(at, std::move(body), time),
                   time + 2s);
}

Result<cluster::TopologyPlan> SimCluster::plan(NodeId at, Duration time) {
  return *sim::run(scheduler_, sim::outside, ask_for_plan(at, time), time + 2s);
}

Result<cluster::Applied> SimCluster::commit(NodeId at, std::uint64_t hash, Duration time) {
  return *sim::run(scheduler_, sim::outside, ask_to_commit(at, hash, time), time + 2s);
}

std::shared_ptr<const cluster::State> SimCluster::state(NodeId at) {
  return node(at).administration().state();
}

raft::GroupStatus SimCluster::group(NodeId at) {
  auto asking = node(at).administration().group();
  return *sim::run(scheduler_, machine(at).world().life(), std::move(asking), 5s);
}

void SimCluster::offline(NodeId machine, const std::function<void(engine::Db&)>& work) {
  Host& host = hosts_.at(machine);
  check(host.node == nullptr);
  sim::SimWorld& world = host.machine->boot();
  const auto lane = world.make_lane("meta");
  const auto meta = open_meta(world.files(), config_of(machine).directory, 1, *lane, *lane);
  if (!meta) throw std::runtime_error(to_string(meta.error()));
  work(**meta);
  host.machine->kill();
}

bool SimCluster::wait(Duration time, const std::function<bool()>& holds) {
  constexpr Duration step = 50ms;
  for (Duration waited{}; waited < time && !holds(); waited += step) scheduler_.run_for(step);
  return holds();
}

}  // namespace ouro::node
