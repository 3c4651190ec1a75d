// From a key to its place on the ring.
#pragma once

#include <cstdint>
#include <string_view>

namespace ouro::ring {

/// A place on the circle of 2^64.
using Token = std::uint64_t;

/// One of the Q equal arcs of the circle, 0 .. Q-1.
using Arc = std::uint32_t;

/// The most arcs a ring may have, and the fewest. Always a power of two.
constexpr std::uint32_t arc_count_max = 1u << 16;
constexpr std::uint32_t arc_count_default = 256;

/// The token of a key: XXH3-64, seeded per cluster, of the bucket's name and the part of the key
/// that decides its placement (the whole key, unless the bucket says otherwise: see
/// placement_part). `cluster_seed` keeps outsiders from choosing keys that share a token.
Token token_of(std::uint64_t cluster_seed, std::string_view bucket,
               std::string_view placement_part);

/// What of `key` decides where it lies. `delimiter` empty: all of it. Otherwise the part before the
/// first delimiter, so that "user42/cart" and "user42/name" lie together (all of it if there is
/// none).
std::string_view placement_part(std::string_view key, std::string_view delimiter);

/// The arc that holds `token` among `arc_count` (a power of two): the token's top bits. Doubling
/// the count splits every arc in two and moves nothing.
Arc arc_of(Token token, std::uint32_t arc_count);

/// The first token of an arc.
Token first_token(Arc arc, std::uint32_t arc_count);

}  // namespace ouro::ring
