// The control loop: what peers ask on the control lane is answered there, whatever the others do.
#include "net/io_world.hpp"
#include "runtime/reply.hpp"
#include "tests/net/peer_test_node.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace ouro::net {
namespace {

using namespace std::chrono_literals;

// Answers with the name of the thread it runs on.
class Witness final : public PeerHandler {
 public:
  Task<Message> answer(NodeId asking, Message request, Instant) override {
    from = asking;
    thread = std::this_thread::get_id();
    ++count;
    co_return request;
  }

  NodeId from{};
  std::thread::id thread;
  int count = 0;
};

// Keeps its whole loop busy until it is released.
class Blocking final : public PeerHandler {
 public:
  Task<Message> answer(NodeId, Message request, Instant) override {
    blocked = true;
    while (!released) std::this_thread::yield();
    co_return request;
  }

  std::atomic<bool> blocked = false, released = false;
};

IoWorldOptions loops(std::size_t count) {
  IoWorldOptions options;
  options.loops = count;
  return options;
}

Task<Result<Message>> ask(Loop& loop, NodeId peer, PeerLane lane) {
  const Instant deadline = loop.clock().now() + Duration(30s);
  Message request = message_of("x");
  Task<Result<Message>> call = loop.peers().call(peer, lane, std::move(request), deadline);
  Result<Message> reply = co_await std::move(call);
  co_return reply;
}

Task<std::thread::id> thread_here() { co_return std::this_thread::get_id(); }

Task<void> end(IoWorld& asking, IoWorld& serving) {
  co_await asking.close_peers();
  Task<void> closed = on_executor(serving.loop(0).executor(), serving.close_peers());
  co_await std::move(closed);
  serving.stop();
  asking.stop();
}

// Runs both worlds, and `test` on the control loop of `asking`.
void run(IoWorld& asking, IoWorld& serving, Task<void> test) {
  asio::co_spawn(asking.control().executor(), std::move(test), asio::detached);
  std::thread other([&] { serving.run(); });
  asking.run();
  other.join();
}

Task<void> ask_on_both_lanes(IoWorld& asking, IoWorld& serving, PeerAddress two,
                             std::thread::id& control_thread) {
  Task<std::thread::id> there = on_executor(serving.control().executor(), thread_here());
  control_thread = co_await std::move(there);
  asking.control().peers().set_addresses({two});
  asking.loop(0).peers().set_addresses({two});
  for (int round = 0; round < 50; ++round) {
    const Result<Message> control = co_await ask(asking.control(), two.node, PeerLane::control);
    CHECK(control);
    Task<Result<Message>> data =
        on_executor(asking.loop(0).executor(), ask(asking.loop(0), two.node, PeerLane::foreground));
    const Result<Message> foreground = co_await std::move(data);
    CHECK(foreground);
  }
  CHECK(asking.control().peers().reachable(two.node));
  co_await end(asking, serving);
}

TEST_CASE("the control lane is answered on the control loop, the others where they arrive",
          "[thread]") {
  IoWorld one(loops(1)), two(loops(2));
  Witness control, data[2];
  two.control().peers().serve(control);
  for (std::size_t index = 0; index < 2; ++index) two.loop(index).peers().serve(data[index]);
  REQUIRE(one.listen({1, NodeId(1), 1}, "127.0.0.1", 0));
  const auto port = two.listen({1, NodeId(2), 1}, "127.0.0.1", 0);
  REQUIRE(port);
  std::thread::id control_thread;
  run(one, two, ask_on_both_lanes(one, two, {NodeId(2), "127.0.0.1", *port}, control_thread));
  CHECK(control.count == 50);
  CHECK(control.from == NodeId(1));
  CHECK(control.thread == control_thread);
  CHECK(data[0].count + data[1].count == 50);
}

Task<void> ask_ignoring(Loop& loop, NodeId peer) {
  Task<Result<Message>> call = ask(loop, peer, PeerLane::foreground);
  co_await std::move(call);
}

Task<void> ask_while_blocked(IoWorld& asking, IoWorld& serving, PeerAddress two, Blocking& blocking,
                             int& answered) {
  asking.control().peers().set_addresses({two});
  asking.loop(0).peers().set_addresses({two});
  const Result<Message> first = co_await ask(asking.control(), two.node, PeerLane::control);
  CHECK(first);
  asio::co_spawn(asking.loop(0).executor(), ask_ignoring(asking.loop(0), two.node), asio::detached);
  while (!blocking.blocked) std::this_thread::yield();
  for (int round = 0; round < 100; ++round) {
    const Result<Message> reply = co_await ask(asking.control(), two.node, PeerLane::control);
    if (reply) ++answered;
  }
  blocking.released = true;
  co_await end(asking, serving);
}

TEST_CASE("a data loop that is stuck does not keep the control loop from answering", "[thread]") {
  IoWorld one(loops(1)), two(loops(1));
  Witness control;
  Blocking blocking;
  two.control().peers().serve(control);
  two.loop(0).peers().serve(blocking);
  REQUIRE(one.listen({1, NodeId(1), 1}, "127.0.0.1", 0));
  const auto port = two.listen({1, NodeId(2), 1}, "127.0.0.1", 0);
  REQUIRE(port);
  int answered = 0;
  run(one, two, ask_while_blocked(one, two, {NodeId(2), "127.0.0.1", *port}, blocking, answered));
  CHECK(answered == 100);
  CHECK(control.count == 101);
}

Task<void> join(IoWorld& joining, IoWorld& serving, std::uint16_t port, bool& known) {
  Loop& control = joining.control();
  const Instant deadline = control.clock().now() + Duration(30s);
  Message request = message_of("x");
  const Result<Message> before =
      co_await control.peers().introduce("127.0.0.1", port, std::move(request), deadline);
  CHECK(before);
  Task<Status> started = joining.start_peers({1, NodeId(3), 1});
  const Status status = co_await std::move(started);
  CHECK(status);
  const PeerAddress own{NodeId(3), "127.0.0.1", joining.peer_port()};
  control.peers().set_addresses({{NodeId(2), "127.0.0.1", port}, own});
  const Result<Message> after = co_await ask(control, NodeId(2), PeerLane::control);
  known = after.has_value();
  co_await end(joining, serving);
}

TEST_CASE("a world learns who it is while it runs", "[thread]") {
  IoWorld joining(loops(2)), serving(loops(2));
  Witness control;
  serving.control().peers().serve(control);
  const auto port = serving.listen({1, NodeId(2), 1}, "127.0.0.1", 0);
  REQUIRE(port);
  bool known = false;
  run(joining, serving, join(joining, serving, *port, known));
  CHECK(known);
  CHECK(control.count == 2);
  CHECK(control.from == NodeId(3));
}

Task<void> keep_introducing(IoWorld& world, std::uint16_t port, std::atomic<int>& answered) {
  Loop& control = world.control();
  for (int round = 0; round < 200; ++round) {
    const Instant deadline = control.clock().now() + Duration(30s);
    Message request = message_of("x");
    const Result<Message> reply =
        co_await control.peers().introduce("127.0.0.1", port, std::move(request), deadline);
    if (!reply) break;  // closed
    ++answered;
  }
}

// Strangers connect all the while: some are being handed over when the loops stop.
Task<void> end_amid_connections(IoWorld& asking, IoWorld& serving, std::atomic<int>& answered,
                                bool gently) {
  std::unique_ptr<Timer> timer = asking.control().clock().make_timer();
  while (answered < 20) {
    const Instant soon = asking.control().clock().now() + Duration(1ms);
    co_await timer->wait_until(soon);
  }
  if (gently) {
    Task<void> closed = on_executor(serving.loop(0).executor(), serving.close_peers());
    co_await std::move(closed);
  }
  serving.stop();
  co_await asking.close_peers();
  asking.stop();
}

TEST_CASE("connections on their way to the control loop do not disturb an end", "[thread]") {
  for (const bool gently : {true, false, true, false}) {
    IoWorld one(loops(1));
    auto two = std::make_unique<IoWorld>(loops(2));
    Witness control;
    two->control().peers().serve(control);
    const auto port = two->listen({1, NodeId(2), 1}, "127.0.0.1", 0);
    REQUIRE(port);
    std::atomic<int> answered = 0;
    for (int count = 0; count < 8; ++count)
      asio::co_spawn(one.control().executor(), keep_introducing(one, *port, answered),
                     asio::detached);
    run(one, *two, end_amid_connections(one, *two, answered, gently));
    CHECK(answered >= 20);
    two.reset();
  }
}

}  // namespace
}  // namespace ouro::net
