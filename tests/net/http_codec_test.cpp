#include "net/http_codec.hpp"
#include "net/http_body.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

using namespace ouro;
using namespace ouro::net;

namespace {

constexpr std::uint64_t body_max = 1000;

/// What became of a stream of bytes, as one comparable text.
struct Outcome {
  unsigned status = 0;  ///< 0: needs more; 200: complete; else refused.
  std::string text;

  bool operator==(const Outcome&) const = default;
};

std::string describe(const HttpHead& head, const HeadTraits& traits) {
  std::string text = std::string(head.method_name) + " " + std::string(head.target) + "\n";
  for (const auto& [name, value] : head.fields)
    text += std::string(name) + "=" + std::string(value) + "\n";
  text += std::to_string(head.content_length) + (head.chunked ? " chunked" : "") +
          (head.has_content_length ? " sized" : "") + (traits.keep_alive ? " keep" : " close") +
          (traits.expects_continue ? " continue" : "") + "\n";
  return text;
}

/// Reads one request, `step` bytes at a time.
Outcome read_request(const std::string& bytes, std::size_t step, const HttpLimits& limits = {}) {
  HeadScanner scanner(limits);
  BodyReader body(limits);
  std::string text;
  bool in_body = false;
  std::size_t body_at = 0;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    if (!in_body) {
      const auto progress = scanner.scan(std::string_view(bytes).substr(0, end));
      if (progress == HeadScanner::Progress::bad)
        return {scanner.problem().status, scanner.problem().detail};
      if (progress == HeadScanner::Progress::complete) {
        in_body = true;
        body_at = scanner.size();
        HttpHead head;
        HeadTraits traits;
        const auto problem = parse_head(std::string_view(bytes).substr(0, body_at), head, traits);
        if (problem) return {problem->status, problem->detail};
        text = describe(head, traits);
        body.start(head, body_max);
      }
    }
    if (in_body) {
      if (!body.bad()) body_at += body.feed(std::string_view(bytes).substr(body_at, end - body_at));
      if (body.bad()) return {body.problem().status, body.problem().detail};
      if (body.done()) {
        text += std::string(body.take().view()) + "\n+" + std::to_string(bytes.size() - body_at);
        return {200, text};
      }
    }
    if (end == bytes.size()) return {0, ""};
  }
}

/// The outcome, which must be the same however the bytes are cut.
Outcome read_request(const std::string& bytes) {
  const Outcome whole = read_request(bytes, bytes.size() + 1);
  for (const std::size_t step : {1, 2, 3, 7, 64}) {
    CAPTURE(step);
    CAPTURE(whole.text);
    const Outcome stepped = read_request(bytes, step);
    CHECK(stepped.status == whole.status);
    CHECK(stepped.text == whole.text);
  }
  return whole;
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";

std::string chunked(const std::string& body) {
  return "PUT /k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

std::string repeat(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("a request is read with its fields and body") {
  const Outcome read = read_request(
      "PUT /v1/kv/b/k?x=1 HTTP/1.1\r\nHost: h:80\r\nX-A:  v w \t\r\nContent-Length: "
      "5\r\n\r\nhello");
  CHECK(read.status == 200);
  CHECK(read.text ==
        "PUT /v1/kv/b/k?x=1\nHost=h:80\nX-A=v w\nContent-Length=5\n5 sized keep\nhello\n+0");
}

TEST_CASE("what is well formed is accepted") {
  const std::vector<std::string> good = {
      get + "\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      "BREW /pot HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET http://A:1/x?y HTTP/1.1\r\nHost: a:1\r\n\r\n",
      get + "Content-Length: 0\r\n\r\n",
      get + "content-length: 000\r\n\r\n",
      get + "X: caf\xc3\xa9\r\n\r\n",
      get + "X:\r\n\r\n",
      get + "X:   \t\r\n\r\n",
      get + "Upgrade: h2c\r\nConnection: upgrade\r\n\r\n",
      get + "Expect: 100-Continue\r\nContent-Length: 0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost:\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [::1]:7070\r\n\r\n",
      chunked("0\r\n\r\n"),
      chunked("5\r\nhello\r\n0\r\n\r\n"),
      chunked("5;a=b;c=\"d\"\r\nhello\r\n00\r\nTrailer: x\r\n\r\n"),
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
  };
  for (const std::string& bytes : good) {
    CAPTURE(bytes);
    const Outcome read = read_request(bytes);
    CAPTURE(read.text);
    CHECK(read.status == 200);
  }
}

TEST_CASE("chunks are joined and the next request is left alone") {
  const Outcome read = read_request(chunked("5\r\nhello\r\nA;x\r\n, world...\r\n0\r\n\r\nGET /"));
  CHECK(read.text ==
        "PUT /k\nHost=a\nTransfer-Encoding=chunked\n0 chunked keep\nhello, world...\n+5");
}

TEST_CASE("every beginning of a request needs more") {
  for (const std::string& whole :
       {get + "Content-Length: 3\r\n\r\nabc", chunked("3\r\nabc\r\n0\r\nT: x\r\n\r\n")})
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK(read_request(whole.substr(0, size), whole.size()).status == 0);
    }
}

TEST_CASE("what two parsers could read differently is refused") {
  const std::string zero(1, '\0');
  const std::vector<std::string> bad = {
      // Framing.
      get + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      get + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      get + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
      get + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      get + "Content-Length: 3, 3\r\n\r\nabc",
      get + "Content-Length: +3\r\n\r\nabc",
      get + "Content-Length: -3\r\n\r\nabc",
      get + "Content-Length: 0x3\r\n\r\nabc",
      get + "Content-Length: 3 3\r\n\r\nabc",
      get + "Content-Length:\r\n\r\n",
      get + "Content-Length: 18446744073709551616\r\n\r\n",
      get + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      get + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      get + "Transfer-Encoding: identity\r\n\r\n",
      get + "Transfer-Encoding: xchunked\r\n\r\n",
      get + "Transfer-Encoding: \"chunked\"\r\n\r\n",
      get + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
      get + "Transfer-Encoding:\r\n\r\n",
      get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      get + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      // Lines.
      get + "X : a\r\n\r\n",
      get + "X\t: a\r\n\r\n",
      get + " X: a\r\n\r\n",
      get + "X: a\r\n b\r\n\r\n",
      get + "X: a\r\n\tb\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      get + "X: a\rb\r\n\r\n",
      get + "X: a\r\r\n\r\n",
      get + "X: a\n\r\n",
      get + "X: a\r\n\n",
      "GET / HTTP/1.1\nHost: a\n\n",
      get + "X: a" + zero + "b\r\n\r\n",
      get + "X" + zero + ": a\r\n\r\n",
      get + "X: a\x01\r\n\r\n",
      get + "X: a\x7f\r\n\r\n",
      get + "X\xc3\xa9: a\r\n\r\n",
      get + ": a\r\n\r\n",
      get + "X\r\n\r\n",
      get + "X(y): a\r\n\r\n",
      get + "Connection: a b c, ;\r\n\r\n",
      // Request line.
      "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
      "GET / HTTP/0.9\r\nHost: a\r\n\r\n",
      "GET / http/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.11\r\nHost: a\r\n\r\n",
      "GET / HTTP/11\r\nHost: a\r\n\r\n",
      "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET x HTTP/1.1\r\nHost: a\r\n\r\n",
      "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      // Host.
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
      // Chunks.
      chunked("\r\n\r\n"),
      chunked("x\r\n\r\n"),
      chunked(" 5\r\nhello\r\n0\r\n\r\n"),
      chunked("5 \r\nhello\r\n0\r\n\r\n"),
      chunked("+5\r\nhello\r\n0\r\n\r\n"),
      chunked("-1\r\nhello\r\n0\r\n\r\n"),
      chunked("0x5\r\nhello\r\n0\r\n\r\n"),
      chunked("5\nhello\r\n0\r\n\r\n"),
      chunked("5\rhello\r\n0\r\n\r\n"),
      chunked("5;a\nhello\r\n0\r\n\r\n"),
      chunked("5\r\nhello0\r\n\r\n"),
      chunked("5\r\nhello\n0\r\n\r\n"),
      chunked("5\r\nhelloXX0\r\n\r\n"),
      chunked("5\r\nhello\r\n0\r\n\n"),
      chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"),
      chunked("00000000000000005\r\nhello\r\n0\r\n\r\n"),
      chunked("5;a=" + std::string(255, 'x') + "\r\nhello\r\n0\r\n\r\n"),
      chunked("5;a\x01\r\nhello\r\n0\r\n\r\n"),
      chunked("0\r\n folded\r\n\r\n"),
      chunked("0\r\nno colon\r\n\r\n"),
      chunked("0\r\nX : y\r\n\r\n"),
      chunked("0\r\nX: \x01\r\n\r\n"),
      chunked("0\r\n" + repeat("X: yyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", 300) + "\r\n"),
      chunked(repeat("1;" + std::string(200, 'x') + "\r\na\r\n", 100) + "0\r\n\r\n"),
  };
  for (const std::string& bytes : bad) {
    CAPTURE(bytes);
    const Outcome read = read_request(bytes);
    CAPTURE(read.text);
    CHECK(read.status == 400);
  }
}

TEST_CASE("what is too large is refused with the status that says so") {
  struct Case {
    std::string bytes;
    unsigned status;
  };
  const std::vector<Case> cases = {
      {"GET /" + std::string((16 << 10) - 16, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 200},
      {"GET /" + std::string((16 << 10) - 15, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"GET /" + std::string(100 << 10, 'a'), 414},
      {get + "X: " + std::string(40 << 10, 'a'), 431},
      {get + repeat("X: " + std::string(1 << 10, 'a') + "\r\n", 40) + "\r\n", 431},
      {get + repeat("X: a\r\n", 99) + "\r\n", 200},
      {get + repeat("X: a\r\n", 100) + "\r\n", 431},
      {get + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'b'), 200},
      {get + "Content-Length: 1001\r\n\r\n", 413},
      {get + "Content-Length: 18446744073709551615\r\n\r\n", 413},
      {chunked("3e8\r\n" + std::string(1000, 'b') + "\r\n0\r\n\r\n"), 200},
      {chunked("3e9\r\n"), 413},
      {chunked("ffffffffffffffff\r\n"), 413},
      {chunked("3e8\r\n" + std::string(1000, 'b') + "\r\n1\r\n"), 413},
      {get + "Expect: tea\r\n\r\n", 417},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bytes.substr(0, 100));
    CAPTURE(c.bytes.size());
    CHECK(read_request(c.bytes).status == c.status);
  }
}

TEST_CASE("a connection is kept or closed as version and field say") {
  const auto keeps = [](const std::string& bytes) {
    return read_request(bytes).text.find(" keep") != std::string::npos;
  };
  CHECK(keeps(get + "\r\n"));
  CHECK(!keeps(get + "Connection: foo, Close\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("a body of known size can be read straight into place") {
  HttpHead head;
  head.content_length = 5;
  BodyReader body{HttpLimits()};
  body.start(head, body_max);
  CHECK(body.feed("he") == 2);
  REQUIRE(body.space().size() == 3);
  std::copy_n("llo", 3, body.space().data());
  body.filled(3);
  REQUIRE(body.done());
  CHECK(body.take().view() == "hello");
  CHECK(body.held() == 0);
}
