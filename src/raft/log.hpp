// Which entries does a node hold, which configuration do they make, and how far are they durable?
#pragma once

#include "raft/types.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace ouro::raft {

/// The log in memory: all entries that are not compacted, behind a base (index and term of the
/// last one that is gone; 0 and 0 if none is). Bounded by compaction; metadata is small.
class Log {
 public:
  Log() = default;
  /// As loaded from disk: `entries` follow `snapshot`'s or an earlier index without gaps.
  Log(Snapshot snapshot, std::vector<Entry> entries);

  Index first() const { return base_index_ + 1; }
  Index last() const { return base_index_ + entries_.size(); }
  Term last_term() const { return *term(last()); }
  /// Nothing if the entry is compacted or not there yet. The base's own term is known.
  std::optional<Term> term(Index index) const;
  const Entry& at(Index index) const;
  bool matches(Index index, Term term) const { return this->term(index) == term; }
  /// Bytes of all entries, with an allowance for each.
  std::size_t bytes() const { return bytes_; }

  /// Entries from `from` to at most `to`, until `bytes_max` is reached: at least one if there is.
  std::vector<Entry> range(Index from, Index to, std::size_t bytes_max) const;

  /// Entry last() + 1.
  void append(Entry entry);
  /// Forgets all from `from` on.
  void truncate(Index from);
  /// Replaces the log up to snapshot.index. What follows stays if the log held the snapshot's last
  /// entry (5.1), else everything goes.
  void install(Snapshot snapshot);
  /// Takes over a snapshot of this node's own state, whose index is in the log, and forgets the
  /// oldest entries at or before it, as long as `bytes_kept` of them remain.
  void compact(Snapshot snapshot, std::size_t bytes_kept);

  /// The newest snapshot; index 0 if there is none.
  const Snapshot& snapshot() const { return snapshot_; }

  /// The newest configuration in the log (4.1: in force although it may not be committed) and its
  /// entry's index.
  const Configuration& configuration() const { return configurations_.rbegin()->second; }
  Index configuration_index() const { return configurations_.rbegin()->first; }
  /// The newest one at or before `index`, which is not before the snapshot.
  const Configuration& configuration_at(Index index) const;

  /// The last entry that is durable, all before it too.
  Index stable() const { return stable_; }
  /// Entries up to (index, term) were written. Nothing if they have been replaced since.
  void set_stable(Index index, Term term);

  /// For search of a conflict: the last index at or before `index` whose term is at most `term`;
  /// the base's index if there is none.
  Index last_at_most(Index index, Term term) const;

 private:
  void forget_to(Index index, Term term);

  Index base_index_ = 0;
  Term base_term_ = 0;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  Index stable_ = 0;
  Snapshot snapshot_;
  std::map<Index, Configuration> configurations_{{0, Configuration{}}};
};

/// What one entry counts for in bounds.
constexpr std::size_t entry_overhead = 64;
inline std::size_t cost(const Entry& entry) { return entry.data.size() + entry_overhead; }

}  // namespace ouro::raft
