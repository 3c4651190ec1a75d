// Exactly which writes has somebody seen?
#pragma once

#include "base/coding.hpp"
#include "base/result.hpp"
#include "kv/dot.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::kv {

/// The dots first .. last (both included) of one actor. 1 <= first <= last <= counter_max.
struct Interval {
  Actor actor;
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  auto operator<=>(const Interval&) const = default;
};

/// An exact set of dots: arc clocks, contexts, the dead dots of a key. A value; not thread-safe.
///
/// One vector of disjoint, non-adjacent intervals, sorted by actor and counter; so equal sets have
/// equal representations. Never a maximum per actor: that would claim writes that were not received
/// and lose acknowledged ones. Set operations are linear in the intervals of both, changes of one
/// dot logarithmic (plus a move of the tail).
class DotSet {
 public:
  /// The most intervals that decode() accepts.
  static constexpr std::size_t interval_count_max = std::size_t{1} << 20;

  DotSet() = default;
  DotSet(std::initializer_list<Dot> dots);

  /// Dots and intervals must be well formed (checked).
  void add(Dot dot);
  void add(const Interval& interval);
  void add(const DotSet& other);  ///< Union.
  void subtract(const DotSet& other);
  DotSet difference(const DotSet& other) const;    ///< What is here and not in `other`.
  DotSet intersection(const DotSet& other) const;  ///< What is in both.

  bool contains(const Dot& dot) const;
  bool covers(const DotSet& other) const;  ///< Is every dot of `other` here?
  bool intersects(const DotSet& other) const;
  bool empty() const noexcept { return intervals_.empty(); }
  std::size_t interval_count() const noexcept { return intervals_.size(); }
  std::uint64_t dot_count() const noexcept;  ///< Stops at the greatest 64-bit number.
  /// The greatest counter of an actor, 0 if there is none. For minting the next one only.
  std::uint64_t last_counter(const Actor& actor) const;

  std::span<const Interval> intervals() const noexcept { return intervals_; }
  bool operator==(const DotSet&) const = default;
  std::uint64_t hash() const;  ///< Equal sets have equal hashes, on every machine.

  /// Appends the canonical bytes (docs/formats.md, "Dot set"); they carry their own length.
  void encode(std::string& out) const;
  /// Reads what encode() wrote and leaves the reader behind it. Error corruption for all else, also
  /// for bytes that mean a set but are not its canonical form.
  static Result<DotSet> decode(Reader& reader);

 private:
  std::vector<Interval> intervals_;
};

/// The value of a clock in the `clocks` table: a version and a dot set.
std::string encode_clock(const DotSet& seen);
Result<DotSet> decode_clock(std::string_view bytes);

}  // namespace ouro::kv
