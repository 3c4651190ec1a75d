#include "sim/sim_world.hpp"

#include "base/check.hpp"
#include "runtime/coroutine.hpp"

namespace ouro::sim {

namespace {

// Up to a year, so that no two lives' instants look alike.
Duration draw_origin(std::uint64_t& seeds) {
  constexpr std::uint64_t year = std::uint64_t{365} * 24 * 3600 * 1'000'000'000;
  return Duration(split_mix(seeds) % year);
}

}  // namespace

class SimWorld::SimLoop final : public Loop {
 public:
  SimLoop(const Surroundings& around, NodeId node, Life life, Duration origin, std::uint64_t seed,
          Accepts accepts)
      : executor_(around.scheduler.executor(life)),
        clock_(around.scheduler, life, &around.wall, origin),
        random_(split_mix(seed)),
        peers_(around.scheduler, around.network, clock_, node, life, accepts, split_mix(seed)) {}

  asio::any_io_executor executor() override { return executor_; }
  Clock& clock() override { return clock_; }
  SimPeers& peers() override { return peers_; }
  Random& random() override { return random_; }

 private:
  asio::any_io_executor executor_;
  SimClock clock_;
  SeededRandom random_;
  SimPeers peers_;
};

SimWorld::SimWorld(Surroundings around, NodeId node, Life life, std::size_t loops,
                   std::uint64_t seed)
    : around_(std::move(around)), node_(node), life_(life), seeds_(seed) {
  check(loops >= 1);
  const Duration origin = draw_origin(seeds_);
  for (std::size_t i = 0; i < loops; ++i)
    loops_.push_back(
        std::make_unique<SimLoop>(around_, node, life, origin, split_mix(seeds_), Accepts::data));
  control_ =
      std::make_unique<SimLoop>(around_, node, life, origin, split_mix(seeds_), Accepts::control);
}

SimWorld::~SimWorld() {
  if (!around_.scheduler.is_dead(life_)) around_.scheduler.kill(life_);
}

void SimWorld::detach() {
  for (const auto& loop : loops_) loop->peers().detach();
  control_->peers().detach();
}

Loop& SimWorld::loop(std::size_t index) { return *loops_.at(index); }
Loop& SimWorld::control() { return *control_; }

void SimWorld::start_now(const PeerIdentity& identity) {
  control_->peers().start(identity);
  for (const auto& loop : loops_) loop->peers().start(identity);
}

Task<Status> SimWorld::start_peers(PeerIdentity identity) {
  start_now(identity);
  co_return Status();
}

std::unique_ptr<Lane> SimWorld::make_lane(const std::string&) {
  return std::make_unique<SimLane>(around_.scheduler, life_, around_.lane_timing,
                                   split_mix(seeds_));
}

}  // namespace ouro::sim
