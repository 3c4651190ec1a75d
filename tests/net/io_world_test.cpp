#include "net/io_world.hpp"

#include "net/signals.hpp"
#include "runtime/nursery.hpp"
#include "runtime/reply.hpp"
#include "tests/net/peer_test_node.hpp"
#include "tests/support/catch.hpp"

#include <csignal>
#include <set>
#include <thread>

namespace ouro::net {
namespace {

using namespace std::chrono_literals;

Task<std::thread::id> thread_here() { co_return std::this_thread::get_id(); }

Task<void> visit_loops(IoWorld& world, std::vector<std::thread::id>& threads) {
  for (std::size_t index = 0; index < world.loop_count(); ++index) {
    Task<std::thread::id> there = on_executor(world.loop(index).executor(), thread_here());
    threads.push_back(co_await std::move(there));
  }
  threads.push_back(std::this_thread::get_id());
  world.stop();
}

TEST_CASE("each loop has a thread of its own, and run() lends its own to the first") {
  IoWorldOptions options;
  options.loops = 3;
  IoWorld world(options);
  std::vector<std::thread::id> threads;
  asio::co_spawn(world.loop(0).executor(), visit_loops(world, threads), asio::detached);
  world.run();
  REQUIRE(threads.size() == 4);
  CHECK(std::set(threads.begin(), threads.end()).size() == 3);
  CHECK(threads[0] == std::this_thread::get_id());
  CHECK(threads[3] == threads[0]);
}

TEST_CASE("a world that never ran can be destroyed with work waiting in it") {
  IoWorldOptions options;
  options.loops = 2;
  IoWorld world(options);
  std::vector<std::thread::id> threads;
  asio::co_spawn(world.loop(1).executor(), visit_loops(world, threads), asio::detached);
  CHECK(threads.empty());
}

Task<void> sleep_for_ever(Clock& clock) { co_await sleep_until(clock, Instant::max()); }

TEST_CASE("a stopped world destroys what still waits") {
  IoWorld world;
  asio::co_spawn(world.loop(0).executor(), sleep_for_ever(world.loop(0).clock()), asio::detached);
  asio::post(world.loop(0).executor(), [&] { world.stop(); });
  world.run();
}

Task<void> wait_and_wake(Loop& loop, bool& in_order, IoWorld& world) {
  const Instant start = loop.clock().now();
  co_await sleep_until(loop.clock(), start + Duration(2ms));
  in_order = loop.clock().now() >= start + 2ms;
  co_await sleep_until(loop.clock(), start - Duration(1h));
  world.stop();
}

TEST_CASE("the real clock waits until it is time, and not at all for the past") {
  IoWorld world;
  bool in_order = false;
  asio::co_spawn(world.loop(0).executor(), wait_and_wake(world.loop(0), in_order, world),
                 asio::detached);
  world.run();
  CHECK(in_order);
  CHECK(world.loop(0).clock().wall() > 1'600'000'000'000'000);
}

Task<void> wait_then_mark(Timer& timer, bool& woken) {
  co_await timer.wait_until(Instant::max());
  woken = true;
}

TEST_CASE("waking a timer ends the present wait only") {
  TestLoop loop;
  IoClock clock(loop.context.get_executor());
  const std::unique_ptr<Timer> timer = clock.make_timer();
  timer->wake();  // nobody waits: it must not count
  bool woken = false;
  loop.spawn(wait_then_mark(*timer, woken));
  loop.poll();
  CHECK_FALSE(woken);
  timer->wake();
  loop.run_until([&] { return woken; });
}

Task<void> exchange(IoWorld& asking, IoWorld& serving, PeerAddress address, int& replies) {
  Peers& peers = asking.loop(0).peers();
  peers.set_addresses({address});
  for (int round = 0; round < 200; ++round) {
    Message request = message_of("x");
    const Instant deadline = asking.loop(0).clock().now() + Duration(30s);
    const Result<Message> reply =
        co_await peers.call(address.node, PeerLane::foreground, std::move(request), deadline);
    if (reply) ++replies;
  }
  co_await asking.close_peers();
  Task<void> closed = on_executor(serving.loop(0).executor(), serving.close_peers());
  co_await std::move(closed);
  serving.stop();
  asking.stop();
}

TEST_CASE("two worlds of several loops talk over one port each") {
  IoWorldOptions options;
  options.loops = 2;
  IoWorld one(options);
  IoWorld two(options);
  Echo echoes[2];
  for (std::size_t index = 0; index < 2; ++index) two.transport(index).serve(echoes[index]);
  REQUIRE(one.listen(PeerIdentity{1, NodeId(1), 1}, "127.0.0.1", 0));
  const Result<std::uint16_t> port = two.listen(PeerIdentity{1, NodeId(2), 1}, "127.0.0.1", 0);
  REQUIRE(port);
  int replies = 0;
  asio::co_spawn(one.loop(0).executor(),
                 exchange(one, two, PeerAddress{NodeId(2), "localhost", *port}, replies),
                 asio::detached);
  std::thread other([&] { two.run(); });
  one.run();
  other.join();
  CHECK(replies == 200);
}

TEST_CASE("a signal to end reaches the loop it was asked on") {
  IoWorld world;
  int received = 0;
  std::thread::id thread;
  const Signals signals(world.loop(0).executor(), [&](int number) {
    received = number;
    thread = std::this_thread::get_id();
    world.stop();
  });
  asio::post(world.loop(0).executor(), [] { ::raise(SIGTERM); });
  world.run();
  CHECK(received == SIGTERM);
  CHECK(thread == std::this_thread::get_id());
}

TEST_CASE("randomness of the system does not repeat") {
  SystemRandom one;
  SystemRandom two;
  std::set<std::uint64_t> drawn;
  for (int count = 0; count < 1000; ++count) {
    drawn.insert(one.next());
    drawn.insert(two.next());
  }
  CHECK(drawn.size() == 2000);
}

TEST_CASE("lanes of a world run beside its loops") {
  IoWorld world;
  const std::unique_ptr<Lane> lane = world.make_lane("commit");
  bool ran = false;
  lane->post([&] {
    ran = true;
    asio::post(world.loop(0).executor(), [&] { world.stop(); });
  });
  world.run();
  CHECK(ran);
}

}  // namespace
}  // namespace ouro::net
