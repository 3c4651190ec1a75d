// Under which keys do the tables of the data database hold what?
//
// The layouts are in docs/formats.md, "Tables of the data database". All numbers of fixed size are
// big-endian, so that bytes sort as numbers do. Every parse answers Error corruption for what its
// builder does not write.
#pragma once

#include "base/result.hpp"
#include "kv/dot.hpp"
#include "ring/token.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::kv {

/// Where dots are unique and clocks are kept: buckets with different N have different owners, so
/// their writes are counted apart.
struct ArcId {
  ring::Arc arc = 0;
  std::uint8_t n = 0;

  auto operator<=>(const ArcId&) const = default;
};

/// Table `data`: token | bucket, length first | generation | key.
struct DataKey {
  ring::Token token = 0;
  std::string_view bucket;
  std::uint64_t generation = 0;
  std::string_view key;

  bool operator==(const DataKey&) const = default;
};

std::string data_key(const DataKey& parts);
/// The parts point into `bytes`.
Result<DataKey> parse_data_key(std::string_view bytes);
/// What all keys of a bucket on one token begin with.
std::string data_key_prefix(ring::Token token, std::string_view bucket, std::uint64_t generation);

/// Table `clocks`, 'c': the clock of an (arc, N); its value is encode_clock()'s.
std::string clock_key(ArcId arc);
/// All clocks: keys that begin with this.
std::string clock_prefix();
Result<ArcId> parse_clock_key(std::string_view bytes);

/// Table `clocks`, 'r': marks a key whose `rest` is not empty; its value is empty.
std::string rest_key(ArcId arc, std::string_view data_key);
std::string rest_prefix(ArcId arc);
/// The data key that a mark names; it points into `bytes`.
Result<std::string_view> parse_rest_key(std::string_view bytes);

/// Table `clocks`, 't': what the streams of an (arc, N) passed over; its value is
/// Passed::encode()'s.
std::string stream_key(ArcId arc);
std::string stream_prefix();
Result<ArcId> parse_stream_key(std::string_view bytes);

/// Table `clocks`, 'd': marks an (arc, N) whose data is being removed; its value is empty.
std::string drop_key(ArcId arc);
std::string drop_prefix();
Result<ArcId> parse_drop_key(std::string_view bytes);

/// Table `changes`, the dot log: its value is the data key that the dot's write changed. The dots
/// of one actor lie in the order of their counters.
struct ChangeKey {
  ArcId arc;
  Dot dot;

  bool operator==(const ChangeKey&) const = default;
};

std::string change_key(ArcId arc, const Dot& dot);
std::string change_prefix(ArcId arc);
Result<ChangeKey> parse_change_key(std::string_view bytes);

/// The first key after all that begin with `prefix`; empty if there is none. The end of a scan.
std::string prefix_end(std::string prefix);

}  // namespace ouro::kv
