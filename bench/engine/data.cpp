#include "bench/engine/data.hpp"

#include "base/check.hpp"
#include "base/random.hpp"

#include <numeric>
#include <utility>

namespace ouro::bench {
namespace {

constexpr std::size_t decimal_digits = 16;
constexpr std::size_t pool_bytes = std::size_t{1} << 20;
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

void write_decimal(std::uint64_t number, char* out, std::size_t size) {
  for (std::size_t at = size; at-- > 0; number /= 10)
    out[at] = static_cast<char>('0' + number % 10);
}

void write_random(std::uint64_t state, char* out, std::size_t size) {
  constexpr std::size_t letters_per_number = 8;
  for (std::size_t at = 0; at < size;) {
    std::uint64_t number = split_mix(state);
    for (std::size_t i = 0; i < letters_per_number && at < size; ++i, number >>= 8)
      out[at++] = alphabet[(number & 0xff) * alphabet.size() >> 8];
  }
}

/// Pieces of `piece` bytes whose second half repeats the first.
std::string make_pool(std::size_t piece, std::uint64_t seed) {
  SeededRandom random(seed);
  std::string pool;
  while (pool.size() < pool_bytes) {
    const std::size_t begin = pool.size();
    for (std::size_t i = 0; i < (piece + 1) / 2; ++i)
      pool.push_back(static_cast<char>(' ' + random.below('~' - ' ')));
    pool.append(pool, begin, piece / 2);
  }
  return pool;
}

}  // namespace

Data::Data(const Shape& shape, std::uint64_t seed)
    : shape_(shape), seed_(seed), pool_(make_pool(shape.value_bytes, seed)) {
  check(shape.keys > 0 && shape.keys <= 0xffffffff);
}

void Data::write_key(std::uint64_t id, bool absent, char* out) const {
  if (shape_.key_bytes <= decimal_digits) {
    write_decimal(id, out, shape_.key_bytes);
  } else {
    std::uint64_t start = seed_ + id;
    write_random(split_mix(start), out, shape_.key_bytes);
  }
  if (absent) out[shape_.key_bytes - 1] = '.';
}

std::string_view Data::value(std::uint64_t number) const {
  const std::uint64_t pieces = pool_.size() / shape_.value_bytes;
  return std::string_view(pool_).substr(number % pieces * shape_.value_bytes, shape_.value_bytes);
}

std::vector<std::uint32_t> Data::permutation(std::uint64_t round) const {
  std::vector<std::uint32_t> order(shape_.keys);
  std::iota(order.begin(), order.end(), 0u);
  SeededRandom random(seed_ + round);
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[random.below(left)]);
  return order;
}

}  // namespace ouro::bench
