// Errors as values: what a call that may fail returns.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace ouro {

/// What kind of failure it was, for the caller that must choose what to do next.
enum class ErrorCode : std::uint8_t {
  invalid_argument = 1,  ///< The request makes no sense; repeating it will not help.
  not_found,             ///< The named thing (a file, a member) does not exist.
  exists,                ///< The named thing is there already.
  denied,                ///< Permissions are wrong, or somebody else holds the lock.
  corruption,            ///< Bytes read from disk or network failed their check.
  unsupported,           ///< A format or protocol version that this build does not know.
  io,                    ///< The device failed.
  no_space,              ///< The disk is full.
  would_block,           ///< The answer needs the disk and the caller asked not to wait for it.
  busy,                  ///< A bound was reached; try again later.
  closed,                ///< The object was shut down, or failed for good and says why.
  unreachable,           ///< The request was certainly not delivered.
  connection_lost,       ///< Delivered perhaps, carried out perhaps: the outcome is not known.
  timeout,               ///< The deadline passed; the outcome is not known.
  stale_epoch,           ///< One side's view of the cluster is older than the other's.
  not_leader,            ///< Only the leader decides this, and was not asked: nothing was done.
};

/// The stable lower-case name of a code, such as "no_space".
std::string_view name(ErrorCode code);

/// A failure: its kind, and one sentence that names what failed and what to do next.
struct Error {
  ErrorCode code;
  std::string message;
};

/// A value or the reason why there is none. `*result` only after testing it.
template <class T>
using Result = boost::system::result<T, Error>;

/// Success or the reason of failure.
using Status = Result<void>;

/// "io: /data/wal/7.wal at 4096: Input/output error"
std::string to_string(const Error& error);

}  // namespace ouro
