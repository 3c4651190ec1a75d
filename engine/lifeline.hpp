// What lets jobs on foreign lanes end with the object they work for.
#pragma once

#include <condition_variable>
#include <mutex>

namespace ouro::engine {

/// Held by an object and by each of its jobs. A job that has not started when the object goes does
/// nothing; one that runs is waited for. The object never waits for a job that has not started.
class Lifeline {
 public:
  /// At the start of a job: false if the object is gone. True obliges to leave().
  bool enter() {
    const std::lock_guard lock(mutex_);
    if (!open_) return false;
    ++running_;
    return true;
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) idle_.notify_all();
  }

  /// Once, by the object, before it is taken apart.
  void close() {
    std::unique_lock lock(mutex_);
    open_ = false;
    idle_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  bool open_ = true;
  unsigned running_ = 0;
};

}  // namespace ouro::engine
