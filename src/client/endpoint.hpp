// Where does a client find the cluster?
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::client {

struct Endpoint {
  std::string host;  ///< Without the brackets that IPv6 addresses have in a URL.
  std::uint16_t port = 7070;

  /// "http://127.0.0.1:7070"
  std::string url() const;
};

/// Nodes separated by commas, each "host", "host:port", "[::1]:port" or "http://host:port". Errors:
/// invalid_argument names the part that is not one; unsupported for https.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view list);

}  // namespace ouro::client
