#include "ring/token.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"

#include <bit>

namespace ouro::ring {

Token token_of(std::uint64_t cluster_seed, std::string_view bucket,
               std::string_view placement_part) {
  // The bucket's hash seeds the key's: "a"+"bc" and "ab"+"c" differ, and nothing is copied.
  return hash64(placement_part, hash64(bucket, cluster_seed));
}

std::string_view placement_part(std::string_view key, std::string_view delimiter) {
  if (delimiter.empty()) return key;
  return key.substr(0, key.find(delimiter));
}

Arc arc_of(Token token, std::uint32_t arc_count) {
  check(std::has_single_bit(arc_count) && arc_count <= arc_count_max);
  const int bits = std::countr_zero(arc_count);
  return bits == 0 ? 0 : static_cast<Arc>(token >> (64 - bits));
}

Token first_token(Arc arc, std::uint32_t arc_count) {
  check(std::has_single_bit(arc_count) && arc < arc_count);
  const int bits = std::countr_zero(arc_count);
  return bits == 0 ? 0 : static_cast<Token>(arc) << (64 - bits);
}

}  // namespace ouro::ring
