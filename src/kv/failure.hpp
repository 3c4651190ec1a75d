// Failures as the shells of the store meet them.
#pragma once

#include "base/result.hpp"
#include "kv/request.hpp"

#include <cstddef>
#include <string>

namespace ouro::kv {

/// `what` was wrong with the request itself.
Failure invalid_request(std::string what);

/// `acknowledged` of `needed` replicas have a write (or answered a read) and no more will.
Failure quorum_not_met(std::size_t acknowledged, std::size_t needed, bool indeterminate);

/// The deadline passed with `acknowledged` of `needed`.
Failure too_late(std::size_t acknowledged, std::size_t needed, bool indeterminate);

/// What an error of the local store means for a client's write. Errors io and
/// no_space: the outcome is not known.
Failure local_failure(const Error& error);

}  // namespace ouro::kv
