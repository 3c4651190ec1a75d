// A lane that a test drives by hand: jobs run when it says so, or are lost.
#pragma once

#include "base/lane.hpp"

#include <cstddef>
#include <deque>
#include <utility>

namespace ouro::sim {

/// Runs nothing by itself, so that a test decides what happens between any two jobs. For one
/// thread. Several owners of one QueueLane see one order of all jobs.
class QueueLane final : public Lane {
 public:
  void post(Job job) override { jobs_.push_back(std::move(job)); }

  /// Runs the oldest job. False if there was none.
  bool run_one() {
    if (jobs_.empty()) return false;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }

  /// Runs jobs, and those that they post, until none is left. Returns how many ran.
  std::size_t run_all() {
    std::size_t count = 0;
    while (run_one()) ++count;
    return count;
  }

  /// Destroys the waiting jobs unrun, as the end of a process does.
  void drop_all() {
    while (!jobs_.empty()) {
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
    }
  }

  std::size_t waiting() const { return jobs_.size(); }

 private:
  std::deque<Job> jobs_;
};

}  // namespace ouro::sim
