// How does a tool ask an HTTP server something and wait for the answer?
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ouro::net {

struct HttpClientRequest {
  std::string method = "GET";
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string target = "/";  ///< Path and query, percent-encoded.
  /// Without Host, Content-Length and Connection, which are added.
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::chrono::milliseconds timeout = std::chrono::seconds(30);  ///< From connect to last byte.
};

struct HttpClientResponse {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  ///< Names as sent.
  std::string body;

  /// The first value of a field, by its name in any case; null data if it is absent.
  std::string_view field(std::string_view name) const;
};

/// Responses larger than this (body; head 64 KiB) are refused.
constexpr std::uint64_t http_response_body_max = 64ULL << 20;

/// A connection that is kept for the next request to the same host and port. One thread at a time.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Blocks until the answer is there. Errors: invalid_argument (a line break in the request's
  /// strings), unreachable (nobody accepted the connection: nothing was asked), timeout and
  /// connection_lost (the outcome is not known), corruption (the answer is not HTTP), unsupported
  /// (it is too large).
  Result<HttpClientResponse> send(const HttpClientRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// One request on a connection of its own. Errors as above.
Result<HttpClientResponse> fetch(const HttpClientRequest& request);

}  // namespace ouro::net
