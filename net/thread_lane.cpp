#include "net/thread_lane.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace ouro::net {
namespace {

int nice_of(LaneClass lane_class) { return lane_class == LaneClass::bulk ? 15 : 5; }

// Advice to the scheduler: a refusal changes nothing but speed.
void yield_to_foreground(LaneClass lane_class) {
  const sched_param priority{};
  ::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &priority);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice_of(lane_class));
}

}  // namespace

LaneClass lane_class(const std::string& name) {
  if (name.starts_with("flush")) return LaneClass::background;
  return name.starts_with("compact") ? LaneClass::bulk : LaneClass::foreground;
}

ThreadLane::ThreadLane(std::string name, LaneClass lane_class)
    : name_(name.substr(0, 15)), class_(lane_class), thread_([this]() noexcept { run(); }) {}

ThreadLane::~ThreadLane() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_or_end_.notify_one();
  thread_.join();
}

void ThreadLane::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  work_or_end_.notify_one();
}

void ThreadLane::run() {
  ::pthread_setname_np(::pthread_self(), name_.c_str());
  if (class_ != LaneClass::foreground) yield_to_foreground(class_);
  std::unique_lock lock(mutex_);
  while (true) {
    work_or_end_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = Job();  // what it owns goes before the lock is taken: it may post
    lock.lock();
  }
}

}  // namespace ouro::net
