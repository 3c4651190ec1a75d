#include "net/peer_transport.hpp"

#include "net/io_clock.hpp"
#include "runtime/reply.hpp"
#include "tests/net/peer_test_node.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace ouro::net {
namespace {

using namespace std::chrono_literals;

Task<void> ask(TestNode& from, NodeId to, Message request, Duration patience,
               std::optional<Result<Message>>& answer) {
  const Instant deadline = from.clock.now() + patience;
  answer = co_await from.transport.call(to, PeerLane::foreground, std::move(request), deadline);
}

bool has_answer(const std::optional<Result<Message>>& answer) { return answer.has_value(); }

// One call, waited for.
Result<Message> ask(TestLoop& loop, TestNode& from, NodeId to, Message request,
                    Duration patience = 30s) {
  std::optional<Result<Message>> answer;
  loop.run(ask(from, to, std::move(request), patience, answer));
  return *answer;
}

TEST_CASE("a request and its reply cross the network whole") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(echo);
  one.transport.set_addresses({two.address()});
  for (const std::size_t size : {0, 1, 100, 3000, 100'000}) {
    CAPTURE(size);
    Message request = message_of("hello");
    if (size > 0) request.attachment.emplace_back(std::string(size, 'x'));
    const Result<Message> reply = ask(loop, one, NodeId(2), request);
    REQUIRE(reply);
    CHECK(reply->kind == request.kind);
    CHECK(reply->meta == "hello");
    CHECK(reply->attachment_size() == size);
  }
  CHECK(echo.from == NodeId(1));
  CHECK(one.transport.counters().connections_opened.value() == 1);
}

TEST_CASE("an attachment of 8 MiB arrives intact") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(echo);
  one.transport.set_addresses({two.address()});
  SeededRandom random(1);
  std::string bytes(8 << 20, '\0');
  for (char& c : bytes) c = static_cast<char>(random.next());
  Message request = message_of("big");
  request.attachment.emplace_back(bytes);
  const Result<Message> reply = ask(loop, one, NodeId(2), request);
  REQUIRE(reply);
  REQUIRE(reply->attachment.size() == 1);
  CHECK((reply->attachment.front().view() == bytes));
}

TEST_CASE("a thousand calls share one connection and may be answered in any order") {
  constexpr std::size_t count = 1000;
  TestLoop loop;
  Holding holding;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(holding);
  one.transport.set_addresses({two.address()});
  std::vector<std::optional<Result<Message>>> answers(count);
  for (std::size_t index = 0; index < count; ++index)
    loop.spawn(ask(one, NodeId(2), message_of(std::to_string(index)), 30s, answers[index]));
  loop.run_until([&] { return holding.held.size() == count; });
  holding.answer_all_backwards();
  loop.run_until([&] { return std::ranges::all_of(answers, has_answer); });
  for (std::size_t index = 0; index < count; ++index) {
    REQUIRE(*answers[index]);
    CHECK((**answers[index]).meta == std::to_string(index));
  }
  CHECK(one.transport.counters().connections_opened.value() == 1);
  CHECK(one.transport.counters().writes.value() <= 10);
}

TEST_CASE("each lane has a connection of its own") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(echo);
  one.transport.set_addresses({two.address()});
  const auto all_lanes = [](TestNode& from, bool& fine) -> Task<void> {
    for (const PeerLane lane : {PeerLane::control, PeerLane::foreground, PeerLane::bulk}) {
      Message request = message_of("x");
      const Result<Message> reply = co_await from.transport.call(
          NodeId(2), lane, std::move(request), from.clock.now() + Duration(30s));
      fine = fine && reply.has_value();
    }
  };
  bool fine = true;
  loop.run(all_lanes(one, fine));
  CHECK(fine);
  CHECK(one.transport.counters().connections_opened.value() == 3);
}

TEST_CASE("the handler learns how long the caller waits, on its own clock") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(echo);
  one.transport.set_addresses({two.address()});
  const Instant before = two.clock.now();
  REQUIRE(ask(loop, one, NodeId(2), message_of("x"), 20s));
  CHECK(echo.deadline > before);
  CHECK(echo.deadline <= two.clock.now() + 20s + 1ms);
}

TEST_CASE("a call ends at its deadline, and a late reply disturbs nobody") {
  TestLoop loop;
  Holding holding;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(holding);
  one.transport.set_addresses({two.address()});
  const Instant before = one.clock.now();
  const Result<Message> reply = ask(loop, one, NodeId(2), message_of("slow"), 20ms);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::timeout);
  CHECK(one.clock.now() >= before + 20ms);
  loop.run_until([&] { return !holding.held.empty(); });
  holding.answer_all_backwards();
  Echo echo;
  two.transport.serve(echo);
  const Result<Message> next = ask(loop, one, NodeId(2), message_of("next"));
  REQUIRE(next);
  CHECK(next->meta == "next");
}

TEST_CASE("a call whose deadline has passed is not sent") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(echo);
  one.transport.set_addresses({two.address()});
  const Result<Message> reply = ask(loop, one, NodeId(2), message_of("x"), 0s);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::timeout);
  CHECK(two.transport.counters().requests_served.value() == 0);
}

TEST_CASE("a peer that goes away in the middle of a call leaves its outcome unknown") {
  TestLoop loop;
  Holding holding;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(holding);
  one.transport.set_addresses({two.address()});
  std::optional<Result<Message>> answer;
  loop.spawn(ask(one, NodeId(2), message_of("x"), 30s, answer));
  loop.run_until([&] { return !holding.held.empty(); });
  CHECK(one.transport.reachable(NodeId(2)));
  two.transport.stop();
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::connection_lost);
  CHECK_FALSE(one.transport.reachable(NodeId(2)));
  holding.answer_all_backwards();
}

TEST_CASE("stopping ends the calls under way") {
  TestLoop loop;
  Holding holding;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(holding);
  one.transport.set_addresses({two.address()});
  std::optional<Result<Message>> answer;
  loop.spawn(ask(one, NodeId(2), message_of("x"), 30s, answer));
  loop.run_until([&] { return !holding.held.empty(); });
  one.transport.stop();
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::connection_lost);
  const Result<Message> later = ask(loop, one, NodeId(2), message_of("x"));
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ErrorCode::unreachable);
  holding.answer_all_backwards();
}

TEST_CASE("a call that cannot be delivered is unreachable, and says why") {
  TestLoop loop;
  TestNode one(loop, NodeId(1));
  one.transport.set_addresses({PeerAddress{NodeId(2), "127.0.0.1", loop.unused_port()}});
  CHECK(one.transport.reachable(NodeId(2)));
  const Result<Message> refused = ask(loop, one, NodeId(2), message_of("x"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unreachable);
  CHECK(refused.error().message.find("refused") != std::string::npos);
  CHECK_FALSE(one.transport.reachable(NodeId(2)));

  const Result<Message> unknown = ask(loop, one, NodeId(9), message_of("x"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::unreachable);
  CHECK_FALSE(one.transport.reachable(NodeId(9)));
}

TEST_CASE("a peer that serves nothing yet is unreachable") {
  TestLoop loop;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  one.transport.set_addresses({two.address()});
  const Result<Message> reply = ask(loop, one, NodeId(2), message_of("x"));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::unreachable);
  CHECK(one.transport.reachable(NodeId(2)));
}

TEST_CASE("a message beyond the bounds is refused by the sender") {
  TestLoop loop;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  one.transport.set_addresses({two.address()});
  Message request = message_of(std::string(meta_size_max + 1, 'x'));
  const Result<Message> reply = ask(loop, one, NodeId(2), std::move(request));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::invalid_argument);
}

TEST_CASE("nodes of another cluster never talk") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2), PeerOptions(), 99);
  two.transport.serve(echo);
  one.transport.set_addresses({two.address()});
  const Result<Message> reply = ask(loop, one, NodeId(2), message_of("x"));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::unreachable);
  CHECK(reply.error().message.find("belongs to cluster 99") != std::string::npos);
  CHECK(one.transport.counters().hellos_refused.value() == 1);
  CHECK(two.transport.counters().hellos_refused.value() == 1);
  CHECK(two.transport.counters().requests_served.value() == 0);
}

TEST_CASE("a node that answers at another's address is not believed") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(echo);
  one.transport.set_addresses({PeerAddress{NodeId(3), "127.0.0.1", two.port}});
  const Result<Message> reply = ask(loop, one, NodeId(3), message_of("x"));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::unreachable);
  CHECK(reply.error().message.find("node 2 answers where node 3 was expected") !=
        std::string::npos);
}

TEST_CASE("a peer that comes back is noticed without being asked") {
  TestLoop loop;
  Echo echo;
  PeerOptions options;
  options.backoff_min = 5ms;
  options.backoff_max = 20ms;
  TestNode one(loop, NodeId(1), options);
  auto two = std::make_unique<TestNode>(loop, NodeId(2));
  two->transport.serve(echo);
  one.transport.set_addresses({two->address()});
  REQUIRE(ask(loop, one, NodeId(2), message_of("x")));
  const std::uint16_t port = two->port;
  two.reset();
  loop.run_until([&] { return !one.transport.reachable(NodeId(2)); });
  TestNode again(loop, NodeId(2), PeerOptions(), 1, port);
  again.transport.serve(echo);
  loop.run_until([&] { return one.transport.reachable(NodeId(2)); });
  CHECK(ask(loop, one, NodeId(2), message_of("x")));
}

TEST_CASE("too many calls or bytes under way to one peer are refused") {
  TestLoop loop;
  Holding holding;
  PeerOptions options;
  options.calls_max = 2;
  options.queued_bytes_max = 1000;
  TestNode one(loop, NodeId(1), options);
  TestNode two(loop, NodeId(2));
  two.transport.serve(holding);
  one.transport.set_addresses({two.address()});
  std::optional<Result<Message>> first, second;

  SECTION("calls") {
    loop.spawn(ask(one, NodeId(2), message_of("x"), 30s, first));
    loop.spawn(ask(one, NodeId(2), message_of("x"), 30s, second));
    loop.run_until([&] { return holding.held.size() == 2; });
    const Result<Message> third = ask(loop, one, NodeId(2), message_of("x"));
    REQUIRE_FALSE(third);
    CHECK(third.error().code == ErrorCode::busy);
  }
  SECTION("bytes") {
    loop.spawn(ask(one, NodeId(2), message_of(std::string(5000, 'x')), 30s, first));
    loop.spawn(ask(one, NodeId(2), message_of(std::string(5000, 'x')), 30s, second));
    loop.run_until([&] { return second.has_value(); });
    REQUIRE_FALSE(*second);
    CHECK(second->error().code == ErrorCode::busy);
    loop.run_until([&] { return holding.held.size() == 1; });
  }
  holding.answer_all_backwards();
  loop.run_until([&] { return first.has_value(); });
  CHECK(*first);
  loop.run_until([&] { return second.has_value(); });
}

TEST_CASE("a connection with enough requests under way is not read") {
  TestLoop loop;
  Holding holding;
  PeerOptions options;
  options.served_max = 3;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2), options);
  two.transport.serve(holding);
  one.transport.set_addresses({two.address()});
  std::vector<std::optional<Result<Message>>> answers(20);
  for (auto& answer : answers) loop.spawn(ask(one, NodeId(2), message_of("x"), 30s, answer));
  std::size_t answered = 0;
  std::size_t most_held = 0;
  while (answered < answers.size()) {
    loop.run_until([&] { return !holding.held.empty(); });
    for (int turn = 0; turn < 20; ++turn) loop.poll();
    most_held = std::max(most_held, holding.held.size());
    answered += holding.held.size();
    holding.answer_all_backwards();
  }
  CHECK(most_held == 3);
  loop.run_until([&] { return std::ranges::all_of(answers, has_answer); });
  for (const auto& answer : answers) CHECK((answer && *answer));
}

TEST_CASE("a peer that was removed is not called any more") {
  TestLoop loop;
  Holding holding;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(holding);
  one.transport.set_addresses({two.address()});
  std::optional<Result<Message>> answer;
  loop.spawn(ask(one, NodeId(2), message_of("x"), 30s, answer));
  loop.run_until([&] { return !holding.held.empty(); });
  one.transport.set_addresses({});
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::connection_lost);
  CHECK(one.transport.links().empty());
  holding.answer_all_backwards();
}

TEST_CASE("addresses that did not change keep their connections") {
  TestLoop loop;
  Echo echo;
  TestNode one(loop, NodeId(1));
  TestNode two(loop, NodeId(2));
  two.transport.serve(echo);
  for (int round = 0; round < 3; ++round) {
    one.transport.set_addresses({two.address(), PeerAddress{NodeId(3), "127.0.0.1", 1}});
    REQUIRE(ask(loop, one, NodeId(2), message_of("x")));
  }
  CHECK(one.transport.counters().connections_opened.value() == 1);
}

TEST_CASE("a port that another process listens on is refused") {
  TestLoop loop;
  TestNode one(loop, NodeId(1));
  IoClock clock(loop.context.get_executor());
  SeededRandom random(1);
  for (const PortUse use : {PortUse::alone, PortUse::first_of_several}) {
    PeerTransport transport(loop.context.get_executor(), clock, random);
    const PeerListen where{"127.0.0.1", one.port, use};
    const Result<std::uint16_t> port = transport.start(PeerIdentity{1, NodeId(2), 1}, where);
    REQUIRE_FALSE(port);
    CHECK(port.error().code == ErrorCode::busy);
  }
}

}  // namespace
}  // namespace ouro::net
