// Which nodes hold each arc before and after the running change.
#pragma once

#include "cluster/state.hpp"

#include <optional>
#include <set>
#include <vector>

namespace ouro::cluster {

/// The lists of one arc for buckets with one N, primaries first.
struct ListPair {
  std::vector<NodeId> old_list;
  std::vector<NodeId> new_list;  ///< While no change runs: old_list.
  ArcPhase phase = ArcPhase::before;

  /// Whose quorum a read needs.
  const std::vector<NodeId>& reads() const {
    return phase == ArcPhase::read_new || phase == ArcPhase::after ? new_list : old_list;
  }
};

/// A look at one state; make it anew after each command. Costs one pass over the tables.
class ArcLists {
 public:
  explicit ArcLists(const State& state);
  /// Between two tables with no regard to phases, as a plan sees them.
  ArcLists(const Table& before, const Table& after, std::set<unsigned> counts);

  const std::set<unsigned>& counts() const { return counts_; }
  ListPair lists(ring::Arc arc, unsigned n) const;
  /// In the new list and not in the old, ascending.
  std::vector<NodeId> arrivals(ring::Arc arc, unsigned n) const;
  /// Who must have all that the old owners had before reads ask the new list, ascending; lost nodes
  /// too. The arrivals; and where the new list is shorter (fewer nodes than n remain), all of it: a
  /// quorum of a shorter list need not meet the quorum of the longer one that took a write.
  std::vector<NodeId> receivers(ring::Arc arc, unsigned n) const;
  /// In the old list and not in the new, ascending.
  std::vector<NodeId> outgoing(ring::Arc arc, unsigned n) const;
  /// Of any N in use.
  std::set<NodeId> receivers(ring::Arc arc) const;
  std::set<NodeId> outgoing(ring::Arc arc) const;
  /// Whether other nodes hold the arc after than before, for some N in use.
  bool changes(ring::Arc arc) const;
  std::vector<ring::Arc> changing() const;

 private:
  ring::Ring old_;
  std::optional<ring::Ring> new_;
  std::set<unsigned> counts_;
  std::vector<ArcPhase> phases_;  // empty: all before
};

/// The receivers that the arc still waits for in write_both: not covered, not lost.
std::vector<NodeId> uncovered(const State& state, const ArcLists& lists, ring::Arc arc);

/// How far the running change is, for people: arcs whose lists change, by phase.
struct Progress {
  std::size_t before = 0;
  std::size_t write_both = 0;
  std::size_t read_new = 0;
  std::size_t after = 0;
};
Progress progress(const State& state, const ArcLists& lists);

}  // namespace ouro::cluster
