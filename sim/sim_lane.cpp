#include "sim/sim_lane.hpp"

#include <algorithm>
#include <utility>

namespace ouro::sim {

struct SimLane::Slot {
  Job job;
};

SimLane::~SimLane() {
  for (const std::weak_ptr<Slot>& waiting : slots_)
    if (const std::shared_ptr<Slot> slot = waiting.lock()) const Job dropped = std::move(slot->job);
}

void SimLane::post(Job job) {
  while (!slots_.empty() && slots_.front().expired()) slots_.pop_front();
  const auto range = static_cast<std::uint64_t>((timing_->most - timing_->least).count());
  const Duration taken = timing_->least + Duration(random_.below(range + 1));
  // Strictly later than the job before, because equals would be shuffled.
  busy_until_ = std::max(busy_until_, scheduler_.now()) + std::max(taken, Duration(1));
  auto slot = std::make_shared<Slot>(Slot{std::move(job)});
  slots_.emplace_back(slot);
  scheduler_.add(life_, busy_until_, Scheduler::Handler([slot = std::move(slot)] {
                   if (Job ready = std::move(slot->job)) ready();
                 }));
}

}  // namespace ouro::sim
