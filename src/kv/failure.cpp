#include "kv/failure.hpp"

#include <utility>

namespace ouro::kv {
namespace {

std::string count(std::size_t acknowledged, std::size_t needed) {
  return std::to_string(acknowledged) + " of the " + std::to_string(needed) + " replicas needed";
}

Failure counted(FailureCode code, std::size_t acknowledged, std::size_t needed,
                bool indeterminate) {
  Failure failure;
  failure.code = code;
  failure.retryable = true;
  failure.indeterminate = indeterminate;
  failure.acknowledged = static_cast<unsigned>(acknowledged);
  failure.needed = static_cast<unsigned>(needed);
  return failure;
}

}  // namespace

Failure invalid_request(std::string what) {
  Failure failure;
  failure.detail = std::move(what);
  return failure;
}

Failure quorum_not_met(std::size_t acknowledged, std::size_t needed, bool indeterminate) {
  Failure failure = counted(FailureCode::quorum_not_met, acknowledged, needed, indeterminate);
  failure.detail =
      count(acknowledged, needed) + " answered and no more can be reached: " +
      (indeterminate ? "the write may still take effect; read the key, or write it again"
                     : "nothing was done; try again when more nodes are up");
  return failure;
}

Failure too_late(std::size_t acknowledged, std::size_t needed, bool indeterminate) {
  Failure failure = counted(FailureCode::timeout, acknowledged, needed, indeterminate);
  failure.detail =
      count(acknowledged, needed) + " answered in time: " +
      (indeterminate ? "the write may still take effect; read the key, or write it again"
                     : "try again, or allow more time with ?timeout=");
  return failure;
}

Failure local_failure(const Error& error) {
  Failure failure;
  failure.detail = error.message;
  switch (error.code) {
    case ErrorCode::busy:
      failure.code = FailureCode::overloaded;
      failure.retryable = true;
      return failure;
    case ErrorCode::invalid_argument:
      failure.code = FailureCode::too_many_siblings;
      return failure;
    default:
      failure.code =
          error.code == ErrorCode::no_space ? FailureCode::no_space : FailureCode::storage;
      failure.retryable = true;
      // What failed on its way to the disk may be there all the same.
      failure.indeterminate = error.code == ErrorCode::io || error.code == ErrorCode::no_space;
      return failure;
  }
}

}  // namespace ouro::kv
