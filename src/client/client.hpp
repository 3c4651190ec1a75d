// How does a program use the database? A small blocking client over HTTP.
#pragma once

#include "base/result.hpp"
#include "client/endpoint.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::client {

/// What may be said with a request for a key. Absent: the bucket's defaults.
struct Options {
  std::optional<unsigned> r;
  std::optional<unsigned> w;
  std::chrono::milliseconds timeout = std::chrono::seconds(5);
  std::optional<std::string> context;       ///< Of an earlier answer; for writes.
  std::optional<std::string> content_type;  ///< For put.
};

/// What a node answered.
struct Answer {
  unsigned status = 0;
  std::string body;
  std::string content_type;
  std::string context;   ///< For the next write of this key.
  std::string etag;      ///< With its quotes.
  std::string replicas;  ///< "2/3"
  // Of problems:
  std::string code;
  std::string detail;
  bool retryable = false;
  bool indeterminate = false;

  bool ok() const { return status >= 200 && status < 300; }
};

/// Asks the first node; another one when it cannot be reached or says that it did nothing and that
/// a retry may help. A write whose outcome is not known is never repeated. One thread at a time.
///
/// Errors: unreachable (no node could be reached: nothing was done); connection_lost and timeout
/// (for writes, the outcome is not known); corruption (not an answer of Ouro).
class Client {
 public:
  /// `nodes` are at least one.
  explicit Client(std::vector<Endpoint> nodes) : nodes_(std::move(nodes)) {}

  Result<Answer> get(std::string_view bucket, std::string_view key, const Options& options);
  Result<Answer> put(std::string_view bucket, std::string_view key, std::string value,
                     const Options& options);
  Result<Answer> remove(std::string_view bucket, std::string_view key, const Options& options);

  /// The JSON of a GET of any other path, such as /v1/ring.
  Result<Answer> fetch(const std::string& target, std::chrono::milliseconds timeout);

  /// The answer to a POST of a JSON document, such as to /v1/cluster/stage.
  Result<Answer> post(const std::string& target, std::string document,
                      std::chrono::milliseconds timeout);

 private:
  Result<Answer> ask(net::HttpClientRequest request);

  std::vector<Endpoint> nodes_;
  net::HttpClient http_;
};

/// "/v1/kv/cities/lisbon?w=2": the target of a request for a key. The timeout is named only when it
/// is not the default.
std::string key_target(std::string_view bucket, std::string_view key, const Options& options);

/// "/v1/ring/locate/cities/lisbon"
std::string locate_target(std::string_view bucket, std::string_view key);

}  // namespace ouro::client
