// Starts the demo's nodes, watches them, and ends them.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "cli/demo_plan.hpp"
#include "cli/process.hpp"
#include "cluster/view.hpp"

#include <functional>
#include <string>

namespace ouro::cli {

/// What happens to a node while the demo runs: its state, and a sentence for people.
using DemoEvent = std::function<void(const DemoState::Member&, const std::string&)>;

/// Parent of the nodes' processes. For the main thread only; borrows all it is given.
class Supervisor {
 public:
  Supervisor(FileSystem& files, std::string dir, cluster::Settings settings, DemoEvent on_event);
  /// Ends the nodes that still run.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Writes the nodes' configurations, starts them and waits until all of them serve. Error closed
  /// when the user ended it meanwhile; io or timeout when a node did not come up, with the last
  /// line of its log.
  Status start();

  /// Restarts nodes on request and notices deaths, until the user ends it.
  void watch();

  /// Asks the nodes to end, and kills those that do not.
  void end();

  const DemoState& state() const { return state_; }

 private:
  Status prepare(const cluster::Node& node);
  Status start_member(DemoState::Member& member);
  Status wait_until_ready();
  void start_requested();
  void note_deaths();
  bool any_runs() const;
  Status save_state();
  std::string last_line_of_log(const std::string& node);

  FileSystem& files_;
  std::string dir_;
  cluster::Settings settings_;
  DemoEvent on_event_;
  SignalQueue signals_;
  DemoState state_;
  std::string how_;  // the last node that ended did
};

/// True when the node answers that it is ready.
bool is_ready(const DemoState::Member& member);

/// True when each node that runs reaches all the others that run. A node is ready before that, and
/// what needs it as a second replica would be refused.
bool are_connected(const DemoState& state);

}  // namespace ouro::cli
