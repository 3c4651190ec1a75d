// A lane that is a thread, for tests that need real ones.
#pragma once

#include "base/lane.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace ouro::engine {

/// Its end waits for the running job and destroys the waiting ones.
class ThreadLane final : public Lane {
 public:
  ThreadLane() : thread_([this] { run(); }) {}
  ~ThreadLane() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  void post(Job job) override {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ended_ || !jobs_.empty(); });
      if (ended_) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = {};
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace ouro::engine
