// A server on loopback with a handler that answers by target, and a socket that says exactly what
// it is told to.
#pragma once

#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/io_clock.hpp"
#include "runtime/coroutine.hpp"

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
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace ouro::net::http_test {

using namespace std::chrono_literals;

constexpr std::size_t big = 8 << 20;

inline std::string pattern(std::size_t size) {
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
        server_(*HttpServer::listen(loop_.get_executor(), clock_, handler_, options)),
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

inline std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

inline bool starts_with_status(const std::string& text, unsigned status) {
  return text.rfind("HTTP/1.1 " + std::to_string(status) + " ", 0) == 0;
}

}  // namespace ouro::net::http_test
