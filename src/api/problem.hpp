// What does a client get told when its request has no good answer?
//
// Every refusal and failure is one of these, sent as application/problem+json (RFC 9457) with
// members of Ouro's own: a program decides by `code`, `retryable` and `indeterminate`, a person
// reads `detail`.
#pragma once

#include "kv/request.hpp"

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ouro::api {

struct Problem {
  Problem() = default;
  Problem(unsigned problem_status, std::string problem_code, std::string problem_detail)
      : status(problem_status), code(std::move(problem_code)), detail(std::move(problem_detail)) {}

  unsigned status = 500;
  std::string code;    ///< Lower case with underscores; never changes its meaning.
  std::string detail;  ///< What is wrong with this very request, and what to do.
  bool retryable = false;
  bool indeterminate = false;     ///< Writes: it may or may not have taken effect.
  std::optional<unsigned> acked;  ///< Replicas known to have answered or to have it.
  std::optional<unsigned> needed;
  std::string allow;         ///< For 405: the methods that there are, for the Allow field.
  unsigned retry_after = 0;  ///< Seconds; 0: no Retry-After field.
};

template <class T>
using Checked = boost::system::result<T, Problem>;

/// The problem that a failure of the coordinator is for its client.
Problem problem_of(const kv::Failure& failure);

/// "Not Found" for 404; "Error" for a status without a name here.
std::string_view title_of(unsigned status);

}  // namespace ouro::api
