// A computer: what stays when its process ends, and the ways in which a process ends.
#pragma once

#include "sim/clock.hpp"
#include "sim/disk.hpp"
#include "sim/file_system.hpp"
#include "sim/network.hpp"
#include "sim/sim_lane.hpp"
#include "sim/sim_world.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace ouro::sim {

struct MachineOptions {
  std::size_t loops = 1;  ///< Data loops of a process, 1 to 4; its control loop is one more.
  LaneTiming lane_timing;
  std::string host = {};  ///< What others call it in a PeerAddress; empty: "m" and its number.
};

/// Owns the disk and the clock of one machine across its lives, and the world of the present one.
/// Its NodeId is the machine's number, which faults are aimed at; the process that runs on it says
/// who it is by World::start_peers().
///
/// The objects of the node belong to somebody else, who creates them after boot() and destroys them
/// after kill() or power_loss() and before the next boot(); sim/sim_world.hpp says in which order.
class Machine {
 public:
  Machine(Scheduler& scheduler, Network& network, NodeId node, std::uint64_t seed,
          MachineOptions options = {});

  NodeId node() const { return node_; }
  const std::string& host() const { return options_.host; }
  const MachineOptions& options() const { return options_; }
  bool running() const { return world_ != nullptr && !scheduler_.is_dead(world_->life()); }
  /// How often it was booted.
  unsigned boots() const { return boots_; }

  /// A new process on what is on the disk. Must not be running. Destroys the world of the last
  /// life.
  SimWorld& boot();
  /// Of the present life, or of the one that ended last.
  SimWorld& world() { return *world_; }

  /// kill -9: the process ends where it stands, the kernel and its page cache go on. Peers see
  /// their connections reset.
  void kill();
  /// The plug is pulled: what was not synced is left to `policy`, and peers see only silence.
  void power_loss(CrashPolicy policy);
  /// The process stands still for a while, and so do its connections.
  void pause(Duration time);

  FileSystem& disk() { return disk_; }
  WallClock& wall() { return wall_; }
  LaneTiming& lane_timing() { return *lane_timing_; }

 private:
  Scheduler& scheduler_;
  Network& network_;
  NodeId node_;
  MachineOptions options_;
  std::uint64_t seeds_;
  FileSystem disk_;
  WallClock wall_;
  std::shared_ptr<LaneTiming> lane_timing_;
  unsigned boots_ = 0;
  std::unique_ptr<SimWorld> world_;
};

}  // namespace ouro::sim
