#include "client/endpoint.hpp"

#include <charconv>

namespace ouro::client {
namespace {

Error not_a_node(std::string_view text) {
  return Error{ErrorCode::invalid_argument, "\"" + std::string(text) +
                                                "\" is no node: write host:port or "
                                                "http://host:port, such as 127.0.0.1:7070"};
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (text.starts_with("https://"))
    return Error{ErrorCode::unsupported, "https is not supported yet: write http://host:port"};
  std::string_view rest = text;
  if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);

  Endpoint endpoint;
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == rest.npos) return not_a_node(text);
    endpoint.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    const std::size_t colon = rest.find(':');
    endpoint.host = rest.substr(0, colon);
    port = colon == rest.npos ? std::string_view() : rest.substr(colon);
  }
  if (endpoint.host.empty() || endpoint.host.find_first_of("/?#@ ") != std::string::npos)
    return not_a_node(text);
  if (port.empty()) return endpoint;
  const char* const last = port.data() + port.size();
  const auto [end, error] = std::from_chars(port.data() + 1, last, endpoint.port);
  if (port.front() != ':' || error != std::errc() || end != last || endpoint.port == 0)
    return not_a_node(text);
  return endpoint;
}

}  // namespace

std::string Endpoint::url() const {
  const bool is_ipv6 = host.find(':') != host.npos;
  return "http://" + (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<std::vector<Endpoint>> parse_endpoints(std::string_view list) {
  std::vector<Endpoint> endpoints;
  for (;;) {
    const std::size_t comma = list.find(',');
    Result<Endpoint> endpoint = parse_endpoint(list.substr(0, comma));
    if (!endpoint) return endpoint.error();
    endpoints.push_back(*std::move(endpoint));
    if (comma == list.npos) return endpoints;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace ouro::client
