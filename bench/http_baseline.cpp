// What does our HTTP server cost beside a bare Beast server? Both answer 1 KiB from memory on one
// thread:
//
//   http_baseline beast 8001 &  http_baseline ouro 8002 &
//   wrk -t1 -c64 -d5s http://127.0.0.1:8001/
#include "net/http_server.hpp"
#include "net/io_clock.hpp"
#include "runtime/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

const std::string payload(1024, 'x');

/// As in Beast's own example of a small fast asynchronous server, without timeouts.
class BeastSession : public std::enable_shared_from_this<BeastSession> {
 public:
  explicit BeastSession(tcp::socket socket) : socket_(std::move(socket)) {
    socket_.set_option(tcp::no_delay(true));
  }

  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       if (!error) self->write();
                     });
  }

 private:
  void write() {
    response_ = {};
    response_.version(request_.version());
    response_.keep_alive(request_.keep_alive());
    response_.set(http::field::content_type, "application/octet-stream");
    response_.body() = payload;
    response_.prepare_payload();
    http::async_write(socket_, response_,
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (!error && self->response_.keep_alive()) self->read();
                      });
  }

  tcp::socket socket_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response<http::string_body> response_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](const error_code& error, tcp::socket socket) {
    if (error) return;
    std::make_shared<BeastSession>(std::move(socket))->read();
    accept(acceptor);
  });
}

class FixedAnswer final : public ouro::HttpHandler {
 public:
  Admission admit(const ouro::HttpHead&) override { return {}; }

  ouro::Task<ouro::HttpResponse> answer(ouro::HttpRequest&) override {
    ouro::HttpResponse response;
    response.set("Content-Type", "application/octet-stream");
    response.body = body_;
    co_return response;
  }

  ouro::HttpResponse refuse(unsigned status, std::string_view, std::string_view) override {
    ouro::HttpResponse response;
    response.status = status;
    return response;
  }

 private:
  ouro::SharedBytes body_{payload};
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 3 ? argv[1] : "";
  if (kind != "beast" && kind != "ouro") {
    std::fputs("usage: http_baseline beast|ouro PORT\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::stoi(argv[2]));
  asio::io_context loop(1);
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const error_code&, int) { loop.stop(); });

  if (kind == "beast") {
    tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), port));
    accept(acceptor);
    loop.run();
    return 0;
  }
  ouro::net::IoClock clock(loop.get_executor());
  FixedAnswer handler;
  ouro::net::HttpServerOptions options;
  options.port = port;
  const auto server = ouro::net::HttpServer::listen(loop.get_executor(), clock, handler, options);
  if (!server) {
    std::fputs((server.error().message + "\n").c_str(), stderr);
    return 1;
  }
  loop.run();
  return 0;
}
