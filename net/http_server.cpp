#include "net/http_server.hpp"

#include "net/http_connection.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace ouro::net {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

/// Connections over the bound that get a proper answer at the same time; more are just closed.
constexpr std::size_t refusals_max = 64;

Error listen_error(const HttpServerOptions& options, std::string_view step,
                   const error_code& error) {
  ErrorCode code = ErrorCode::io;
  if (error == asio::error::address_in_use) code = ErrorCode::exists;
  if (error == asio::error::access_denied) code = ErrorCode::denied;
  std::string message = "http listener " + options.host + ":" + std::to_string(options.port) +
                        ": " + std::string(step) + ": " + error.message();
  if (code == ErrorCode::exists) message += ": choose another port or stop who listens there";
  return Error{code, std::move(message)};
}

Result<tcp::endpoint> resolve(const asio::any_io_executor& executor,
                              const HttpServerOptions& options) {
  error_code error;
  const auto address = asio::ip::make_address(options.host, error);
  if (!error) return tcp::endpoint(address, options.port);
  tcp::resolver resolver(executor);
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty())
    return Error{ErrorCode::invalid_argument,
                 "http listener: host \"" + options.host + "\" is not known: " + error.message()};
  return found.begin()->endpoint();
}

Result<tcp::acceptor> open_acceptor(const asio::any_io_executor& executor,
                                    const HttpServerOptions& options) {
  const Result<tcp::endpoint> endpoint = resolve(executor, options);
  if (!endpoint) return endpoint.error();
  tcp::acceptor acceptor(executor);
  error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (error) return listen_error(options, "socket", error);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (error) return listen_error(options, "SO_REUSEADDR", error);
  const int on = 1;
  if (options.share_port &&
      setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    return listen_error(options, "SO_REUSEPORT",
                        error_code(errno, boost::system::system_category()));
  acceptor.bind(*endpoint, error);
  if (error) return listen_error(options, "bind", error);
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(options, "listen", error);
  return acceptor;
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(tcp::acceptor acceptor, std::shared_ptr<HttpConnections> shared)
      : acceptor_(std::move(acceptor)),
        sweeper_(acceptor_.get_executor()),
        shared_(std::move(shared)) {
    error_code ignored;
    port_ = acceptor_.local_endpoint(ignored).port();
  }

  void start() {
    renew_date();
    accept();
    schedule_sweep();
  }

  void stop_accepting() {
    shared_->finishing = true;
    error_code ignored;
    acceptor_.close(ignored);
    const std::vector<HttpConnection*> open = shared_->open;
    for (HttpConnection* connection : open) connection->finish();
  }

  void close() {
    stop_accepting();
    closed_ = true;
    sweeper_.cancel();
    while (!shared_->open.empty()) shared_->open.back()->close();
  }

  std::uint16_t port() const { return port_; }
  HttpConnections& shared() { return *shared_; }

 private:
  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, tcp::socket socket) {
          if (self->shared_->finishing) return;
          if (error) {
            // Out of descriptors most likely: the connection waits in the backlog until the next
            // sweep.
            self->accept_later_ = true;
            return;
          }
          self->admit(std::move(socket));
          self->accept();
        });
  }

  void admit(tcp::socket socket) {
    const std::size_t open = shared_->open.size();
    const std::size_t limit = shared_->options.connections_max;
    if (open >= limit + refusals_max) return;
    const auto connection = std::make_shared<HttpConnection>(shared_, std::move(socket));
    if (open < limit)
      connection->start();
    else
      connection->start_refused();
  }

  void schedule_sweep() {
    sweeper_.expires_after(shared_->options.sweep_interval);
    sweeper_.async_wait([self = shared_from_this()](const error_code&) {
      if (self->closed_) return;
      self->sweep();
      self->schedule_sweep();
    });
  }

  void sweep() {
    renew_date();
    const Instant now = shared_->clock.now();
    const std::vector<HttpConnection*> open = shared_->open;
    for (HttpConnection* connection : open) connection->sweep(now);
    if (std::exchange(accept_later_, false) && !shared_->finishing) accept();
  }

  void renew_date() {
    const WallTime now = shared_->clock.wall();
    if (now / 1'000'000 == date_second_) return;
    date_second_ = now / 1'000'000;
    shared_->date = http_date(now);
  }

  tcp::acceptor acceptor_;
  asio::steady_timer sweeper_;
  std::shared_ptr<HttpConnections> shared_;
  std::uint16_t port_ = 0;
  WallTime date_second_ = 0;
  bool accept_later_ = false;
  bool closed_ = false;
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::any_io_executor executor, Clock& clock,
                                                       HttpHandler& handler,
                                                       HttpServerOptions options) {
  Result<tcp::acceptor> acceptor = open_acceptor(executor, options);
  if (!acceptor) return acceptor.error();
  auto shared =
      std::make_shared<HttpConnections>(std::move(options), std::move(executor), clock, handler);
  auto impl = std::make_shared<Impl>(std::move(*acceptor), std::move(shared));
  impl->start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { impl_->close(); }

std::uint16_t HttpServer::port() const { return impl_->port(); }

std::size_t HttpServer::connection_count() const { return impl_->shared().open.size(); }

Task<void> HttpServer::stop(Instant deadline) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->stop_accepting();
  HttpConnections& shared = impl->shared();
  while (!shared.open.empty() && shared.clock.now() < deadline)
    co_await shared.closed->wait_until(deadline);
  impl->close();
}

}  // namespace ouro::net
