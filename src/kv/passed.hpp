// What do the streams of an arc that came in so far prove about its keys?
//
// A joining replica takes an arc from a snapshot of another one, in key order (rule R13). The
// snapshot's clock may be adopted only when the last key is in; until then the keys that are in
// have got all effects of that clock and the others have not. So the clock is remembered with the
// stretch of keys it holds for, once for all of them, and counts as part of each key's rest: the
// dots in it that are not live here are dead (docs/replication.md, "Moving an arc").
#pragma once

#include "base/result.hpp"
#include "kv/dot_set.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::kv {

/// The keys from `start` (inclusive) to `end` (exclusive; empty: to the arc's end), and the clock
/// of a replica whose state of all these keys was merged here, absences too.
struct Stretch {
  std::string start;
  std::string end;
  DotSet clock;

  bool contains(std::string_view key) const { return key >= start && (end.empty() || key < end); }
  bool operator==(const Stretch&) const = default;
};

/// A value. The stretches of the stream under way lie end to end from the arc's start; they may
/// have different clocks, for a stream that broke goes on from a newer snapshot or another replica.
class Passed {
 public:
  /// The most stretches there may be; then room() is false and no stream may begin.
  static constexpr std::size_t stretches_max = 256;

  /// The next stretch of the stream. It begins at next() and the stream is not complete (checked).
  void add(Stretch stretch);
  /// Is a stream under way, not complete?
  bool begun() const { return !stream_.empty() && !complete(); }
  /// The stream has reached the arc's end.
  bool complete() const { return !stream_.empty() && stream_.back().end.empty(); }
  /// Where the stream goes on; empty: at the arc's start.
  std::string next() const { return stream_.empty() ? std::string() : stream_.back().end; }
  /// The stream begins anew. What it brought stays known.
  void restart();
  bool room() const { return stream_.size() + older_.size() < stretches_max; }

  /// Ends a complete stream (checked) and answers the clock that all its stretches share: of every
  /// dot in it, whatever its key, the effect is here. The caller adds it to the arc's clock.
  DotSet adopt();

  /// Dots that are dead for `key` unless they are live here.
  DotSet dead_for(std::string_view key) const;

  /// Drops the stretches of earlier streams that say no more than the arc's clock. True if any.
  bool forget(const DotSet& seen);

  /// Does the arc's clock cover all there is, so that nothing here says more?
  bool covered_by(const DotSet& seen) const;

  bool empty() const { return stream_.empty() && older_.empty(); }
  bool operator==(const Passed&) const = default;

  /// The row of the `clocks` table (docs/formats.md, "Stream record").
  std::string encode() const;
  /// Error corruption for what encode() does not write.
  static Result<Passed> decode(std::string_view bytes);

 private:
  std::vector<Stretch> stream_;  // end to end, from the arc's start
  std::vector<Stretch> older_;   // of streams that ended, one way or the other
};

}  // namespace ouro::kv
