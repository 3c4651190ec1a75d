// One key to look up in tables, and what was found.
#pragma once

#include "base/file_system.hpp"
#include "base/hash.hpp"
#include "base/shared_bytes.hpp"
#include "engine/entry.hpp"

#include <cstdint>
#include <string_view>

namespace ouro::engine {

/// The first 8 bytes of `key` as a big-endian number, short keys filled up with zero bytes. Orders
/// as the keys do, except that different keys may have equal prefixes.
std::uint64_t key_prefix(std::string_view key);

/// What tables need to look up a key, computed once for all of them. Does not own the key.
struct PointRead {
  PointRead(std::string_view key_, Sequence at_most_, ReadMode mode_)
      : key(key_), at_most(at_most_), mode(mode_), prefix(key_prefix(key_)), hash(hash64(key_)) {}

  std::string_view key;
  Sequence at_most;  ///< Versions with a greater sequence are not seen.
  ReadMode mode;
  std::uint64_t prefix;
  std::uint64_t hash;  ///< hash64(key), what filters are built from.
};

struct Found {
  enum class Kind : std::uint8_t {
    none,    ///< No version of the key here: look further down.
    put,     ///< `value` is set.
    remove,  ///< The key is absent: look no further.
  };
  Kind kind = Kind::none;
  Sequence sequence = 0;
  SharedBytes value;  ///< Pins the block that holds it, in the cache or out of it.
};

}  // namespace ouro::engine
