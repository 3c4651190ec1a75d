#include "tests/net/http_fixture.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace ouro;
using namespace ouro::net;
using namespace ouro::net::http_test;

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
