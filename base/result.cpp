#include "base/result.hpp"

namespace ouro {

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::exists:
      return "exists";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::corruption:
      return "corruption";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::io:
      return "io";
    case ErrorCode::no_space:
      return "no_space";
    case ErrorCode::would_block:
      return "would_block";
    case ErrorCode::busy:
      return "busy";
    case ErrorCode::closed:
      return "closed";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::connection_lost:
      return "connection_lost";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::stale_epoch:
      return "stale_epoch";
    case ErrorCode::not_leader:
      return "not_leader";
  }
  return "unknown";
}

std::string to_string(const Error& error) {
  return std::string(name(error.code)) + ": " + error.message;
}

}  // namespace ouro
