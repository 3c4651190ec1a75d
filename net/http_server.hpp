// Where do HTTP requests come in? A listener and its connections on one event loop.
#pragma once

#include "base/result.hpp"
#include "net/http_codec.hpp"
#include "runtime/clock.hpp"
#include "runtime/http.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace ouro::net {

/// The defaults are meant for production; tests shorten the times.
struct HttpServerOptions {
  std::string host = "127.0.0.1";  ///< An IP address or a name of this machine.
  std::uint16_t port = 0;          ///< 0: the system chooses, see HttpServer::port().
  bool share_port = false;         ///< Several loops listen on one port; the system deals out.
  HttpLimits limits;
  std::size_t connections_max = 4096;               ///< More are answered 503 and closed.
  std::size_t pipelining_max = 16;                  ///< Responses that may wait for one write.
  std::uint64_t body_bytes_max = 256ULL << 20;      ///< Request bodies of all connections together.
  Duration head_timeout = std::chrono::seconds(5);  ///< From a head's first byte to its last.
  Duration idle_timeout = std::chrono::seconds(60);
  Duration body_grace = std::chrono::seconds(5);    ///< A body may take this long, and beyond it
  std::uint64_t body_rate_min = 1024;               ///< as long as this many bytes/s arrive.
  Duration write_stall = std::chrono::seconds(30);  ///< The client takes no byte for so long.
  Duration linger = std::chrono::seconds(2);  ///< How long a closing side listens to the other.
  Duration sweep_interval = std::chrono::milliseconds(250);  ///< How often deadlines are checked.
};

/// Serves one handler. For use on the executor's loop only; creating it before the loop runs is
/// fine. Requests of one connection are answered one after the other, in order; responses that are
/// ready together leave in one write.
class HttpServer {
 public:
  /// Starts listening. `clock` and `handler` outlive the server and the last task of the handler.
  /// Errors: invalid_argument (unknown host), denied (port), exists (port in use), io.
  static Result<std::unique_ptr<HttpServer>> listen(asio::any_io_executor executor, Clock& clock,
                                                    HttpHandler& handler,
                                                    HttpServerOptions options);

  /// Closes all connections at once. Tasks of the handler that run still go on to their end, and
  /// their answers are dropped.
  ~HttpServer();

  /// The port that is listened on.
  std::uint16_t port() const;
  std::size_t connection_count() const;

  /// Stops accepting, closes idle connections, lets requests under way be answered, and closes what
  /// is left at `deadline`. The server may be destroyed when this has completed.
  Task<void> stop(Instant deadline);

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace ouro::net
