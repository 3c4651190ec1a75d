// The enemy: kills, cuts, slows and confuses nodes, by a script that a seed writes.
#pragma once

#include "sim/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::sim {

/// Kinds of trouble. A seed enables each with probability one half (swarm testing, Groce et al.
/// 2012): some bugs need one kind alone.
enum class Trouble : std::uint8_t {
  kill,         ///< kill -9, restarted later.
  power_loss,   ///< With a random crash policy, restarted later.
  pause,        ///< A process stands still.
  partition,    ///< The nodes are split in two.
  one_way_cut,  ///< One node does not hear another.
  isolate,      ///< One node hears nobody.
  slow_link,    ///< One direction takes up to half a second.
  noise,        ///< Connections break and bits flip, everywhere.
  clock,        ///< Wall clocks jump and drift.
  slow_disk,    ///< One machine's blocking work takes up to 100 ms.
};
constexpr std::size_t trouble_count = 10;
std::string_view name(Trouble trouble);

struct NemesisOptions {
  Duration calm_least = std::chrono::milliseconds(200);  ///< Between two troubles.
  Duration calm_most = std::chrono::seconds(4);
  Duration trouble_least = std::chrono::milliseconds(100);  ///< How long one lasts.
  Duration trouble_most = std::chrono::seconds(8);
  std::size_t max_down = 1;  ///< Nodes that are down at once, at most.
  std::set<Trouble> never;   ///< What no seed may enable.
};

/// The nodes as the enemy sees them. Called from the agenda, outside of any life.
class Victims {
 public:
  virtual ~Victims() = default;
  virtual Machine& machine(NodeId node) = 0;
  /// machine.kill(), then the end of the node's objects.
  virtual void kill(NodeId node) = 0;
  /// machine.power_loss(policy), then the end of the node's objects.
  virtual void power_loss(NodeId node, CrashPolicy policy) = 0;
  /// machine.boot(), then new objects.
  virtual void start(NodeId node) = 0;
};

/// Acts from its construction until heal().
class Nemesis {
 public:
  Nemesis(Scheduler& scheduler, Network& network, Victims& victims, std::vector<NodeId> nodes,
          std::uint64_t seed, NemesisOptions options = {});
  ~Nemesis();
  Nemesis(const Nemesis&) = delete;
  Nemesis& operator=(const Nemesis&) = delete;

  /// Stops, starts what is down, mends the network, makes disks fast. Clocks stay wrong, but stand
  /// still in their wrongness.
  void heal();

  const std::vector<Trouble>& enabled() const { return enabled_; }
  std::size_t down() const { return down_.size(); }
  /// What was done, a line each: virtual time in ms, trouble, nodes.
  const std::vector<std::string>& log() const { return log_; }

 private:
  template <class Event>
  void after(Duration time, Event event);
  Duration draw(Duration least, Duration most);
  NodeId pick();
  void act();
  void cause(Trouble trouble);
  void take_down(Trouble trouble);
  void bring_back(NodeId node);
  void partition();
  void one_way_cut();
  void isolate();
  void slow_link();
  void noise();
  void clock();
  void slow_disk();
  void note(Trouble trouble, const std::string& whom);

  Scheduler& scheduler_;
  Network& network_;
  Victims& victims_;
  std::vector<NodeId> nodes_;
  NemesisOptions options_;
  SeededRandom random_;
  Life life_;
  LinkQuality quality_;
  std::vector<Trouble> enabled_;
  std::set<NodeId> down_;
  std::vector<std::string> log_;
};

}  // namespace ouro::sim
