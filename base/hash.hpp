// The one hash of the project: XXH3-64 (Collet), seeded.
#pragma once

#include <cstdint>
#include <string_view>

namespace ouro {

/// XXH3-64 of `bytes`. Stable for ever and on every machine: tokens and checksums on disk depend on
/// it.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

/// The same hash over bytes that lie in pieces: the result is that of their concatenation.
class StreamHash {
 public:
  explicit StreamHash(std::uint64_t seed = 0);
  ~StreamHash();
  StreamHash(const StreamHash&) = delete;
  StreamHash& operator=(const StreamHash&) = delete;

  void add(std::string_view bytes);
  std::uint64_t finish() const;

 private:
  void* state_;
};

}  // namespace ouro
