// HTTP as values: what the API layer sees. Sockets and parsing are behind it, in net/.
#pragma once

#include "base/shared_bytes.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ouro {

enum class HttpMethod : std::uint8_t { get, head, put, post, del, options, patch, other };

/// A request's line and header fields, all views of the connection's buffer. Valid until the
/// handler's task has ended.
struct HttpHead {
  HttpMethod method = HttpMethod::other;
  std::string_view method_name;
  std::string_view target;  ///< As sent: path and query, percent-encoded.
  std::vector<std::pair<std::string_view, std::string_view>>
      fields;                        ///< Names as sent, values trimmed.
  std::uint64_t content_length = 0;  ///< 0 if chunked or absent.
  bool chunked = false;
  bool has_content_length = false;

  /// The first value of a field, by its name in any case; null data if it is absent.
  std::string_view field(std::string_view name) const;
};

struct HttpRequest {
  HttpHead head;
  SharedBytes body;
  Instant received;  ///< When the last byte of the head was read.
};

struct HttpResponse {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>>
      fields;  ///< Without Content-Length, Date, Connection.
  /// More fields, as they go over the wire: "Name: value\r\n" each, of static storage. For those
  /// that every answer has, which then cost nothing to make.
  std::string_view fixed_fields{};
  SharedBytes body;
  bool close = false;  ///< Close the connection after this response.
  /// For answers to HEAD: the Content-Length to announce instead of body.size(), with an empty
  /// body.
  std::uint64_t head_content_length = 0;

  void set(std::string name, std::string value) {
    fields.emplace_back(std::move(name), std::move(value));
  }
};

/// Answers requests. Called on the event loop of the connection.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  /// Looks at the head before the body is read. A response with status 0 means "go on, with at most
  /// `body_size_max` bytes of body" (more is answered 413 through refuse()); any other is sent at
  /// once and, if a body was announced, the connection is closed.
  struct Admission {
    HttpResponse refusal{.status = 0,
                         .fields = {},
                         .fixed_fields = {},
                         .body = {},
                         .close = false,
                         .head_content_length = 0};
    std::uint64_t body_size_max = 0;
  };
  virtual Admission admit(const HttpHead& head) = 0;

  /// The answer to a whole request. `request` lives until the task has ended.
  virtual Task<HttpResponse> answer(HttpRequest& request) = 0;

  /// The answer to what could not be read as a request, or was too large or too slow: `status` and
  /// a sentence that says what was wrong. The connection is closed after it.
  virtual HttpResponse refuse(unsigned status, std::string_view code, std::string_view detail) = 0;
};

}  // namespace ouro
