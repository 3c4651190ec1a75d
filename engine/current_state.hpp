// Which state do readers see, and who lets go of the ones before it?
#pragma once

#include "base/function.hpp"
#include "base/published.hpp"
#include "engine/read_state.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace ouro::engine {

/// The ReadState that counts, replaced under a lock and read without one. A state that a reader was
/// the last to leave is kept until free_disposed(): readers have better things to do than to free
/// memtables and remove files. Any thread may call anything; the destructor comes last.
class CurrentState {
 public:
  using Value = Published<ReadState>::Value;

  /// `schedule` is to have free_disposed() called soon, elsewhere. It comes from whoever ends a
  /// reading, perhaps within update().
  explicit CurrentState(std::function<void()> schedule);

  /// See Published; null before the first update().
  Published<ReadState>::Reading read() const { return current_.read(); }
  Value share() const { return current_.share(); }

  /// Puts a changed copy in the state's place. `change` runs under the lock: it may read, but not
  /// update.
  void update(UniqueFunction<void(ReadState&)> change);
  void free_disposed();
  /// Lets go of all states that nobody reads, the present one too.
  void clear();

 private:
  void dispose(Value old);

  const std::function<void()> schedule_;
  std::mutex mutex_;           // for changing the state
  std::mutex disposed_mutex_;  // within any other, as every end of a reading may dispose
  std::vector<Value> disposed_;
  Published<ReadState> current_;
};

}  // namespace ouro::engine
