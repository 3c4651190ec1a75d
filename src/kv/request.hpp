// What a client asks of the database, and what it may be told.
#pragma once

#include "base/node_id.hpp"
#include "base/shared_bytes.hpp"
#include "runtime/clock.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ouro::kv {

constexpr std::size_t key_size_max = 4 * 1024;
constexpr std::size_t bucket_size_max = 255;
constexpr std::size_t value_size_max = std::size_t{8} << 20;
constexpr std::size_t content_type_size_max = 256;
/// Concurrent values of one key. The cap refuses a client's write, never a merge between replicas.
constexpr std::size_t siblings_max = 64;
constexpr std::size_t siblings_size_max = std::size_t{32} << 20;

/// A key in its bucket. Both are 1 byte or more, of any bytes for the key; bucket names have
/// letters, digits, '.', '_' and '-' only.
struct KeyName {
  std::string bucket;
  std::string key;
};

struct Put {
  KeyName name;
  SharedBytes value;
  std::string content_type;
  /// The token of an earlier answer (Ouro-Context): the write replaces exactly what that answer
  /// showed. Without one it replaces whatever its coordinator holds.
  std::optional<std::string> context;
  std::optional<unsigned> w;  ///< Replicas that must have it; default: the bucket's.
  Instant deadline;
};

struct Remove {
  KeyName name;
  std::optional<std::string> context;
  std::optional<unsigned> w;
  Instant deadline;
};

struct Get {
  KeyName name;
  std::optional<unsigned> r;  ///< Replicas that must agree; default: the bucket's.
  Instant deadline;
};

/// One of the values that a key has at the same time.
struct FoundValue {
  SharedBytes value;
  std::string content_type;
  std::string etag;       ///< Names this version of the value for ever: 16 or more hex digits.
  WallTime modified = 0;  ///< The wall clock of the writing coordinator, microseconds.
};

/// The answer to a Get that had its quorum. No values: the key does not exist (or was deleted).
struct Found {
  std::vector<FoundValue> values;  ///< More than one: siblings, concurrent writes. Newest first.
  std::string context;             ///< For the next write of this key; also when it does not exist.
  unsigned answered = 0;           ///< Replicas that agreed or were merged.
  unsigned replicas = 0;           ///< Replicas the key has.
  Epoch epoch = 0;
};

/// The answer to a write that had its quorum.
struct Written {
  bool existed = false;   ///< There was a value at the coordinator before.
  unsigned siblings = 0;  ///< Values the key has at the coordinator after it.
  std::string context;    ///< Covers this write and what it replaced.
  std::string etag;       ///< Of the written value; empty for a Remove.
  unsigned acknowledged = 0;
  unsigned replicas = 0;
  Epoch epoch = 0;
};

enum class FailureCode : std::uint8_t {
  invalid_argument =
      1,              ///< The request makes no sense (r or w out of range, bad bucket name, ...).
  bad_context,        ///< The context is damaged or of another key.
  quorum_not_met,     ///< Too few replicas answered well.
  timeout,            ///< The deadline passed first.
  overloaded,         ///< A bound was reached; nothing was done.
  storage,            ///< The disk failed or its data is damaged; the detail says what to do.
  stale_epoch,        ///< The cluster changed under the request; nothing was done.
  too_many_siblings,  ///< The key has as many concurrent values as it may: resolve them first.
  no_space,           ///< A replica's disk is full.
};

/// Why a request has no good answer, and what is known of its effect.
struct Failure {
  FailureCode code = FailureCode::invalid_argument;
  std::string detail;          ///< One sentence for people, with what to do.
  bool retryable = false;      ///< The same request may succeed later.
  bool indeterminate = false;  ///< Writes: it may or may not have taken effect, now or later.
  unsigned acknowledged = 0;   ///< Replicas known to have it, or that answered.
  unsigned needed = 0;
};

template <class T>
using Outcome = boost::system::result<T, Failure>;

}  // namespace ouro::kv
