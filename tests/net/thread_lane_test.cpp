#include "net/thread_lane.hpp"

#include "tests/support/catch.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <memory>
#include <vector>

namespace ouro::net {
namespace {

TEST_CASE("a lane runs jobs in the order posted, off the caller's thread") {
  std::vector<int> order;
  bool elsewhere = true;
  std::promise<void> last;
  const std::thread::id caller = std::this_thread::get_id();
  ThreadLane lane("test", LaneClass::foreground);
  for (int job = 0; job < 1000; ++job)
    lane.post([&, job] {
      order.push_back(job);
      elsewhere = elsewhere && std::this_thread::get_id() != caller;
    });
  lane.post([&] { last.set_value(); });
  last.get_future().wait();
  REQUIRE(order.size() == 1000);
  for (int job = 0; job < 1000; ++job) CHECK(order[static_cast<std::size_t>(job)] == job);
  CHECK(elsewhere);
}

TEST_CASE("a job may post the rest of its work") {
  std::promise<int> done;
  ThreadLane lane("test", LaneClass::foreground);
  lane.post([&] { lane.post([&] { done.set_value(7); }); });
  CHECK(done.get_future().get() == 7);
}

TEST_CASE("a destroyed lane waits for the running job and lets go of the waiting ones") {
  std::promise<void> started;
  std::promise<void> may_end;
  bool finished = false;
  const auto owned = std::make_shared<int>(1);
  auto lane = std::make_unique<ThreadLane>("test", LaneClass::background);
  lane->post([&] {
    started.set_value();
    may_end.get_future().wait();
    finished = true;
  });
  for (int waiting = 0; waiting < 100; ++waiting) lane->post([owned] {});
  started.get_future().wait();
  CHECK(owned.use_count() == 101);
  std::thread release([&] { may_end.set_value(); });
  lane.reset();
  release.join();
  CHECK(finished);
  CHECK(owned.use_count() == 1);
}

TEST_CASE("what a job owns is gone before the next job runs") {
  std::promise<long> count;
  const auto owned = std::make_shared<int>(1);
  ThreadLane lane("test", LaneClass::foreground);
  lane.post([owned] {});
  lane.post([&] { count.set_value(owned.use_count()); });
  CHECK(count.get_future().get() == 1);
}

TEST_CASE("a lane's thread has the lane's name") {
  std::promise<std::string> name;
  ThreadLane lane("a-name-that-is-too-long", LaneClass::foreground);
  lane.post([&] {
    char buffer[32] = {};
    ::pthread_getname_np(::pthread_self(), buffer, sizeof buffer);
    name.set_value(buffer);
  });
  CHECK(name.get_future().get() == "a-name-that-is-");
}

TEST_CASE("flush runs behind the others, and compaction behind flush") {
  CHECK(lane_class("flush") == LaneClass::background);
  CHECK(lane_class("compact-2") == LaneClass::bulk);
  CHECK(lane_class("commit") == LaneClass::foreground);
}

TEST_CASE("a lane's thread yields as its class says") {
  const auto nice_of = [](LaneClass lane_class) {
    std::promise<int> nice;
    ThreadLane lane("test", lane_class);
    lane.post([&] { nice.set_value(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()))); });
    return nice.get_future().get();
  };
  const int usual = nice_of(LaneClass::foreground);
  CHECK(nice_of(LaneClass::background) == std::max(usual, 5));
  CHECK(nice_of(LaneClass::bulk) == std::max(usual, 15));
}

}  // namespace
}  // namespace ouro::net
