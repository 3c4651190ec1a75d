// A whole cluster of real nodes in the simulator.
#pragma once

#include "base/node_id.hpp"
#include "engine/db.hpp"
#include "kv/coordinator.hpp"
#include "node/node.hpp"
#include "runtime/inbox.hpp"
#include "sim/machine.hpp"
#include "sim/nemesis.hpp"
#include "sim/network.hpp"
#include "sim/scheduler.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ouro::node {

struct SimClusterOptions {
  unsigned nodes = 3;  ///< Founders.
  unsigned n = 3;
  std::size_t loops = 1;
  std::uint32_t arcs = 16;
};

/// Nodes n1, n2, ... on machines 1, 2, ..., all running after construction. Machines name nodes
/// here; a founder's id is its machine's, who joins gets one from the cluster. What clients ask
/// goes straight to a node's coordinator, in that node's life: if the node dies, no answer comes.
class SimCluster final : public sim::Victims {
 public:
  SimCluster(std::uint64_t seed, SimClusterOptions options = {});
  ~SimCluster() override;

  sim::Scheduler& scheduler() { return scheduler_; }
  sim::Network& network() { return network_; }
  Clock& clock() { return clock_; }
  /// All machines, in the order in which they came.
  const std::vector<NodeId>& nodes() const { return ids_; }
  /// Another machine, on which a node asks the founders to be let in. Returns its machine.
  NodeId add();
  /// The machine's disk is lost, and another node asks to be let in from it; or, with `as_before`,
  /// it is started as if nothing had happened. It must not run.
  void wipe(NodeId machine, bool as_before = false);
  /// What is on one machine's disk is copied onto another's. Neither runs.
  void copy_disk(NodeId from, NodeId to);
  /// Another machine, on which nothing runs yet.
  NodeId add_machine();
  /// Whether the node on the machine is ready to serve, and who it is then.
  bool ready(NodeId machine) { return hosts_.at(machine).ready; }
  NodeId id_of(NodeId machine) { return node(machine).identity().node; }
  /// Machines with a node that serves.
  std::vector<NodeId> serving();
  /// Why the node on the machine must end, if it said so.
  const std::optional<Error>& failure(NodeId machine) { return hosts_.at(machine).failure; }
  bool running(NodeId node) { return hosts_.at(node).node != nullptr; }
  Node& node(NodeId id) { return *hosts_.at(id).node; }

  sim::Machine& machine(NodeId node) override { return *hosts_.at(node).machine; }
  void kill(NodeId node) override;
  void power_loss(NodeId node, sim::CrashPolicy policy) override;
  void start(NodeId node) override;

  // As clients: nothing if no answer came within the request's time and a little more. Deadlines
  // are given as `time` from now; r, w as in kv::Get and kv::Put.
  Task<std::optional<kv::Outcome<kv::Found>>> get(NodeId at, kv::KeyName name,
                                                  std::optional<unsigned> r, Duration time);
  Task<std::optional<kv::Outcome<kv::Written>>> put(NodeId at, kv::KeyName name, std::string value,
                                                    std::optional<std::string> context,
                                                    Duration time);
  Task<std::optional<kv::Outcome<kv::Written>>> remove(NodeId at, kv::KeyName name,
                                                       std::optional<std::string> context,
                                                       Duration time);

  // As an operator, through the node on a machine; error timeout if no answer comes.
  Task<Result<cluster::Applied>> ask_to_carry_out(NodeId at, cluster::CommandBody body,
                                                  Duration time);
  Task<Result<cluster::TopologyPlan>> ask_for_plan(NodeId at, Duration time);
  Task<Result<cluster::Applied>> ask_to_commit(NodeId at, std::uint64_t hash, Duration time);
  // The same, blocking.
  Result<cluster::Applied> carry_out(NodeId at, cluster::CommandBody body, Duration time);
  Result<cluster::TopologyPlan> plan(NodeId at, Duration time);
  Result<cluster::Applied> commit(NodeId at, std::uint64_t hash, Duration time);
  std::shared_ptr<const cluster::State> state(NodeId at);
  raft::GroupStatus group(NodeId at);
  /// Works on the metadata database of a machine whose node does not run, as `ouro cluster recover`
  /// does.
  void offline(NodeId machine, const std::function<void(engine::Db&)>& work);
  /// Lets time pass until `holds`, at most `time`; whether it held.
  bool wait(Duration time, const std::function<bool()>& holds);

 private:
  struct Host {
    std::unique_ptr<sim::Machine> machine;
    std::unique_ptr<Node> node;
    bool founder = true;
    unsigned wiped = 0;  // times: each life after it has another directory
    bool ready = false;
    std::optional<Error> failure;
  };
  void make_machine(NodeId id);
  NodeConfig config_of(NodeId machine) const;
  static Task<void> note_ready(Host& host);
  template <class T>
  Task<std::optional<T>> ask(NodeId at, Task<T> task, Duration time);
  template <class T, class Ask>
  Task<Result<T>> as_operator(NodeId at, Duration time, Ask request);
  Instant deadline(NodeId at, Duration time);

  SimClusterOptions options_;
  std::uint64_t seed_;
  sim::Scheduler scheduler_;
  sim::Network network_;
  sim::SimClock clock_;
  cluster::Settings settings_;
  std::vector<NodeId> ids_;
  std::map<NodeId, Host> hosts_;
};

}  // namespace ouro::node
