#include "cluster/rules.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ouro::cluster {
namespace {

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

bool control_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

Status check_text(std::string_view what, std::string_view text, std::size_t limit) {
  if (text.size() > limit)
    return invalid(std::string(what) + " has " + std::to_string(text.size()) +
                   " bytes: it may have up to " + std::to_string(limit));
  if (std::ranges::any_of(text, control_character))
    return invalid(std::string(what) + " has a control character");
  return {};
}

Status check_votes(std::string_view what, unsigned votes, unsigned n) {
  if (votes <= n) return {};
  return invalid(std::string(what) + " is " + std::to_string(votes) +
                 ": it must be 0 (a majority) or up to n, which is " + std::to_string(n));
}

}  // namespace

Status check_node_name(std::string_view name) {
  if (name.empty()) return invalid("a node has no name");
  if (name.find(' ') != std::string_view::npos) return invalid("a node's name has a space");
  return check_text("a node's name", name, StateLimits::name_bytes);
}

Status check_bucket_name(std::string_view name) {
  if (name.empty()) return invalid("a bucket has no name");
  if (name.size() > StateLimits::bucket_name_bytes)
    return invalid("a bucket's name has " + std::to_string(name.size()) +
                   " bytes: it may have up to " + std::to_string(StateLimits::bucket_name_bytes));
  return {};
}

Status check_seat(const Seat& seat) {
  if (seat.weight < 1 || seat.weight > StateLimits::weight)
    return invalid("the weight is " + std::to_string(seat.weight) + ": it must be 1 to " +
                   std::to_string(StateLimits::weight) +
                   (seat.weight == 0 ? "; a node that shall hold nothing must leave" : ""));
  return check_text("a zone's name", seat.zone, StateLimits::name_bytes);
}

Status check_address(std::string_view host, std::uint16_t http_port, std::uint16_t peer_port) {
  if (host.empty()) return invalid("a node has no host");
  if (peer_port == 0 || http_port == 0)
    return invalid("a node has port 0: name the ports at which others reach it");
  return check_text("a host", host, StateLimits::host_bytes);
}

Status check_properties(const BucketProperties& properties) {
  if (properties.n < 1 || properties.n > StateLimits::n)
    return invalid("n is " + std::to_string(properties.n) + ": it must be 1 to " +
                   std::to_string(StateLimits::n));
  if (const Status votes = check_votes("r", properties.r, properties.n); !votes) return votes;
  if (const Status votes = check_votes("w", properties.w, properties.n); !votes) return votes;
  if (properties.placement.size() > StateLimits::name_bytes)
    return invalid("the placement delimiter may have up to " +
                   std::to_string(StateLimits::name_bytes) + " bytes");
  return {};
}

Status check_origin(const Origin& origin) {
  if (origin.who.size() > StateLimits::who_bytes)
    return invalid("the name of who asks has more than " + std::to_string(StateLimits::who_bytes) +
                   " bytes");
  return {};
}

Status check_registration(const Registration& registration) {
  if (registration.instance == 0 || registration.run == 0 || registration.boot == 0)
    return invalid("a node registers without an instance, a run or a boot number");
  return check_address(registration.host, registration.http_port, registration.peer_port);
}

Status check_features(const Features& features, std::uint32_t level) {
  if (features.min < 1 || features.min > features.max)
    return invalid("a node speaks feature levels " + std::to_string(features.min) + " to " +
                   std::to_string(features.max) + ": the first must be 1 up to the second");
  if (level > features.max)
    return Error{ErrorCode::unsupported, "the cluster is at feature level " +
                                             std::to_string(level) + ", this build speaks up to " +
                                             std::to_string(features.max) + ": start a newer ouro"};
  if (level < features.min)
    return Error{ErrorCode::unsupported, "the cluster is at feature level " +
                                             std::to_string(level) + ", this build speaks from " +
                                             std::to_string(features.min) +
                                             " on: start an older ouro and raise the level first"};
  return {};
}

}  // namespace ouro::cluster
