// How does one HTTP connection go from bytes to answers and back, in as few steps as possible?
//
// Callbacks rather than a coroutine per step: the common request costs one read, one write and no
// timer. Only the handler's work is a coroutine, and one per connection serves all its requests:
// it parks between them, which is cheaper than spawning one for each.
#pragma once

#include "net/http_body.hpp"
#include "net/http_response.hpp"
#include "net/http_server.hpp"
#include "runtime/coroutine.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::net {

class HttpConnection;

/// What the connections of one server share.
struct HttpConnections {
  HttpConnections(HttpServerOptions server_options, asio::any_io_executor loop, Clock& loop_clock,
                  HttpHandler& request_handler)
      : options(std::move(server_options)),
        executor(std::move(loop)),
        clock(loop_clock),
        handler(request_handler),
        closed(loop_clock.make_timer()) {}

  HttpServerOptions options;
  asio::any_io_executor executor;
  Clock& clock;
  HttpHandler& handler;
  std::string date;  ///< The value of the Date field, renewed by the server.
  bool finishing = false;
  std::uint64_t body_bytes = 0;  ///< Held by request bodies.
  std::vector<HttpConnection*> open;
  std::unique_ptr<Timer> closed;  ///< Woken whenever a connection has closed.
};

/// Kept alive by its pending operation and by the task that answers. On the server's loop only.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<HttpConnections> shared, asio::ip::tcp::socket socket);
  ~HttpConnection();

  /// Begins to read requests.
  void start();
  /// Answers 503 without reading a request, then closes.
  void start_refused();
  /// Closes if a deadline has passed or bytes come too slowly.
  void sweep(Instant now);
  /// Closes if no request is under way; otherwise its response will be the last.
  void finish();
  void close();

 private:
  enum class Phase : std::uint8_t { head, body, answering, lingering, closed };
  using Parked = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

  void run();
  bool step();
  bool step_head();
  bool on_head(std::string_view bytes);
  bool on_body();
  bool step_body();
  bool account_body();
  void start_answer();
  bool step_answer();
  static Task<void> answer_requests(std::shared_ptr<HttpConnection> self);
  void park(Parked parked);

  void respond(HttpResponse response);
  bool refuse(const HttpProblem& problem);
  bool refuse_slow(std::string_view detail);
  bool flush();
  void await_input();
  void make_room(std::size_t keep, std::size_t room);
  void read();
  void on_read(const boost::system::error_code& error, std::size_t count);
  void linger();
  bool is_idle() const;
  bool body_is_slow(Instant now) const;

  std::shared_ptr<HttpConnections> shared_;
  asio::ip::tcp::socket socket_;
  Phase phase_ = Phase::head;
  bool running_ = false;  ///< run() is on the stack.
  bool reading_ = false;
  bool writing_ = false;
  bool last_ = false;  ///< The last response is in the batch.
  bool head_started_ = false;
  Instant now_{};  ///< When the present event began.
  Instant deadline_{};
  Instant write_deadline_{};

  // Input: [begin_, end_) of the buffer is unread. While a request is under way its head lies
  // before body_begin_ and must not move.
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t body_begin_ = 0;
  HeadScanner scanner_;
  HeadTraits traits_;
  BodyReader body_;
  Instant body_started_{};
  std::uint64_t body_received_ = 0;
  std::uint64_t body_accounted_ = 0;  ///< Our part of shared_->body_bytes.

  HttpRequest request_;
  std::optional<HttpResponse> response_;
  bool task_started_ = false;
  std::optional<Parked> parked_;  ///< The answering task between two requests.
  ResponseBatch batch_;
  std::size_t linger_left_;
  std::size_t index_ = 0;  ///< In shared_->open.
};

}  // namespace ouro::net
