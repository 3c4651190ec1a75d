// The keys and values that all engines are given: the same ones from the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::bench {

/// How many pairs of what size.
struct Shape {
  std::uint64_t keys = 0;
  std::size_t key_bytes = 16;  ///< Up to 16: decimal numbers; more: letters and digits at random.
  std::size_t value_bytes = 100;
  bool value_is_key = false;

  std::uint64_t raw_bytes() const { return keys * (key_bytes + value_bytes); }
};

class Data {
 public:
  Data(const Shape& shape, std::uint64_t seed);

  const Shape& shape() const { return shape_; }
  /// Writes key number `id` to `out`, shape().key_bytes long. An absent one lies among the present
  /// ones and differs from them in its last byte.
  void write_key(std::uint64_t id, bool absent, char* out) const;
  /// Values of half random, half repeated bytes; `number` picks one.
  std::string_view value(std::uint64_t number) const;
  /// 0 .. keys - 1 in an order that `round` decides.
  std::vector<std::uint32_t> permutation(std::uint64_t round) const;

 private:
  Shape shape_;
  std::uint64_t seed_;
  std::string pool_;
};

/// Some keys made beforehand, so that making them is not measured. Small enough for the
/// processor's caches.
class KeyBlock {
 public:
  KeyBlock(const Data& data, std::size_t capacity)
      : data_(data), bytes_(capacity * data.shape().key_bytes, '\0') {}

  void set(std::size_t place, std::uint64_t id, bool absent = false) {
    data_.write_key(id, absent, bytes_.data() + place * data_.shape().key_bytes);
  }
  std::string_view operator[](std::size_t place) const {
    const std::size_t size = data_.shape().key_bytes;
    return {bytes_.data() + place * size, size};
  }

 private:
  const Data& data_;
  std::string bytes_;
};

}  // namespace ouro::bench
