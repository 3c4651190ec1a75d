// A whole cluster of real nodes in the simulator.
#pragma once

#include "base/node_id.hpp"
#include "kv/coordinator.hpp"
#include "node/node.hpp"
#include "runtime/inbox.hpp"
#include "sim/machine.hpp"
#include "sim/nemesis.hpp"
#include "sim/network.hpp"
#include "sim/scheduler.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ouro::node {

struct SimClusterOptions {
  unsigned nodes = 3;
  unsigned n = 3;
  std::size_t loops = 1;
  std::uint32_t arcs = 16;
};

/// Nodes n1, n2, ... with ids 1, 2, ..., all running after construction. What clients ask goes
/// straight to a node's coordinator, in that node's life: if the node dies, no answer comes.
class SimCluster final : public sim::Victims {
 public:
  SimCluster(std::uint64_t seed, SimClusterOptions options = {});
  ~SimCluster() override;

  sim::Scheduler& scheduler() { return scheduler_; }
  sim::Network& network() { return network_; }
  Clock& clock() { return clock_; }
  const std::vector<NodeId>& nodes() const { return ids_; }
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

 private:
  struct Host {
    std::unique_ptr<sim::Machine> machine;
    std::unique_ptr<Node> node;
  };
  template <class T>
  Task<std::optional<T>> ask(NodeId at, Task<T> task, Duration time);
  Instant deadline(NodeId at, Duration time);
  kv::Coordinator& coordinator(NodeId at);

  sim::Scheduler scheduler_;
  sim::Network network_;
  sim::SimClock clock_;
  cluster::Settings settings_;
  std::vector<NodeId> ids_;
  std::map<NodeId, Host> hosts_;
};

}  // namespace ouro::node
