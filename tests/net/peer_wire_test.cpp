// The transport against peers that a test writes byte by byte.
#include "net/peer_transport.hpp"
#include "runtime/frame.hpp"
#include "tests/net/peer_test_node.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <optional>

namespace ouro::net {
namespace {

using namespace std::chrono_literals;
using tcp = asio::ip::tcp;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

std::string hello_of(NodeId node, std::uint64_t cluster = 1) {
  Hello hello;
  hello.cluster = cluster;
  hello.node = node;
  hello.boot = 1;
  return encode_hello(hello);
}

std::string frame_of(FrameType type, std::uint64_t stream, const Message& message) {
  FrameHeader header;
  header.type = type;
  header.stream = stream;
  header.deadline_ms = 30'000;
  std::string bytes = encode_frame_start(header, message);
  for (const SharedBytes& piece : message.attachment) bytes += piece.view();
  return bytes + encode_attachment_end(message);
}

// A socket that speaks raw bytes. An empty string means that the other side closed it.
class Wire {
 public:
  explicit Wire(tcp::socket socket) : socket_(std::move(socket)) {}

  Task<void> write(std::string bytes) {
    co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
  }
  Task<std::string> read(std::size_t size) {
    std::string bytes(size, '\0');
    const auto [error, count] = co_await asio::async_read(socket_, asio::buffer(bytes), as_result);
    if (error) bytes.clear();
    co_return bytes;
  }
  /// The next frame that is no ping or pong; nothing once closed.
  Task<std::optional<Frame>> next_frame() {
    while (true) {
      const std::string start = co_await read(frame_header_size);
      if (start.empty()) co_return std::nullopt;
      const Result<FrameHeader> header = decode_frame_header(start);
      Frame frame;
      frame.header = *header;
      frame.message.kind = header->kind;
      if (header->meta_size > 0) frame.message.meta = co_await read(header->meta_size);
      const bool heartbeat = header->type == FrameType::ping || header->type == FrameType::pong;
      if (!heartbeat) co_return frame;
    }
  }
  void close() { socket_.close(); }

 private:
  tcp::socket socket_;
};

Task<Wire> connect_to(TestNode& node) {
  tcp::socket socket(co_await asio::this_coro::executor);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), node.port);
  co_await socket.async_connect(endpoint, asio::use_awaitable);
  co_return Wire(std::move(socket));
}

struct Listener {
  explicit Listener(TestLoop& loop)
      : acceptor(loop.context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  PeerAddress address(NodeId node) const {
    return PeerAddress{node, "127.0.0.1", acceptor.local_endpoint().port()};
  }
  /// Accepts and exchanges Hellos as `node`.
  Task<Wire> accept(NodeId node) {
    Wire wire(co_await acceptor.async_accept(asio::use_awaitable));
    const std::string theirs = co_await wire.read(hello_size);
    CHECK(decode_hello(theirs));
    co_await wire.write(hello_of(node));
    co_return wire;
  }

  tcp::acceptor acceptor;
};

Task<void> ask(TestNode& from, NodeId to, Message request, std::optional<Result<Message>>& answer) {
  const Instant deadline = from.clock.now() + Duration(30s);
  answer = co_await from.transport.call(to, PeerLane::foreground, std::move(request), deadline);
}

Task<void> send_damaged_request(TestNode& to, std::size_t flip, bool& closed) {
  Wire wire = co_await connect_to(to);
  co_await wire.write(hello_of(NodeId(9)));
  const std::string theirs = co_await wire.read(hello_size);
  Message request = message_of("meta");
  request.attachment.emplace_back(std::string(10, 'a'));
  std::string bytes = frame_of(FrameType::request, 1, request);
  bytes[flip] = static_cast<char>(bytes[flip] ^ 1);
  co_await wire.write(bytes);
  const std::optional<Frame> answer = co_await wire.next_frame();
  closed = !theirs.empty() && !answer.has_value();
}

TEST_CASE("damaged bytes close the connection, are counted, and are never served") {
  // In the stream number, the checksum, the metadata, the attachment and its checksum.
  for (const std::size_t flip : {8, 30, 33, 40, 47}) {
    CAPTURE(flip);
    TestLoop loop;
    Echo echo;
    TestNode node(loop, NodeId(1));
    node.transport.serve(echo);
    bool closed = false;
    loop.run(send_damaged_request(node, flip, closed));
    CHECK(closed);
    CHECK(node.transport.counters().frames_damaged.value() == 1);
    CHECK(node.transport.counters().requests_served.value() == 0);
    CHECK(node.transport.last_accept_failure().find("damaged") != std::string::npos);
  }
}

Task<void> say(TestNode& to, std::string bytes, std::string& answer, bool& closed) {
  Wire wire = co_await connect_to(to);
  co_await wire.write(bytes);
  answer = co_await wire.read(hello_size);
  closed = answer.empty();
  if (closed) co_return;
  const std::string more = co_await wire.read(1);
  closed = more.empty();
}

TEST_CASE("whoever does not say Hello gets no answer") {
  TestLoop loop;
  TestNode node(loop, NodeId(1));
  std::string answer;
  bool closed = false;
  loop.run(say(node, "GET / HTTP/1.1\r\nHost: here\r\n\r\n....", answer, closed));
  CHECK(answer.empty());
  CHECK(closed);
  CHECK(node.transport.counters().hellos_refused.value() == 1);
}

TEST_CASE("a peer that is refused learns whom it reached") {
  TestLoop loop;
  TestNode node(loop, NodeId(1));
  Hello newer;
  newer.cluster = 1;
  newer.node = NodeId(2);
  newer.version_min = newer.version_max = wire_version_max + 1;
  for (const std::string& bytes :
       {hello_of(NodeId(2), 99), hello_of(NodeId(1)), hello_of(NodeId(0)), encode_hello(newer)}) {
    std::string answer;
    bool closed = false;
    loop.run(say(node, bytes, answer, closed));
    const Result<Hello> hello = decode_hello(answer);
    REQUIRE(hello);
    CHECK(hello->cluster == 1);
    CHECK(hello->node == NodeId(1));
    CHECK(closed);
  }
}

Task<void> send_unknown_then_known(TestNode& to, std::vector<Frame>& answers) {
  Wire wire = co_await connect_to(to);
  co_await wire.write(hello_of(NodeId(9)));
  const std::string theirs = co_await wire.read(hello_size);
  Message message = message_of("meta");
  message.attachment.emplace_back(std::string(10, 'a'));
  co_await wire.write(frame_of(static_cast<FrameType>(99), 5, message));
  const std::string known = frame_of(FrameType::request, 6, message_of("known"));
  co_await wire.write(known);
  for (int count = 0; count < 2; ++count) {
    std::optional<Frame> answer = co_await wire.next_frame();
    if (answer) answers.push_back(std::move(*answer));
  }
}

TEST_CASE("a frame of an unknown type is answered with an error, and the connection goes on") {
  TestLoop loop;
  Echo echo;
  TestNode node(loop, NodeId(1));
  node.transport.serve(echo);
  std::vector<Frame> answers;
  loop.run(send_unknown_then_known(node, answers));
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].header.type == FrameType::error);
  CHECK(answers[0].header.stream == 5);
  CHECK(decode_error(answers[0].message.meta).code == ErrorCode::unsupported);
  CHECK(answers[1].header.type == FrameType::reply);
  CHECK(answers[1].header.stream == 6);
  CHECK(answers[1].message.meta == "known");
  CHECK(node.transport.counters().frames_unknown.value() == 1);
}

Task<void> answer_damaged(Listener& listener) {
  Wire wire = co_await listener.accept(NodeId(2));
  const std::optional<Frame> request = co_await wire.next_frame();
  std::string bytes = frame_of(FrameType::reply, request->header.stream, request->message);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  co_await wire.write(bytes);
  const std::string end = co_await wire.read(1);
  CHECK(end.empty());
}

TEST_CASE("a damaged reply is not believed: the outcome is unknown") {
  TestLoop loop;
  Listener listener(loop);
  TestNode node(loop, NodeId(1));
  node.transport.set_addresses({listener.address(NodeId(2))});
  std::optional<Result<Message>> answer;
  loop.spawn(ask(node, NodeId(2), message_of("x"), answer));
  loop.run(answer_damaged(listener));
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::connection_lost);
  CHECK(node.transport.counters().frames_damaged.value() == 1);
}

Task<void> hang_up_after_hello(Listener& listener) {
  Wire wire(co_await listener.acceptor.async_accept(asio::use_awaitable));
  const std::string theirs = co_await wire.read(hello_size);
  CHECK(decode_hello(theirs));
}

TEST_CASE("a connection that ends before the peer's Hello delivered nothing") {
  TestLoop loop;
  Listener listener(loop);
  TestNode node(loop, NodeId(1));
  node.transport.set_addresses({listener.address(NodeId(2))});
  std::optional<Result<Message>> answer;
  loop.spawn(ask(node, NodeId(2), message_of("x"), answer));
  loop.run(hang_up_after_hello(listener));
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::unreachable);
}

Task<void> hang_up_after_request(Listener& listener) {
  Wire wire = co_await listener.accept(NodeId(2));
  const std::optional<Frame> request = co_await wire.next_frame();
  CHECK(request);
}

TEST_CASE("a connection that ends after the request was read leaves the outcome unknown") {
  TestLoop loop;
  Listener listener(loop);
  TestNode node(loop, NodeId(1));
  node.transport.set_addresses({listener.address(NodeId(2))});
  std::optional<Result<Message>> answer;
  loop.spawn(ask(node, NodeId(2), message_of("x"), answer));
  loop.run(hang_up_after_request(listener));
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::connection_lost);
}

Task<void> stay_silent(Listener& listener, bool& closed) {
  Wire wire = co_await listener.accept(NodeId(2));
  std::string bytes = co_await wire.read(1);
  while (!bytes.empty()) bytes = co_await wire.read(1);
  closed = true;
}

PeerOptions impatient() {
  PeerOptions options;
  options.heartbeat = 10ms;
  options.silence_max = 40ms;
  return options;
}

TEST_CASE("a peer that says nothing is given up long before the deadline") {
  TestLoop loop;
  Listener listener(loop);
  TestNode node(loop, NodeId(1), impatient());
  node.transport.set_addresses({listener.address(NodeId(2))});
  std::optional<Result<Message>> answer;
  bool closed = false;
  loop.spawn(ask(node, NodeId(2), message_of("x"), answer));
  loop.run(stay_silent(listener, closed));
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::connection_lost);
  CHECK(answer->error().message.find("nothing heard") != std::string::npos);
  CHECK_FALSE(node.transport.reachable(NodeId(2)));
}

TEST_CASE("a peer that accepts but never says Hello is unreachable") {
  TestLoop loop;
  Listener listener(loop);  // its backlog accepts, nobody reads
  TestNode node(loop, NodeId(1), impatient());
  node.transport.set_addresses({listener.address(NodeId(2))});
  std::optional<Result<Message>> answer;
  loop.spawn(ask(node, NodeId(2), message_of("x"), answer));
  loop.run_until([&] { return answer.has_value(); });
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == ErrorCode::unreachable);
}

Task<void> count_pings(Listener& listener, int& pings) {
  Wire wire = co_await listener.accept(NodeId(2));
  std::uint64_t stream = 0;
  while (pings < 10) {
    const std::string start = co_await wire.read(frame_header_size);
    const Result<FrameHeader> header = decode_frame_header(start);
    if (!header) co_return;
    if (header->type == FrameType::request) {
      const std::string meta = co_await wire.read(header->meta_size);
      stream = header->stream;
    }
    if (header->type != FrameType::ping) continue;
    ++pings;
    const std::string pong = frame_of(FrameType::pong, 0, Message());
    co_await wire.write(pong);
  }
  const std::string reply = frame_of(FrameType::reply, stream, message_of("at last"));
  co_await wire.write(reply);
  const std::string end = co_await wire.read(1);
}

TEST_CASE("an idle connection whose peer answers pings stays up") {
  TestLoop loop;
  Listener listener(loop);
  TestNode node(loop, NodeId(1), impatient());
  node.transport.set_addresses({listener.address(NodeId(2))});
  std::optional<Result<Message>> answer;
  int pings = 0;
  loop.spawn(ask(node, NodeId(2), message_of("x"), answer));
  loop.spawn(count_pings(listener, pings));
  loop.run_until([&] { return answer.has_value(); });
  CHECK(pings == 10);
  REQUIRE(*answer);
  CHECK((*answer)->meta == "at last");
}

Task<void> claim_dead_deadline(TestNode& to, std::optional<Frame>& answer) {
  Wire wire = co_await connect_to(to);
  co_await wire.write(hello_of(NodeId(9)));
  const std::string theirs = co_await wire.read(hello_size);
  FrameHeader header;
  header.stream = 3;
  const Message request = message_of("late");
  co_await wire.write(encode_frame_start(header, request));
  answer = co_await wire.next_frame();
}

TEST_CASE("a request whose deadline has passed is dropped with an answer") {
  TestLoop loop;
  Echo echo;
  TestNode node(loop, NodeId(1));
  node.transport.serve(echo);
  std::optional<Frame> answer;
  loop.run(claim_dead_deadline(node, answer));
  REQUIRE(answer);
  CHECK(answer->header.type == FrameType::error);
  CHECK(answer->header.stream == 3);
  CHECK(decode_error(answer->message.meta).code == ErrorCode::timeout);
  CHECK(node.transport.counters().requests_late.value() == 1);
  CHECK(node.transport.counters().requests_served.value() == 0);
}

}  // namespace
}  // namespace ouro::net
