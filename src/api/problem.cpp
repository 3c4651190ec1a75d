#include "api/problem.hpp"

namespace ouro::api {
namespace {

struct Meaning {
  unsigned status;
  const char* code;
};

Meaning meaning_of(kv::FailureCode code) {
  switch (code) {
    case kv::FailureCode::invalid_argument:
      return {400, "invalid_argument"};
    case kv::FailureCode::bad_context:
      return {400, "bad_context"};
    case kv::FailureCode::quorum_not_met:
      return {503, "quorum_not_met"};
    case kv::FailureCode::timeout:
      return {504, "timeout"};
    case kv::FailureCode::overloaded:
      return {503, "overloaded"};
    case kv::FailureCode::storage:
      return {500, "storage"};
    case kv::FailureCode::stale_epoch:
      return {409, "stale_epoch"};
    case kv::FailureCode::too_many_siblings:
      return {409, "too_many_siblings"};
    case kv::FailureCode::no_space:
      return {507, "no_space"};
  }
  return {500, "internal"};
}

}  // namespace

Problem problem_of(const kv::Failure& failure) {
  const Meaning meaning = meaning_of(failure.code);
  Problem problem(meaning.status, meaning.code, failure.detail);
  problem.retryable = failure.retryable;
  problem.indeterminate = failure.indeterminate;
  if (failure.needed > 0) {
    problem.acked = failure.acknowledged;
    problem.needed = failure.needed;
  }
  if (meaning.status == 503) problem.retry_after = 1;
  return problem;
}

std::string_view title_of(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Error";
  }
}

}  // namespace ouro::api
