#include "net/http_server.hpp"
#include "net/http_client.hpp"
#include "net/io_clock.hpp"
#include "runtime/coroutine.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace ouro;
using namespace ouro::net;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t big = 8 << 20;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 24);
  return bytes;
}

/// Answers by target: see answer().
class TestHandler final : public HttpHandler {
 public:
  explicit TestHandler(Clock& clock) : clock_(clock), big_(pattern(big)) {}

  Admission admit(const HttpHead& head) override {
    Admission admission;
    admission.body_size_max = head.target == "/small" ? 10 : big;
    if (head.target == "/denied") {
      admission.refusal.status = 403;
      admission.refusal.body = SharedBytes(std::string("denied"));
    }
    return admission;
  }

  Task<HttpResponse> answer(HttpRequest& request) override {
    if (request.head.target == "/throw") throw std::runtime_error("a handler that fails");
    if (request.head.target == "/later") {
      const Instant due = clock_.now() + 5ms;
      co_await sleep_until(clock_, due);
    }
    HttpResponse response;
    response.body = SharedBytes(std::string(request.head.target));
    if (request.head.target == "/echo") response.body = request.body;
    if (request.head.target == "/big") response.body = big_;
    if (request.head.target == "/none") response.status = 204;
    if (request.head.target == "/evil") response.set("X-Name", "a\r\nSet-Cookie: b");
    if (request.head.method == HttpMethod::head) {
      response.body = SharedBytes();
      response.head_content_length = 77;
    }
    co_return response;
  }

  HttpResponse refuse(unsigned status, std::string_view code, std::string_view detail) override {
    HttpResponse response;
    response.status = status;
    response.body = SharedBytes(std::string(code) + ": " + std::string(detail));
    return response;
  }

 private:
  Clock& clock_;
  SharedBytes big_;
};

/// A server on a thread of its own.
class Fixture {
 public:
  explicit Fixture(HttpServerOptions options = {})
      : clock_(loop_.get_executor()),
        handler_(clock_),
        server_(std::move(*HttpServer::listen(loop_.get_executor(), clock_, handler_, options))),
        thread_([this] { loop_.run(); }) {}

  ~Fixture() {
    on_loop([this] { server_.reset(); });
    loop_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return server_->port(); }
  Clock& clock() { return clock_; }
  HttpServer& server() { return *server_; }
  asio::io_context& loop() { return loop_; }

  HttpClientRequest request(std::string target, std::string method = "GET") const {
    HttpClientRequest request;
    request.port = port();
    request.target = std::move(target);
    request.method = std::move(method);
    return request;
  }

  template <class F>
  void on_loop(F f) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  IoClock clock_;
  TestHandler handler_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

/// A socket that says exactly what it is told to.
class Raw {
 public:
  explicit Raw(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic{};
    std::memcpy(&generic, &address, sizeof generic);
    connected_ = ::connect(socket_, &generic, sizeof generic) == 0;
  }
  ~Raw() { ::close(socket_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  bool connected() const { return connected_; }

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// What one read returns; empty at the end or after the time limit.
  std::string read_once() {
    std::string text(64 << 10, '\0');
    const ssize_t count = ::recv(socket_, text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    closed_ = count == 0;
    return text;
  }

  /// Reads until `end` is there, or the connection ended.
  std::string read_until(std::string_view end) {
    std::string text;
    while (text.find(end) == text.npos) {
      const std::string more = read_once();
      if (more.empty()) break;
      text += more;
    }
    return text;
  }

  std::string read_to_end() {
    std::string text;
    for (std::string more = read_once(); !more.empty(); more = read_once()) text += more;
    return text;
  }

  /// The other side has ended the connection in order.
  bool closed() const { return closed_; }

 private:
  int socket_;
  bool connected_ = false;
  bool closed_ = false;
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

bool starts_with_status(const std::string& text, unsigned status) {
  return text.rfind("HTTP/1.1 " + std::to_string(status) + " ", 0) == 0;
}

HttpServerOptions impatient() {
  HttpServerOptions options;
  options.head_timeout = 50ms;
  options.idle_timeout = 50ms;
  options.body_grace = 50ms;
  options.linger = 50ms;
  options.sweep_interval = 5ms;
  return options;
}

}  // namespace

TEST_CASE("a request is answered with length, date and the handler's body") {
  Fixture fixture;
  const auto response = fetch(fixture.request("/hello"));
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "/hello");
  CHECK(response->field("content-length") == "6");
  CHECK(response->field("date").size() == 29);
  CHECK(response->field("connection").empty());
}

TEST_CASE("one connection serves many requests") {
  Fixture fixture;
  HttpClient client;
  for (int i = 0; i < 200; ++i) {
    const auto response = client.send(fixture.request("/" + std::to_string(i)));
    REQUIRE(response);
    CHECK(response->body == "/" + std::to_string(i));
  }
  std::size_t connections = 0;
  fixture.on_loop([&] { connections = fixture.server().connection_count(); });
  CHECK(connections == 1);
}

TEST_CASE("pipelined requests are answered in order and in one write") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send(get("/1") + get("/2") + get("/3"));
  const std::string text = raw.read_once();
  const std::size_t first = text.find("\r\n\r\n/1HTTP/1.1 200");
  const std::size_t second = text.find("\r\n\r\n/2HTTP/1.1 200");
  const std::size_t third = text.find("\r\n\r\n/3");
  REQUIRE(third != text.npos);
  CHECK(first < second);
  CHECK(second < third);
}

TEST_CASE("pipelined requests wait for a slow one before them") {
  Fixture fixture;
  Raw raw(fixture.port());
  std::string requests;
  std::string expected;
  for (int i = 0; i < 100; ++i) requests += get(i % 3 == 0 ? "/later" : "/" + std::to_string(i));
  raw.send(requests + get("/last", "Connection: close\r\n"));
  const std::string text = raw.read_to_end();
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    at = text.find(i % 3 == 0 ? "\r\n\r\n/later" : "\r\n\r\n/" + std::to_string(i), at);
    REQUIRE(at != text.npos);
    ++at;
  }
  CHECK(text.find("\r\n\r\n/last", at) != text.npos);
  CHECK(raw.closed());
}

TEST_CASE("HEAD and 204 have no body") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/none") + get("/end"));
  const std::string text = raw.read_until("\r\n\r\n/end");
  CHECK(text.find("Content-Length: 77\r\n\r\nHTTP/1.1 204 No Content\r\n") != text.npos);
  CHECK(text.find("/none") == text.npos);
  const auto response = fetch(fixture.request("/x", "HEAD"));
  REQUIRE(response);
  CHECK(response->body.empty());
}

TEST_CASE("a chunked body arrives whole") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send("PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  raw.send("lo\r\n7;x=y\r\n, world\r\n0\r\nT: u\r\n\r\n" + get("/next"));
  const std::string text = raw.read_until("\r\n\r\n/next");
  CHECK(text.find("Content-Length: 12\r\n\r\nhello, worldHTTP/1.1 200") != text.npos);
}

TEST_CASE("big bodies arrive intact both ways") {
  Fixture fixture;
  HttpClient client;
  const auto downloaded = client.send(fixture.request("/big"));
  REQUIRE(downloaded);
  CHECK(downloaded->body == pattern(big));
  HttpClientRequest upload = fixture.request("/echo", "PUT");
  upload.body = pattern(big);
  const auto echoed = client.send(upload);
  REQUIRE(echoed);
  CHECK(echoed->body == upload.body);
}

TEST_CASE("a big chunked body arrives intact") {
  Fixture fixture;
  const std::string body = pattern(1 << 20);
  std::string request =
      "PUT /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 1 << 16)
    request += "10000\r\n" + body.substr(at, 1 << 16) + "\r\n";
  Raw raw(fixture.port());
  raw.send(request + "0\r\n\r\n");
  const std::string text = raw.read_to_end();
  CHECK(text.substr(text.find("\r\n\r\n") + 4) == body);
}

TEST_CASE("100-continue is answered after admission only") {
  Fixture fixture;
  const std::string fields = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  Raw admitted(fixture.port());
  admitted.send("PUT /echo HTTP/1.1\r\n" + fields);
  CHECK(admitted.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  admitted.send("hello");
  CHECK(starts_with_status(admitted.read_until("hello"), 200));

  Raw denied(fixture.port());
  denied.send("PUT /denied HTTP/1.1\r\n" + fields);
  CHECK(starts_with_status(denied.read_to_end(), 403));
  CHECK(denied.closed());
}

TEST_CASE("a body that is too large is refused before it is sent") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send("PUT /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  const std::string text = raw.read_to_end();
  CHECK(starts_with_status(text, 413));
  CHECK(text.find("Connection: close\r\n") != text.npos);
  CHECK(raw.closed());
}

TEST_CASE("a client that sends too large a body sees the refusal") {
  Fixture fixture;
  HttpClientRequest request = fixture.request("/small", "PUT");
  request.body = std::string(500 << 10, 'x');
  const auto response = fetch(request);
  REQUIRE(response);
  CHECK(response->status == 413);
}

TEST_CASE("a request with two framings is refused and the connection closed") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send(
      "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\n" +
      get("/smuggled"));
  const std::string text = raw.read_to_end();
  CHECK(starts_with_status(text, 400));
  CHECK(text.find("smuggled") == text.npos);
  CHECK(raw.closed());
}

TEST_CASE("requests before a malformed one are answered") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send(get("/good") + "BAD\r\n\r\n" + get("/after"));
  const std::string text = raw.read_to_end();
  CHECK(text.find("\r\n\r\n/goodHTTP/1.1 400 Bad Request\r\n") != text.npos);
  CHECK(text.find("/after") == text.npos);
}

TEST_CASE("a handler that throws costs its request and no other") {
  Fixture fixture;
  const auto failed = fetch(fixture.request("/throw"));
  REQUIRE(failed);
  CHECK(failed->status == 500);
  CHECK(fetch(fixture.request("/fine"))->status == 200);
}

TEST_CASE("a line break in a response field does not make a field") {
  Fixture fixture;
  const auto response = fetch(fixture.request("/evil"));
  REQUIRE(response);
  CHECK(response->field("set-cookie").empty());
  CHECK(response->field("x-name") == "a  Set-Cookie: b");
}

TEST_CASE("HTTP/1.0 is answered and closed unless it asks to be kept") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
  const std::string text = raw.read_to_end();
  CHECK(text.find("Connection: keep-alive\r\n") < text.find("/a"));
  CHECK(text.find("Connection: close\r\n") < text.find("/b"));
  CHECK(raw.closed());
}

TEST_CASE("a head that comes too slowly is cut") {
  Fixture fixture(impatient());
  Raw raw(fixture.port());
  raw.send("GET / HTTP/1.1\r\nHost: a\r\n");
  CHECK(starts_with_status(raw.read_to_end(), 408));
  CHECK(raw.closed());
}

TEST_CASE("a body that comes too slowly is cut") {
  Fixture fixture(impatient());
  for (const char* framing : {"Content-Length: 100000", "Transfer-Encoding: chunked"}) {
    CAPTURE(framing);
    Raw raw(fixture.port());
    raw.send("PUT /echo HTTP/1.1\r\nHost: a\r\n" + std::string(framing) + "\r\n\r\n");
    CHECK(starts_with_status(raw.read_to_end(), 408));
    CHECK(raw.closed());
  }
}

TEST_CASE("an idle connection is closed without a word") {
  Fixture fixture(impatient());
  Raw raw(fixture.port());
  CHECK(raw.read_to_end().empty());
  CHECK(raw.closed());
}

TEST_CASE("a client that takes no answer is dropped") {
  HttpServerOptions options = impatient();
  options.write_stall = 50ms;
  options.idle_timeout = 60s;
  Fixture fixture(options);
  Raw raw(fixture.port());
  for (int i = 0; i < 8; ++i) raw.send(get("/big"));
  std::size_t connections = 1;
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (connections > 0 && std::chrono::steady_clock::now() < limit)
    fixture.on_loop([&] { connections = fixture.server().connection_count(); });
  CHECK(connections == 0);
}

TEST_CASE("a connection over the limit is told so") {
  HttpServerOptions options;
  options.connections_max = 2;
  Fixture fixture(options);
  Raw first(fixture.port());
  Raw second(fixture.port());
  first.send(get("/1"));
  second.send(get("/2"));
  first.read_until("/1");
  second.read_until("/2");
  const auto refused = fetch(fixture.request("/3"));
  REQUIRE(refused);
  CHECK(refused->status == 503);
  first.send(get("/4"));
  CHECK(starts_with_status(first.read_until("/4"), 200));
}

TEST_CASE("bodies of all connections together are bounded") {
  HttpServerOptions options;
  options.body_bytes_max = 1 << 20;
  Fixture fixture(options);
  HttpClient client;
  HttpClientRequest upload = fixture.request("/echo", "PUT");
  upload.body = std::string(1 << 20, 'x');
  for (int i = 0; i < 3; ++i) CHECK(client.send(upload)->status == 200);
  upload.body += "x";
  CHECK(fetch(upload)->status == 503);
  upload.body.pop_back();
  CHECK(client.send(upload)->status == 200);
}

TEST_CASE("many connections are served side by side") {
  Fixture fixture;
  std::vector<std::unique_ptr<Raw>> all;
  for (int i = 0; i < 300; ++i) all.push_back(std::make_unique<Raw>(fixture.port()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->send(get("/later"));
    all[i]->send(get("/n" + std::to_string(i)));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string end = "\r\n\r\n/n" + std::to_string(i);
    CHECK(all[i]->read_until(end).find(end) != std::string::npos);
  }
}

TEST_CASE("stopping lets the request under way be answered and closes idle connections") {
  Fixture fixture;
  Raw idle(fixture.port());
  idle.send(get("/idle"));
  idle.read_until("/idle");
  Raw busy(fixture.port());
  std::promise<void> stopped;
  busy.send("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  busy.read_until("\r\n\r\n");
  fixture.on_loop([&] {
    asio::co_spawn(fixture.loop(), fixture.server().stop(fixture.clock().now() + 20s),
                   [&](std::exception_ptr) { stopped.set_value(); });
  });
  CHECK(idle.read_to_end().empty());
  CHECK(idle.closed());
  CHECK(!Raw(fixture.port()).connected());
  busy.send("hello");
  const std::string text = busy.read_to_end();
  CHECK(starts_with_status(text, 200));
  CHECK(text.find("Connection: close\r\n") != text.npos);
  CHECK(stopped.get_future().wait_for(20s) == std::future_status::ready);
}

TEST_CASE("stopping closes what is left at the deadline") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send("GET / HTTP/1.1\r\n");
  raw.send("Host: a\r\n");
  std::promise<void> stopped;
  std::size_t connections = 0;
  while (connections == 0)
    fixture.on_loop([&] { connections = fixture.server().connection_count(); });
  fixture.on_loop([&] {
    asio::co_spawn(fixture.loop(), fixture.server().stop(fixture.clock().now() + 20ms),
                   [&](std::exception_ptr) { stopped.set_value(); });
  });
  CHECK(stopped.get_future().wait_for(20s) == std::future_status::ready);
  CHECK(raw.read_to_end().empty());
}

TEST_CASE("a server that is destroyed drops its connections and the answers under way") {
  Fixture fixture;
  Raw raw(fixture.port());
  raw.send(get("/1"));
  raw.read_until("/1");
  raw.send(get("/later"));
}

TEST_CASE("several servers share a port and one alone does not") {
  HttpServerOptions options;
  options.share_port = true;
  Fixture first(options);
  options.port = first.port();
  Fixture second(options);
  CHECK(second.port() == first.port());
  CHECK(fetch(first.request("/x"))->status == 200);

  asio::io_context loop;
  IoClock clock(loop.get_executor());
  TestHandler handler(clock);
  options.share_port = false;
  const auto third = HttpServer::listen(loop.get_executor(), clock, handler, options);
  REQUIRE(!third);
  CHECK(third.error().code == ErrorCode::exists);
}
