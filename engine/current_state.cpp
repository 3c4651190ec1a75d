#include "engine/current_state.hpp"

#include <utility>

namespace ouro::engine {

CurrentState::CurrentState(std::function<void()> schedule)
    : schedule_(std::move(schedule)), current_([this](Value old) { dispose(std::move(old)); }) {}

void CurrentState::update(UniqueFunction<void(ReadState&)> change) {
  std::vector<Value> old;  // let go of after the lock: may free a memtable
  const std::lock_guard lock(mutex_);
  const auto present = current_.share();
  auto next = present ? std::make_shared<ReadState>(*present) : std::make_shared<ReadState>();
  change(*next);
  old = current_.publish(std::move(next));
}

// May come from within update(), which reads too.
void CurrentState::dispose(Value old) {
  {
    const std::lock_guard lock(disposed_mutex_);
    disposed_.push_back(std::move(old));
  }
  schedule_();
}

void CurrentState::free_disposed() {
  std::vector<Value> old;  // let go of after the lock
  const std::lock_guard lock(disposed_mutex_);
  old.swap(disposed_);
}

void CurrentState::clear() {
  free_disposed();
  static_cast<void>(current_.publish(nullptr));
}

}  // namespace ouro::engine
