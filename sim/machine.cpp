#include "sim/machine.hpp"

#include "base/check.hpp"

#include <utility>

namespace ouro::sim {

Machine::Machine(Scheduler& scheduler, Network& network, NodeId node, std::uint64_t seed,
                 MachineOptions options)
    : scheduler_(scheduler),
      network_(network),
      node_(node),
      options_(std::move(options)),
      seeds_(seed ^ (std::uint64_t{to_integer(node)} << 32)),
      disk_(split_mix(seeds_)),
      wall_(scheduler),
      lane_timing_(std::make_shared<LaneTiming>(options_.lane_timing)) {
  if (options_.host.empty()) options_.host = "m" + std::to_string(to_integer(node));
  network.set_name(options_.host, node);
}

SimWorld& Machine::boot() {
  check(!running());
  world_.reset();
  ++boots_;
  world_ =
      std::make_unique<SimWorld>(Surroundings{scheduler_, network_, disk_, wall_, lane_timing_},
                                 node_, scheduler_.new_life(), options_.loops, split_mix(seeds_));
  return *world_;
}

void Machine::kill() {
  check(running());
  scheduler_.kill(world_->life());
  world_->detach();
  disk_.end_process();
}

void Machine::power_loss(CrashPolicy policy) {
  network_.lose_power(node_);
  if (running()) {
    scheduler_.kill(world_->life());
    world_->detach();
  }
  disk_.crash(policy, split_mix(seeds_));
}

void Machine::pause(Duration time) {
  check(running());
  scheduler_.pause(world_->life(), scheduler_.now() + time);
  network_.stall(node_, time);
}

}  // namespace ouro::sim
