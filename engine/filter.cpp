#include "engine/filter.hpp"

#include "base/coding.hpp"

#include <algorithm>
#include <cstring>

namespace ouro::engine {
namespace {

constexpr std::size_t line_size = 64;
constexpr std::size_t head_size = 8;
constexpr std::uint8_t kind_blocked_bloom = 1;
constexpr unsigned probes_max = 16;

/// The line comes from the hash's high half, the places in it from the low half.
std::size_t line_of(std::uint64_t hash, std::size_t lines) {
  return static_cast<std::size_t>((hash >> 32) * lines >> 32);
}

/// Multiplying by the golden ratio gives the next place: its top nine bits (as RocksDB's filter
/// does it).
std::uint32_t next(std::uint32_t hash) { return hash * 0x9e3779b9u; }

}  // namespace

Filter Filter::build(const std::vector<std::uint64_t>& hashes, unsigned bits_per_key) {
  Filter filter;
  const std::uint64_t bits = std::uint64_t{hashes.size()} * bits_per_key;
  const std::uint64_t lines = std::min<std::uint64_t>(bits / (line_size * 8) + 1, 1u << 26);
  filter.lines_.resize(lines, Line{});
  // ln 2 times bits would be best if places were spread over the whole filter; in lines a little
  // fewer are.
  filter.probes_ = std::clamp(bits_per_key * 3 / 5, 1u, probes_max);
  for (const std::uint64_t hash : hashes) filter.add(hash);
  return filter;
}

void Filter::add(std::uint64_t hash) {
  Line& line = lines_[line_of(hash, lines_.size())];
  auto mixed = static_cast<std::uint32_t>(hash);
  for (unsigned i = 0; i < probes_; ++i) {
    mixed = next(mixed);
    const std::uint32_t place = mixed >> 23;
    line.bytes[place / 8] = static_cast<char>(line.bytes[place / 8] | 1 << place % 8);
  }
}

bool Filter::may_contain(std::uint64_t hash) const noexcept {
  const Line& line = lines_[line_of(hash, lines_.size())];
  auto mixed = static_cast<std::uint32_t>(hash);
  for (unsigned i = 0; i < probes_; ++i) {
    mixed = next(mixed);
    const std::uint32_t place = mixed >> 23;
    if ((line.bytes[place / 8] >> place % 8 & 1) == 0) return false;
  }
  return true;
}

void Filter::prefetch(std::uint64_t hash) const noexcept {
  __builtin_prefetch(&lines_[line_of(hash, lines_.size())]);
}

std::string Filter::encode() const {
  std::string out;
  out.reserve(head_size + memory());
  put_fixed<std::uint8_t>(out, kind_blocked_bloom);
  put_fixed<std::uint8_t>(out, static_cast<std::uint8_t>(probes_));
  put_fixed<std::uint16_t>(out, 0);
  put_fixed<std::uint32_t>(out, static_cast<std::uint32_t>(lines_.size()));
  for (const Line& line : lines_) out.append(line.bytes, line_size);
  return out;
}

std::optional<Filter> Filter::decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto kind = reader.fixed<std::uint8_t>();
  const auto probes = reader.fixed<std::uint8_t>();
  const auto zero = reader.fixed<std::uint16_t>();
  const auto lines = reader.fixed<std::uint32_t>();
  if (!reader.ok() || kind != kind_blocked_bloom || zero != 0 || probes < 1 ||
      probes > probes_max || lines == 0 || reader.rest().size() != std::uint64_t{lines} * line_size)
    return std::nullopt;
  Filter filter;
  filter.probes_ = probes;
  filter.lines_.resize(lines);
  std::memcpy(filter.lines_.data(), reader.rest().data(), reader.rest().size());
  return filter;
}

}  // namespace ouro::engine
