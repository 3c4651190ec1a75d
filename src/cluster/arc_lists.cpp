#include "cluster/arc_lists.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ouro::cluster {
namespace {

// In `from` and not in `other`, ascending.
std::vector<NodeId> difference(std::vector<NodeId> from, std::vector<NodeId> other) {
  std::ranges::sort(from);
  std::ranges::sort(other);
  std::vector<NodeId> rest;
  std::ranges::set_difference(from, other, std::back_inserter(rest));
  return rest;
}

}  // namespace

ArcLists::ArcLists(const State& state)
    : old_(ring_of(state.table, state.epoch)), counts_(replica_counts(state)) {
  if (!state.change) return;
  new_.emplace(ring_of(state.change->target, state.epoch));
  phases_.reserve(state.change->arcs.size());
  for (const ArcMove& arc : state.change->arcs) phases_.push_back(arc.phase);
}

ArcLists::ArcLists(const Table& before, const Table& after, std::set<unsigned> counts)
    : old_(ring_of(before, 0)), new_(ring_of(after, 0)), counts_(std::move(counts)) {}

ListPair ArcLists::lists(ring::Arc arc, unsigned n) const {
  ListPair pair;
  pair.old_list = old_.preference_list(arc, n);
  pair.new_list = new_ ? new_->preference_list(arc, n) : pair.old_list;
  if (!phases_.empty()) pair.phase = phases_.at(arc);
  return pair;
}

std::vector<NodeId> ArcLists::arrivals(ring::Arc arc, unsigned n) const {
  if (!new_) return {};
  return difference(new_->preference_list(arc, n), old_.preference_list(arc, n));
}

std::vector<NodeId> ArcLists::receivers(ring::Arc arc, unsigned n) const {
  if (!new_) return {};
  const std::vector<NodeId> old_list = old_.preference_list(arc, n);
  const std::vector<NodeId> new_list = new_->preference_list(arc, n);
  if (new_list.size() < old_list.size()) return difference(new_list, {});
  return difference(new_list, old_list);
}

std::vector<NodeId> ArcLists::outgoing(ring::Arc arc, unsigned n) const {
  if (!new_) return {};
  return difference(old_.preference_list(arc, n), new_->preference_list(arc, n));
}

std::set<NodeId> ArcLists::receivers(ring::Arc arc) const {
  std::set<NodeId> all;
  for (const unsigned n : counts_) {
    const std::vector<NodeId> some = receivers(arc, n);
    all.insert(some.begin(), some.end());
  }
  return all;
}

std::set<NodeId> ArcLists::outgoing(ring::Arc arc) const {
  std::set<NodeId> all;
  for (const unsigned n : counts_) {
    const std::vector<NodeId> some = outgoing(arc, n);
    all.insert(some.begin(), some.end());
  }
  return all;
}

bool ArcLists::changes(ring::Arc arc) const {
  return std::ranges::any_of(
      counts_, [&](unsigned n) { return !arrivals(arc, n).empty() || !outgoing(arc, n).empty(); });
}

std::vector<ring::Arc> ArcLists::changing() const {
  std::vector<ring::Arc> arcs;
  for (ring::Arc arc = 0; arc < old_.arc_count(); ++arc)
    if (changes(arc)) arcs.push_back(arc);
  return arcs;
}

std::vector<NodeId> uncovered(const State& state, const ArcLists& lists, ring::Arc arc) {
  std::vector<NodeId> missing;
  if (!state.change) return missing;
  const ArcMove& move = state.change->arcs.at(arc);
  for (const NodeId node : lists.receivers(arc)) {
    const Member* receiver = member(state, node);
    if (!move.covered.contains(node) && receiver != nullptr && !receiver->lost)
      missing.push_back(node);
  }
  return missing;
}

Progress progress(const State& state, const ArcLists& lists) {
  Progress progress;
  if (!state.change) return progress;
  for (const ring::Arc arc : lists.changing()) {
    switch (state.change->arcs[arc].phase) {
      case ArcPhase::before:
        ++progress.before;
        break;
      case ArcPhase::write_both:
        ++progress.write_both;
        break;
      case ArcPhase::read_new:
        ++progress.read_new;
        break;
      case ArcPhase::after:
        ++progress.after;
        break;
    }
  }
  return progress;
}

}  // namespace ouro::cluster
