// A thread that does blocking work for the event loops.
#pragma once

#include "base/lane.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace ouro::net {

/// How eagerly the operating system runs a lane's thread.
enum class LaneClass : std::uint8_t {
  foreground,
  background,  ///< Yields to the others: SCHED_BATCH and a nice value of 5.
  bulk,        ///< Yields to those too, as nothing waits for it by itself: nice 15.
};

/// Lanes whose names begin with "flush" are background, with "compact" bulk: writes stop for want
/// of flushes long before they stop for want of compactions.
LaneClass lane_class(const std::string& name);

/// One thread and its queue. The queue itself has no bound: whoever posts limits what is under way.
/// A process that can have no more threads stops here.
class ThreadLane final : public Lane {
 public:
  /// `name` shows in debuggers, cut to 15 characters.
  ThreadLane(std::string name, LaneClass lane_class);
  ~ThreadLane() override;
  ThreadLane(const ThreadLane&) = delete;
  ThreadLane& operator=(const ThreadLane&) = delete;

  void post(Job job) override;

 private:
  void run();

  const std::string name_;
  const LaneClass class_;
  std::mutex mutex_;
  std::condition_variable work_or_end_;
  std::deque<Job> jobs_;  // guarded by mutex_
  bool ending_ = false;   // guarded by mutex_
  std::thread thread_;    // last: it uses all the above
};

}  // namespace ouro::net
