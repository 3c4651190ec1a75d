// What a metamorphic run does: operations of plain numbers, so that any of them can be left out.
#pragma once

#include "base/coding.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine::metamorphic {

enum class Kind : std::uint8_t {
  put,
  remove,
  batch,   ///< Several changes of both tables.
  queued,  ///< Several batches through commit(), then the lanes until all are answered.
  get,
  multi_get,
  scan,
  snapshot,  ///< Into slot b, in place of the one there.
  read_at,   ///< A scan as of the snapshot in slot b, if there is one.
  release,
  step,  ///< Some jobs of the lanes run.
  flush,
  compact,
  reopen,
  drop_range,
  move_range,  ///< Exports from the one table, drops in the other, ingests there.
  checkpoint,  ///< And what the copy holds.
  verify,
};
constexpr std::string_view kind_names[] = {
    "put",     "remove",   "batch",      "queued",     "get",        "multi_get",
    "scan",    "snapshot", "read_at",    "release",    "step",       "flush",
    "compact", "reopen",   "drop_range", "move_range", "checkpoint", "verify"};

struct Op {
  Kind kind = Kind::put;
  std::uint8_t table = 0;
  std::uint64_t a = 0, b = 0;  ///< Key numbers, slots, counts: what the kind makes of them.
  std::uint64_t seed = 0;      ///< For what else it decides.
};
using Ops = std::vector<Op>;

inline std::string to_string(const Op& op) {
  return std::string(kind_names[static_cast<std::size_t>(op.kind)]) + " table " +
         std::to_string(op.table) + " a " + std::to_string(op.a) + " b " + std::to_string(op.b) +
         " seed " + std::to_string(op.seed);
}

constexpr std::uint64_t key_count = 200;

/// Keys that begin with a token: spread evenly but for a few that share one.
inline std::string key_of(std::uint64_t number) {
  const std::string name = "key" + std::to_string(number);
  std::string key;
  put_big64(key, hash64(number % 10 == 0 ? std::string_view("shared") : std::string_view(name)));
  return key + name;
}

inline Kind random_kind(Random& random) {
  struct Share {
    Kind kind;
    std::uint64_t permille;
  };
  constexpr Share shares[] = {{Kind::put, 230},       {Kind::remove, 90},    {Kind::batch, 110},
                              {Kind::queued, 60},     {Kind::get, 120},      {Kind::multi_get, 70},
                              {Kind::scan, 80},       {Kind::snapshot, 30},  {Kind::read_at, 50},
                              {Kind::release, 20},    {Kind::step, 60},      {Kind::flush, 20},
                              {Kind::compact, 8},     {Kind::reopen, 10},    {Kind::drop_range, 12},
                              {Kind::move_range, 14}, {Kind::checkpoint, 8}, {Kind::verify, 8}};
  std::uint64_t choice = random.below(1000);
  for (const Share& share : shares) {
    if (choice < share.permille) return share.kind;
    choice -= share.permille;
  }
  return Kind::put;
}

inline Ops random_ops(std::uint64_t seed, std::size_t count) {
  SeededRandom random(seed);
  Ops ops(count);
  for (Op& op : ops)
    op = {random_kind(random), static_cast<std::uint8_t>(random.below(2)), random.below(key_count),
          random.below(key_count), random.next()};
  return ops;
}

/// The smallest list found that still fails, by leaving out ever smaller pieces (delta debugging,
/// Zeller 1999). `fails` is asked at most `tries` times and must hold for `items`.
template <class T>
std::vector<T> shrink(std::vector<T> items, const std::function<bool(const std::vector<T>&)>& fails,
                      std::size_t tries = 2000) {
  for (std::size_t piece = items.size() / 2; piece > 0;) {
    bool smaller = false;
    for (std::size_t at = 0; at < items.size() && tries > 0;) {
      std::vector<T> rest = items;
      const auto begin = rest.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t size = piece < items.size() - at ? piece : items.size() - at;
      rest.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
      --tries;
      if (fails(rest)) {
        items = std::move(rest);
        smaller = true;
      } else {
        at += piece;
      }
    }
    if (tries == 0) break;
    if (piece > 1)
      piece /= 2;
    else if (!smaller)
      break;
  }
  return items;
}

}  // namespace ouro::engine::metamorphic
