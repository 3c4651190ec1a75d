// Which keys a table certainly does not hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// A Bloom filter whose probes for a key lie in one 64-byte line (Putze, Sanders, Singler, 2007):
/// a lookup costs one cache miss. About 1 % false positives at 10 bits per key, no false negatives.
class Filter {
 public:
  /// A filter over the given hash64s of keys (duplicates may be left in).
  static Filter build(const std::vector<std::uint64_t>& hashes, unsigned bits_per_key);
  /// Nothing if `bytes` are not an encoded filter.
  static std::optional<Filter> decode(std::string_view bytes);
  std::string encode() const;

  bool may_contain(std::uint64_t hash) const noexcept;
  /// Asks the processor for the line that may_contain() reads.
  void prefetch(std::uint64_t hash) const noexcept;
  std::size_t memory() const noexcept { return lines_.size() * sizeof(Line); }

 private:
  struct alignas(64) Line {
    char bytes[64];
  };

  void add(std::uint64_t hash);

  std::vector<Line> lines_;
  unsigned probes_ = 0;
};

}  // namespace ouro::engine
