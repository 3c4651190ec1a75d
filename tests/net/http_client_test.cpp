#include "net/http_client.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <string>
#include <thread>

using namespace ouro;
using namespace ouro::net;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

/// Accepts one connection, reads one request head, answers with fixed bytes and closes.
class Canned {
 public:
  explicit Canned(std::string answer)
      : acceptor_(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()),
        thread_([this, answer = std::move(answer)] {
          tcp::socket socket = acceptor_.accept();
          boost::system::error_code ignored;
          asio::read_until(socket, asio::dynamic_buffer(request_), "\r\n\r\n", ignored);
          asio::write(socket, asio::buffer(answer), ignored);
        }) {}
  ~Canned() {
    if (thread_.joinable()) thread_.join();
  }

  Result<HttpClientResponse> ask(std::string method = "GET") {
    HttpClientRequest request;
    request.method = std::move(method);
    request.port = port_;
    request.fields = {{"X-A", "b"}};
    auto response = fetch(request);
    thread_.join();
    return response;
  }
  const std::string& request() const { return request_; }

 private:
  asio::io_context loop_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::string request_;
  std::thread thread_;
};

ErrorCode failure_of(const std::string& answer) {
  const auto response = Canned(answer).ask();
  REQUIRE(!response);
  return response.error().code;
}

}  // namespace

TEST_CASE("the client sends host and fields and reads the answer") {
  Canned server("HTTP/1.1 201 Created\r\nX-B:  c \r\nContent-Length: 2\r\n\r\nok");
  const auto response = server.ask("PUT");
  REQUIRE(response);
  CHECK(response->status == 201);
  CHECK(response->field("x-b") == "c");
  CHECK(response->body == "ok");
  CHECK(server.request().rfind("PUT / HTTP/1.1\r\nHost: 127.0.0.1:", 0) == 0);
  CHECK(server.request().find("\r\nX-A: b\r\nContent-Length: 0\r\n\r\n") != std::string::npos);
}

TEST_CASE("the client reads chunked answers and answers that end with the connection") {
  const auto chunked =
      Canned("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
          .ask();
  REQUIRE(chunked);
  CHECK(chunked->body == "abc");
  const auto unsized = Canned("HTTP/1.1 200 OK\r\n\r\nabc").ask();
  REQUIRE(unsized);
  CHECK(unsized->body == "abc");
}

TEST_CASE("the client passes over interim answers") {
  const auto response =
      Canned("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").ask();
  REQUIRE(response);
  CHECK(response->status == 204);
}

TEST_CASE("the client says how an exchange failed") {
  CHECK(failure_of("") == ErrorCode::connection_lost);
  CHECK(failure_of("HTTP/1.1 200 OK\r\nContent-Le") == ErrorCode::connection_lost);
  CHECK(failure_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab") == ErrorCode::connection_lost);
  CHECK(failure_of("SSH-2.0-OpenSSH_9.2p1\r\n\r\n") == ErrorCode::corruption);
  CHECK(failure_of("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n") ==
        ErrorCode::unsupported);
}

TEST_CASE("nobody listening is unreachable and nobody answering is a timeout") {
  asio::io_context loop;
  tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  HttpClientRequest request;
  request.port = acceptor.local_endpoint().port();
  request.timeout = std::chrono::milliseconds(30);
  const auto silent = fetch(request);
  REQUIRE(!silent);
  CHECK(silent.error().code == ErrorCode::timeout);

  acceptor.close();
  request.timeout = std::chrono::seconds(20);
  const auto refused = fetch(request);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::unreachable);
}

TEST_CASE("a request that would break the protocol is not sent") {
  HttpClientRequest request;
  request.target = "/a b";
  CHECK(fetch(request).error().code == ErrorCode::invalid_argument);
  request.target = "/";
  request.fields = {{"X", "a\r\nY: b"}};
  CHECK(fetch(request).error().code == ErrorCode::invalid_argument);
}
