// A simulated node can be killed between any two steps, and nothing of it survives.
#include "runtime/coroutine.hpp"
#include "runtime/inbox.hpp"
#include "runtime/nursery.hpp"
#include "sim/clock.hpp"
#include "sim/scheduler.hpp"

#include "tests/support/catch.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace ouro::sim {
namespace {

struct Frame {
  static inline int alive = 0;
  Frame() { ++alive; }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { --alive; }
};

// Always busy: fans out, waits for some answers with a deadline, forgets the rest, begins again.
class Node {
 public:
  explicit Node(Scheduler& scheduler)
      : scheduler_(scheduler),
        life_(scheduler.new_life()),
        clock_(scheduler, life_),
        nursery_(scheduler.executor(life_), clock_) {
    nursery_.spawn(work());
  }
  Life life() const { return life_; }

 private:
  using Answers = Inbox<std::string>;

  Task<void> answer(std::shared_ptr<Answers> answers) {
    const Frame frame;
    co_await sleep_until(clock_, clock_.now() + Duration(scheduler_.draw() % 1000));
    answers->send(name_);
  }

  Task<void> work() {
    const Frame frame;
    for (;;) {
      const auto answers = std::make_shared<Answers>(clock_);
      for (int i = 0; i < 3; ++i) nursery_.spawn(answer(answers));
      for (int i = 0; i < 2; ++i) co_await answers->next(clock_.now() + Duration(500));
    }
  }

  Scheduler& scheduler_;
  Life life_;
  SimClock clock_;
  Nursery nursery_;
  std::string name_ = std::string(100, 'n');
};

std::uint64_t live_and_die(std::uint64_t seed) {
  Scheduler scheduler(seed);
  std::map<std::uint64_t, std::unique_ptr<Node>> nodes;
  for (std::uint64_t i = 0; i < 5; ++i) nodes[i] = std::make_unique<Node>(scheduler);
  for (int i = 0; i < 2000; ++i) {
    scheduler.step();
    if (scheduler.draw() % 40 != 0) continue;
    auto& victim = nodes[scheduler.draw() % nodes.size()];
    scheduler.kill(victim->life());
    victim.reset();
    victim = std::make_unique<Node>(scheduler);
  }
  for (const auto& [id, node] : nodes) scheduler.kill(node->life());
  return scheduler.trace();
}

TEST_CASE("no coroutine outlives its node") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    live_and_die(seed);
    REQUIRE(Frame::alive == 0);
  }
}

TEST_CASE("a seed decides the whole run") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    CHECK(live_and_die(seed) == live_and_die(seed));
    CHECK(live_and_die(seed) != live_and_die(seed + 1));
  }
}

TEST_CASE("nothing starts in a life that has ended") {
  Scheduler scheduler(1);
  const Life life = scheduler.new_life();
  bool ran = false;
  scheduler.kill(life);
  scheduler.add(life, scheduler.now(), Scheduler::Handler([&ran] { ran = true; }));
  while (scheduler.step()) {
  }
  CHECK_FALSE(ran);
}

}  // namespace
}  // namespace ouro::sim
