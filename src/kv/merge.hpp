// How does a write, or another replica's state, change what a replica holds?
//
// The rules R2, R4, R5, R6 and R8 of the replication model (docs/replication.md), over memory only:
// the caller commits object, clock and dot log in one atomic batch, and hands in the clock of the
// key's (arc, N). Optimized observed-remove sets (Bieniusa et al. 2012) with one exact clock per
// arc (after DottedDB, Goncalves et al., SRDS 2017).
#pragma once

#include "kv/dot.hpp"
#include "kv/dot_set.hpp"
#include "kv/object.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace ouro::kv {

/// What one replica tells another about one key: a write, a repair, a hint, a part of an exchange.
struct Frame {
  std::vector<Sibling> live;  ///< Sorted by dot.
  /// Whatever is in it and not in `live` is dead for this key. Dots of other keys of the arc are in
  /// it too, so it says nothing about what its receiver has seen.
  DotSet context;
  /// Dots of this very key whose effect the frame carries in full: its receiver has then seen them.
  std::vector<Dot> names;
};

/// What a merge did.
struct Change {
  bool object_changed = false;  ///< The record must be written (or removed, if empty).
  std::vector<Dot> learned;     ///< Dots new to the clock, sorted: entries of the dot log.
  std::size_t discarded = 0;    ///< Values that were live here and are not any more.
};

/// Takes in a frame. Frames may come late, twice and in any order, and all replicas that got the
/// same ones agree. `frame.names` must be well formed (checked).
Change merge(Object& local, DotSet& seen, const Frame& frame);

/// What a coordinated write replaced.
struct WriteEffect {
  bool existed = false;       ///< A value was live before.
  std::size_t discarded = 0;  ///< Values that were live and are not any more.
};

/// A put at its coordinator. `value.dot` was just minted: nobody has it yet (checked against
/// `seen`). Without a context it replaces what is live here; with one exactly what that covers. The
/// dot is new to the clock, and belongs in the dot log.
WriteEffect coordinate_put(Object& local, DotSet& seen, Sibling value,
                           const std::optional<DotSet>& context);

/// A delete: the same without a value. Its dot is seen and never live.
WriteEffect coordinate_remove(Object& local, DotSet& seen, Dot dot,
                              const std::optional<DotSet>& context);

/// Forgets the dots of `rest` that the clock has seen since; true if there were any. For keys that
/// a mark in the `clocks` table names, when their clock has grown.
bool settle(Object& local, const DotSet& seen);

/// The context that a replica's answer carries: everything it can vouch for. Of durable state only.
DotSet filled_context(const Object& object, const DotSet& durable_seen);

/// The frame of a key's durable state. `names`: the dots of the write it announces (for an answer
/// to an exchange: those dots of the key that the other side lacks); empty for a repair.
Frame frame_of(const Object& object, const DotSet& durable_seen, std::vector<Dot> names);

}  // namespace ouro::kv
