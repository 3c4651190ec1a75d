// Who is let in, who is not any more, and what somebody may ask who does not belong yet.
#include "net/peer_transport.hpp"
#include "runtime/frame.hpp"
#include "tests/net/peer_test_node.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace ouro::net {
namespace {

using namespace std::chrono_literals;
using tcp = asio::ip::tcp;
using Answer = std::optional<Result<Message>>;

constexpr NodeId one_id{1}, two_id{2}, three_id{3};

// A transport that has no identity yet.
struct Joiner {
  explicit Joiner(TestLoop& on)
      : loop(on),
        clock(loop.context.get_executor()),
        random(99),
        transport(loop.context.get_executor(), clock, random) {}
  ~Joiner() { loop.run(transport.close()); }
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;

  TestLoop& loop;
  IoClock clock;
  SeededRandom random;
  PeerTransport transport;
};

Task<void> introduce(PeerTransport& transport, Clock& clock, std::uint16_t port, Message request,
                     Answer& answer) {
  const Instant deadline = clock.now() + Duration(30s);
  answer = co_await transport.introduce("127.0.0.1", port, std::move(request), deadline);
}

Result<Message> introduce(TestLoop& loop, Joiner& joiner, std::uint16_t port,
                          Message request = message_of("who are you")) {
  Answer answer;
  loop.run(introduce(joiner.transport, joiner.clock, port, std::move(request), answer));
  return *answer;
}

Task<void> ask(TestNode& from, NodeId to, Answer& answer, Duration patience) {
  const Instant deadline = from.clock.now() + patience;
  Message request = message_of("x");
  answer = co_await from.transport.call(to, PeerLane::foreground, std::move(request), deadline);
}

Result<Message> ask(TestLoop& loop, TestNode& from, NodeId to) {
  Answer answer;
  loop.run(ask(from, to, answer, 30s));
  return *answer;
}

std::string stranger_hello(PeerLane lane = PeerLane::control) {
  Hello hello;
  hello.lane = lane;
  return encode_hello(hello);
}

std::string request_of(std::string meta, std::uint64_t stream = 1) {
  FrameHeader header;
  header.stream = stream;
  header.deadline_ms = 30'000;
  return encode_frame_start(header, message_of(std::move(meta)));
}

// Writes `bytes` and reads until the other side closes.
Task<void> say(std::uint16_t port, std::string bytes, std::string& answer) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  co_await socket.async_connect(endpoint, asio::use_awaitable);
  const auto as_result = asio::as_tuple(asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(bytes), as_result);
  auto reading = asio::async_read(socket, asio::dynamic_buffer(answer), as_result);
  co_await std::move(reading);
}

TEST_CASE("a process without an identity may ask a node and learns its answer") {
  TestLoop loop;
  Echo echo;
  TestNode two(loop, two_id);
  two.transport.serve(echo);
  echo.from = NodeId{77};
  Joiner joiner(loop);
  const Result<Message> reply = introduce(loop, joiner, two.port);
  REQUIRE(reply);
  CHECK(reply->meta == "who are you");
  CHECK(echo.from == NodeId{0});
}

TEST_CASE("a member of another cluster is a stranger when it introduces itself") {
  TestLoop loop;
  Echo echo;
  TestNode two(loop, two_id);
  two.transport.serve(echo);
  TestNode other(loop, one_id, PeerOptions(), 99);
  Answer answer;
  loop.run(introduce(other.transport, other.clock, two.port, message_of("x"), answer));
  CHECK(*answer);
  CHECK(echo.from == NodeId{0});
}

TEST_CASE("an introduction to nobody is unreachable and names the address") {
  TestLoop loop;
  Joiner joiner(loop);
  const std::uint16_t port = loop.unused_port();
  const Result<Message> reply = introduce(loop, joiner, port);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::unreachable);
  CHECK(reply.error().message.find("127.0.0.1:" + std::to_string(port)) == 0);
}

Task<void> introduce_briefly(Joiner& joiner, std::uint16_t port, Answer& answer) {
  const Instant deadline = joiner.clock.now() + Duration(20ms);
  Message request = message_of("x");
  answer = co_await joiner.transport.introduce("127.0.0.1", port, std::move(request), deadline);
}

TEST_CASE("an introduction ends at its deadline and when its transport stops") {
  TestLoop loop;
  Holding slow, holding;
  TestNode one(loop, one_id);
  TestNode two(loop, two_id);
  one.transport.serve(slow);
  two.transport.serve(holding);
  Joiner joiner(loop);
  Answer timed;
  loop.run(introduce_briefly(joiner, one.port, timed));
  CHECK_FALSE(*timed);
  Answer stopped;
  loop.spawn(introduce(joiner.transport, joiner.clock, two.port, message_of("x"), stopped));
  loop.run_until([&] { return !holding.held.empty(); });
  joiner.transport.stop();
  loop.run_until([&] { return stopped.has_value(); });
  CHECK(stopped->error().code == ErrorCode::connection_lost);
  slow.answer_all_backwards();
  holding.answer_all_backwards();
}

TEST_CASE("what a stranger may not ask is refused before it is sent") {
  TestLoop loop;
  Joiner joiner(loop);
  Message large = message_of(std::string(stranger_meta_max + 1, 'x'));
  Message attached = message_of("x");
  attached.attachment.emplace_back(std::string("y"));
  for (const Message& request : {large, attached}) {
    const Result<Message> reply = introduce(loop, joiner, loop.unused_port(), request);
    CHECK(reply.error().code == ErrorCode::invalid_argument);
  }
}

TEST_CASE("a stranger that asks too much is cut off unheard") {
  TestLoop loop;
  Echo echo;
  TestNode two(loop, two_id);
  two.transport.serve(echo);
  std::string answer;
  loop.run(say(two.port, stranger_hello() + request_of(std::string(stranger_meta_max + 1, 'x')),
               answer));
  CHECK(answer.size() <= hello_size);
  CHECK(two.transport.counters().requests_served.value() == 0);
}

TEST_CASE("a stranger that asks twice is cut off") {
  TestLoop loop;
  Holding holding;
  TestNode two(loop, two_id);
  two.transport.serve(holding);
  std::string answer;
  loop.run(say(two.port, stranger_hello() + request_of("1") + request_of("2", 2), answer));
  CHECK(holding.held.size() <= 1);
  CHECK(two.transport.last_accept_failure().find("twice") != std::string::npos);
  holding.answer_all_backwards();
}

TEST_CASE("a stranger is shown out after its answer, and after a while without one") {
  TestLoop loop;
  Echo echo;
  PeerOptions options;
  options.stranger_time = 30ms;
  TestNode patient(loop, one_id);
  TestNode two(loop, two_id, options);
  patient.transport.serve(echo);
  std::string answer;
  loop.run(say(patient.port, stranger_hello() + request_of("once"), answer));
  CHECK(answer.size() == hello_size + frame_header_size + 4);
  answer.clear();
  loop.run(say(two.port, stranger_hello(), answer));
  CHECK(answer.size() == hello_size);
  CHECK(two.transport.last_accept_failure().find("too long") != std::string::npos);
}

TEST_CASE("a stranger is turned away from other lanes than control") {
  TestLoop loop;
  Echo echo;
  TestNode two(loop, two_id);
  two.transport.serve(echo);
  std::string answer;
  loop.run(say(two.port, stranger_hello(PeerLane::bulk) + request_of("x"), answer));
  REQUIRE(answer.size() == hello_size);
  CHECK(decode_hello(answer)->node == NodeId{0});
  CHECK(two.transport.counters().requests_served.value() == 0);
}

TEST_CASE("so many strangers are listened to and no more") {
  TestLoop loop;
  Holding holding;
  TestNode two(loop, two_id);
  two.transport.serve(holding);
  Joiner joiner(loop);
  std::vector<Answer> answers(stranger_connections_max);
  for (Answer& answer : answers)
    loop.spawn(introduce(joiner.transport, joiner.clock, two.port, message_of("x"), answer));
  loop.run_until([&] { return holding.held.size() == stranger_connections_max; });
  const Result<Message> refused = introduce(loop, joiner, two.port);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::busy);
  holding.answer_all_backwards();
  loop.run_until([&] { return std::ranges::all_of(answers, [](const auto& a) { return !!a; }); });
  for (const Answer& answer : answers) CHECK(*answer);
  Echo echo;
  two.transport.serve(echo);
  Answer again;  // the others' ends may still be on their way
  while (!again || !*again) again = introduce(loop, joiner, two.port);
  CHECK((*again)->meta == "who are you");
}

TEST_CASE("addresses that were set before the identity was known are dialled when it is") {
  TestLoop loop;
  Echo echo;
  TestNode two(loop, two_id);
  two.transport.serve(echo);
  Joiner joiner(loop);
  joiner.transport.set_addresses({two.address(), PeerAddress{one_id, "127.0.0.1", 1}});
  REQUIRE(joiner.transport.start(PeerIdentity{1, one_id, 5}, PeerListen()));
  loop.run_until([&] {
    const auto links = joiner.transport.links();
    return links.size() == 1 && links[0].open && links[0].boot == 1;
  });
}

TEST_CASE("who is not in the list of addresses is told so, and comes in once it is") {
  TestLoop loop;
  Echo echo;
  PeerOptions options;
  options.backoff_min = options.backoff_max = 5ms;
  TestNode one(loop, one_id, options);
  TestNode two(loop, two_id);
  two.transport.serve(echo);
  two.transport.set_addresses({PeerAddress{three_id, "127.0.0.1", loop.unused_port()}});
  one.transport.set_addresses({two.address()});
  const Result<Message> refused = ask(loop, one, two_id);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unreachable);
  CHECK(refused.error().message.find("does not know it as a member") != std::string::npos);
  CHECK_FALSE(one.transport.reachable(two_id));
  CHECK_FALSE(one.transport.was_lost(two_id));
  two.transport.set_addresses({one.address()});
  loop.run_until([&] { return one.transport.reachable(two_id); });
  CHECK(ask(loop, one, two_id));
}

TEST_CASE("what a removed peer had opened is closed, and it is not let in again") {
  TestLoop loop;
  Holding holding;
  TestNode one(loop, one_id);
  TestNode two(loop, two_id);
  two.transport.serve(holding);
  two.transport.set_addresses({one.address()});
  one.transport.set_addresses({two.address()});
  Answer answer;
  loop.spawn(ask(one, two_id, answer, 30s));
  loop.run_until([&] { return !holding.held.empty(); });
  two.transport.set_addresses({PeerAddress{three_id, "127.0.0.1", loop.unused_port()}});
  loop.run_until([&] { return answer.has_value(); });
  CHECK(answer->error().code == ErrorCode::connection_lost);
  CHECK(two.transport.links().size() == 1);
  loop.run_until([&] {
    return one.transport.links()[0].last_failure.find("does not know") != std::string::npos;
  });
  holding.answer_all_backwards();
}

TEST_CASE("a peer that moved is called at its new address, and its loss is remembered") {
  TestLoop loop;
  Echo before, after;
  TestNode one(loop, one_id);
  TestNode old_place(loop, two_id);
  TestNode new_place(loop, two_id);
  old_place.transport.serve(before);
  new_place.transport.serve(after);
  one.transport.set_addresses({old_place.address()});
  REQUIRE(ask(loop, one, two_id));
  one.transport.set_addresses({new_place.address()});
  REQUIRE(ask(loop, one, two_id));
  CHECK(after.from == one_id);
  CHECK(new_place.transport.counters().requests_served.value() == 1);
  CHECK(one.transport.was_lost(two_id));
  CHECK(one.transport.links().size() == 1);
}

TEST_CASE("somebody else behind a peer's address shows in the state of its link") {
  TestLoop loop;
  TestNode one(loop, one_id);
  TestNode two(loop, two_id);
  one.transport.set_addresses({PeerAddress{three_id, "127.0.0.1", two.port}});
  loop.run_until([&] { return !one.transport.links()[0].last_failure.empty(); });
  CHECK(one.transport.links()[0].last_failure.find("node 2 answers where node 3") == 0);
  CHECK_FALSE(one.transport.reachable(three_id));
}

}  // namespace
}  // namespace ouro::net
