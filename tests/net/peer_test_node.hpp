// Nodes of one process that talk over loopback, and what they may answer.
#pragma once

#include "net/io_clock.hpp"
#include "net/peer_transport.hpp"
#include "runtime/reply.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ouro::net {

inline Message message_of(std::string meta) {
  Message message;
  message.kind = 7;
  message.meta = std::move(meta);
  return message;
}

/// One event loop on the test's own thread: it runs only while the test waits for something.
struct TestLoop {
  asio::io_context context{1};

  void spawn(Task<void> task) { asio::co_spawn(context, std::move(task), asio::detached); }
  void run(Task<void> task) {
    bool done = false;
    asio::co_spawn(context, std::move(task), [&done](std::exception_ptr escaped) {
      done = true;
      if (escaped) std::rethrow_exception(escaped);
    });
    run_until([&done] { return done; });
  }
  void run_until(const std::function<bool()>& condition) {
    while (!condition()) {
      context.restart();
      REQUIRE(context.run_one() == 1);
    }
  }
  void poll() {
    context.restart();
    context.poll();
  }

  /// A port that was free a moment ago.
  std::uint16_t unused_port() {
    const asio::ip::tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
    return asio::ip::tcp::acceptor(context, any).local_endpoint().port();
  }
};

struct TestNode {
  TestNode(TestLoop& loop, NodeId node, const PeerOptions& options = PeerOptions(),
           std::uint64_t cluster = 1, std::uint16_t at_port = 0)
      : loop_(loop),
        id(node),
        clock(loop.context.get_executor()),
        random(to_integer(node)),
        transport(loop.context.get_executor(), clock, random, options) {
    const PeerListen where{"127.0.0.1", at_port, PortUse::alone};
    const Result<std::uint16_t> bound = transport.start(PeerIdentity{cluster, node, 1}, where);
    REQUIRE(bound);
    port = *bound;
  }
  ~TestNode() { loop_.run(transport.close()); }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  PeerAddress address() const { return PeerAddress{id, "127.0.0.1", port}; }

 private:
  TestLoop& loop_;

 public:
  const NodeId id;
  IoClock clock;
  SeededRandom random;
  PeerTransport transport;
  std::uint16_t port = 0;
};

/// Answers every request with itself.
class Echo final : public PeerHandler {
 public:
  Task<Message> answer(NodeId asking, Message request, Instant until) override {
    from = asking;
    deadline = until;
    co_return request;
  }

  NodeId from{};
  Instant deadline;
};

/// Keeps requests until the test lets them go.
class Holding final : public PeerHandler {
 public:
  Task<Message> answer(NodeId, Message request, Instant) override {
    Task<bool> released = await_reply<bool>([this](Reply<bool> reply) {
      held.push_back(std::make_unique<Reply<bool>>(std::move(reply)));
    });
    co_await std::move(released);
    co_return request;
  }

  void answer_all_backwards() {
    for (; !held.empty(); held.pop_back()) (*held.back())(true);
  }

  std::vector<std::unique_ptr<Reply<bool>>> held;
};

}  // namespace ouro::net
