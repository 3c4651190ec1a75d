// Inboxes, nurseries and replies: the ways in which a coroutine waits.
#include "runtime/coroutine.hpp"
#include "runtime/inbox.hpp"
#include "runtime/nursery.hpp"
#include "runtime/reply.hpp"
#include "sim/clock.hpp"
#include "sim/run.hpp"
#include "sim/scheduler.hpp"

#include "tests/support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ouro {
namespace {

using namespace std::chrono_literals;
using sim::Scheduler;

struct Bench {
  Scheduler scheduler{1};
  sim::Life life = scheduler.new_life();
  sim::SimClock clock{scheduler, life};

  template <class T>
  auto run(Task<T> task) {
    return sim::run(scheduler, life, std::move(task), 1h);
  }
};

using Letters = std::shared_ptr<Inbox<std::string>>;

Task<void> send_later(Clock& clock, Letters inbox, Duration delay, std::string letter) {
  co_await sleep_until(clock, clock.now() + delay);
  inbox->send(std::move(letter));
}

TEST_CASE("an inbox hands out what was sent, in order") {
  Bench bench;
  const auto inbox = std::make_shared<Inbox<std::string>>(bench.clock);
  inbox->send("a");
  inbox->send("b");
  CHECK(*bench.run(inbox->next(bench.clock.now())) == "a");
  CHECK(*bench.run(inbox->next(bench.clock.now())) == "b");
  CHECK(*bench.run(inbox->next(bench.clock.now())) == std::nullopt);
}

TEST_CASE("an inbox wakes its reader when a message comes") {
  Bench bench;
  const auto inbox = std::make_shared<Inbox<std::string>>(bench.clock);
  const auto sending = sim::start(bench.scheduler, bench.life, [](Task<void> task) -> Task<bool> {
    co_await std::move(task);
    co_return true;
  }(send_later(bench.clock, inbox, 3s, "late")));
  CHECK(*bench.run(inbox->next(bench.clock.now() + 10s)) == "late");
  CHECK(bench.clock.now() == Instant(3s));
}

TEST_CASE("an inbox gives up at its deadline") {
  Bench bench;
  const auto inbox = std::make_shared<Inbox<std::string>>(bench.clock);
  CHECK(*bench.run(inbox->next(bench.clock.now() + 10s)) == std::nullopt);
  CHECK(bench.clock.now() == Instant(10s));
}

Task<void> count_after(Clock& clock, Duration delay, int& count) {
  co_await sleep_until(clock, clock.now() + delay);
  ++count;
}

TEST_CASE("closing a nursery waits for every task") {
  Bench bench;
  int count = 0;
  Nursery nursery(bench.scheduler.executor(bench.life), bench.clock);
  for (const Duration delay : {1s, 5s, 3s}) nursery.spawn(count_after(bench.clock, delay, count));
  CHECK(bench.run(nursery.close()));
  CHECK(count == 3);
  CHECK(bench.clock.now() == Instant(5s));
}

TEST_CASE("a closed nursery starts nothing") {
  Bench bench;
  int count = 0;
  Nursery nursery(bench.scheduler.executor(bench.life), bench.clock);
  CHECK(bench.run(nursery.close()));
  nursery.spawn(count_after(bench.clock, 0s, count));
  bench.scheduler.run_for(1h);
  CHECK(count == 0);
}

TEST_CASE("a killed life's tasks count as ended") {
  Bench bench;
  int count = 0;
  {
    Nursery nursery(bench.scheduler.executor(bench.life), bench.clock);
    nursery.spawn(count_after(bench.clock, 1h, count));
    bench.scheduler.run_for(1s);
    bench.scheduler.kill(bench.life);
  }
  CHECK(count == 0);
}

// Keeps replies until somebody answers them.
struct Desk {
  std::optional<Reply<std::string>> waiting;
  void ask(Reply<std::string> reply) { waiting.emplace(std::move(reply)); }
};

Task<std::string> ask(Desk& desk) {
  auto start = [&desk](Reply<std::string> reply) { desk.ask(std::move(reply)); };
  Task<std::string> answer = await_reply<std::string>(start);
  co_return co_await std::move(answer);
}

TEST_CASE("a reply resumes its coroutine with the answer, but not inside the call") {
  Bench bench;
  Desk desk;
  const auto answer = sim::start(bench.scheduler, bench.life, ask(desk));
  bench.scheduler.run_for(1s);
  REQUIRE(desk.waiting);
  (*desk.waiting)("forty-two");
  CHECK_FALSE(answer->has_value());
  bench.scheduler.run_for(1s);
  CHECK(*answer == "forty-two");
}

TEST_CASE("a reply that is dropped unanswered destroys the coroutine that waits") {
  Bench bench;
  Desk desk;
  const auto answer = sim::start(bench.scheduler, bench.life, ask(desk));
  bench.scheduler.run_for(1s);
  CHECK(answer.use_count() == 2);
  desk.waiting.reset();
  bench.scheduler.run_for(0s);  // Asio unwinds a coroutine on its own executor
  CHECK(answer.use_count() == 1);
  CHECK_FALSE(answer->has_value());
}

TEST_CASE("a reply that is dropped after its life's end destroys the coroutine at once") {
  Bench bench;
  Desk desk;
  const auto answer = sim::start(bench.scheduler, bench.life, ask(desk));
  bench.scheduler.run_for(1s);
  bench.scheduler.kill(bench.life);
  CHECK(answer.use_count() == 2);
  desk.waiting.reset();
  CHECK(answer.use_count() == 1);
}

TEST_CASE("an answer to a coroutine whose life has ended does nothing") {
  Bench bench;
  Desk desk;
  const auto answer = sim::start(bench.scheduler, bench.life, ask(desk));
  bench.scheduler.run_for(1s);
  bench.scheduler.kill(bench.life);
  (*desk.waiting)("too late");
  CHECK(answer.use_count() == 1);
  CHECK_FALSE(answer->has_value());
}

Task<std::string> name_of_life(Clock& clock) {
  co_await sleep_until(clock, clock.now() + 1s);
  co_return "elsewhere";
}

TEST_CASE("a task can run on another executor and bring its result back") {
  Bench bench;
  sim::SimClock other_clock(bench.scheduler, sim::outside);
  const asio::any_io_executor other = bench.scheduler.executor(sim::outside);
  CHECK(*bench.run(on_executor(other, name_of_life(other_clock))) == "elsewhere");
}

}  // namespace
}  // namespace ouro
