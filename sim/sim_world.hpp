// The world as one run of one simulated process sees it.
#pragma once

#include "runtime/world.hpp"
#include "sim/clock.hpp"
#include "sim/file_system.hpp"
#include "sim/network.hpp"
#include "sim/sim_lane.hpp"
#include "sim/sim_peers.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ouro::sim {

/// What a process finds when it starts; all of it outlives the world.
struct Surroundings {
  Scheduler& scheduler;
  Network& network;
  FileSystem& files;
  const WallClock& wall;
  std::shared_ptr<const LaneTiming> lane_timing;
};

/// Ends in this order, by a kill as well as by a shutdown:
///
///  1. scheduler.kill(life) destroys every coroutine that waits on a timer, an inbox, a post, a
///     call or a job of a lane. Their destructors may touch the node's objects, so all of them
///     must still be there (Machine::kill and Machine::power_loss do this step).
///  2. The owner destroys the node's objects, in any order in which a waiting coroutine's
///     nursery outlives the coroutine. Coroutines that wait for a Reply which an object holds (the
///     commits queued in an engine::Db) end with that object: destroy the databases first, then
///     the nurseries and what else those coroutines refer to, then the lanes.
///  3. The world goes.
class SimWorld final : public World {
 public:
  SimWorld(Surroundings around, NodeId node, Life life, std::size_t loops, std::uint64_t seed);
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;
  /// Kills the life if it still lives.
  ~SimWorld() override;

  NodeId node() const { return node_; }
  Life life() const { return life_; }
  /// No frame arrives or leaves any more. Peers notice unless they lost power with us.
  void detach();

  FileSystem& files() override { return around_.files; }
  std::size_t loop_count() const override { return loops_.size(); }
  Loop& loop(std::size_t index) override;
  Loop& control() override;
  Task<Status> start_peers(PeerIdentity identity) override;
  /// The same, at once.
  void start_now(const PeerIdentity& identity);
  std::unique_ptr<Lane> make_lane(const std::string& name) override;

 private:
  class SimLoop;

  Surroundings around_;
  NodeId node_;
  Life life_;
  std::uint64_t seeds_;  // state of the generator of seeds
  std::vector<std::unique_ptr<SimLoop>> loops_;
  std::unique_ptr<SimLoop> control_;
};

}  // namespace ouro::sim
