// What does a replica hold for one key?
#pragma once

#include "base/result.hpp"
#include "base/shared_bytes.hpp"
#include "kv/dot.hpp"
#include "kv/dot_set.hpp"
#include "kv/stamp.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ouro::kv {

constexpr std::size_t sibling_count_max = 4096;  ///< In a record. Client writes are capped lower.
constexpr std::size_t meta_size_max = 64 * 1024;
constexpr std::size_t idempotency_key_size_max = 256;

/// One live value and the write that made it.
struct Sibling {
  Dot dot;
  Stamp stamp;
  std::string content_type;
  SharedBytes value;
  std::uint64_t expires = 0;    ///< Microseconds since 1970; 0: never.
  std::string meta;             ///< The user's own metadata, opaque here.
  std::string idempotency_key;  ///< Of the write, if the client gave one.
};

/// The live values of a key, and the dots known dead for it that the replica's clock has not seen.
/// A dot that the clock has seen and that is not live is dead, so a delete leaves nothing behind
/// once `rest` is empty.
struct Object {
  std::vector<Sibling> live;  ///< Sorted by dot, each dot once.
  DotSet rest;

  /// Nothing to keep: the key's record is removed.
  bool empty() const noexcept { return live.empty() && rest.empty(); }
};

/// The dots of the live values.
DotSet live_dots(const Object& object);

/// Names the live set: two objects have the same digest if (and, but for a collision of 64 bits,
/// only if) they have the same live dots.
std::uint64_t digest(const Object& object);

/// Drops the values whose time is over at `now` (microseconds since 1970) and says how many. Their
/// dots stay seen, so no frame can bring them back.
std::size_t drop_expired(Object& object, std::uint64_t now);

/// The record of an object, on disk and on the wire (docs/formats.md, "Object record"): a head,
/// then the values, which are shared and not copied. The record is the concatenation of the pieces.
/// An object must keep the limits above and have its siblings in order (checked).
std::vector<SharedBytes> encode_record(const Object& object);

/// The object of a record; its values are parts of `record`. Error corruption for everything that
/// encode_record() does not write, unsupported for a later version. Damage inside of a value cannot
/// be seen here: blocks, log records and frames carry checksums for that.
Result<Object> decode_record(const SharedBytes& record);

}  // namespace ouro::kv
