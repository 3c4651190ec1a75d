#include "tests/net/http_fixture.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using namespace ouro;
using namespace ouro::net;
using namespace ouro::net::http_test;

namespace {

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
