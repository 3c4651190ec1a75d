// Groups on simulated machines: real databases, frames and coroutines in invented time.
#pragma once

#include "engine/db.hpp"
#include "raft/group.hpp"
#include "sim/machine.hpp"
#include "sim/nemesis.hpp"
#include "sim/run.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::raft {

/// A state machine that keeps every command it was given, in order.
class History final : public StateMachine {
 public:
  void apply(Index index, Term term, std::string_view command) override;
  std::string snapshot() override;
  Status restore(std::string_view snapshot, Index index) override;

  const std::vector<std::string>& commands() const { return commands_; }
  bool knows(const std::string& command) const;
  unsigned restored() const { return restored_; }

 private:
  std::vector<std::string> commands_;
  unsigned restored_ = 0;
};

/// Nodes 1 .. n. What is asked of a node is asked in its present life: if that ends, no answer
/// comes.
class SimGroups final : public sim::Victims {
 public:
  /// The first `founders` found the group as voters.
  SimGroups(std::uint64_t seed, unsigned founders, unsigned nodes, GroupOptions options = {});
  ~SimGroups() override;

  sim::Machine& machine(NodeId node) override { return *hosts_.at(node).machine; }
  void kill(NodeId node) override;
  void power_loss(NodeId node, sim::CrashPolicy policy) override;
  void start(NodeId node) override;
  /// Closes a group in order, as a node that shuts down.
  void shut_down(NodeId node);

  sim::Scheduler& scheduler() { return scheduler_; }
  sim::Network& network() { return network_; }
  const std::vector<NodeId>& nodes() const { return ids_; }
  bool running(NodeId node) { return hosts_.at(node).group != nullptr; }
  Group& group(NodeId node) { return *hosts_.at(node).group; }
  History& history(NodeId node) { return *hosts_.at(node).history; }
  engine::Db& db(NodeId node) { return *hosts_.at(node).db; }

  /// Steps until some running node leads, at most 30 s; no_node if none does.
  NodeId wait_for_leader();
  Instant deadline(NodeId node, Duration time);
  template <class T>
  std::shared_ptr<const std::optional<T>> ask(NodeId node, Task<T> task) {
    return sim::start(scheduler_, machine(node).world().life(), std::move(task));
  }
  /// Waits for the answer; nothing if none came within a minute.
  template <class T>
  std::optional<T> answer(NodeId node, Task<T> task) {
    return sim::run(scheduler_, machine(node).world().life(), std::move(task),
                    std::chrono::seconds(60));
  }
  std::optional<Result<Index>> propose(NodeId node, std::string command, Duration time);

  /// Opens the database of a node that is down, for tools.
  std::unique_ptr<engine::Db> open_db(NodeId node, sim::SimWorld& world);

 private:
  class Handler;
  struct Host {
    std::unique_ptr<sim::Machine> machine;
    std::unique_ptr<Lane> commit_lane, other_lane;
    std::unique_ptr<History> history;
    std::unique_ptr<Handler> handler;
    std::unique_ptr<Group> group;
    std::unique_ptr<engine::Db> db;
  };
  void end(Host& host);

  sim::Scheduler scheduler_;
  sim::Network network_;
  GroupOptions options_;
  unsigned founders_;
  std::vector<NodeId> ids_;
  std::map<NodeId, Host> hosts_;
};

}  // namespace ouro::raft
