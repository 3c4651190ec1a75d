#include "cluster/steward_plan.hpp"

#include <algorithm>

namespace ouro::cluster {
namespace {

bool is_lost(const State& state, NodeId node) {
  const Member* const found = member(state, node);
  return found == nullptr || found->lost;
}

// The fewest answers that a read of any bucket with this n is content with.
std::size_t read_quorum(const State& state, unsigned n, std::size_t replicas) {
  const auto of = [&](const BucketProperties& bucket) -> std::size_t {
    return bucket.r != 0 ? std::min<std::size_t>(bucket.r, replicas) : replicas / 2 + 1;
  };
  std::size_t least = state.defaults.n == n ? of(state.defaults) : replicas / 2 + 1;
  for (const auto& [name, bucket] : state.buckets)
    if (!bucket.dropped && bucket.properties.n == n) least = std::min(least, of(bucket.properties));
  return least;
}

template <class Visit>
void for_each_arc(const State& state, ArcPhase phase, Visit visit) {
  if (!state.change) return;
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc)
    if (state.change->arcs[arc].phase == phase) visit(arc);
}

}  // namespace

std::vector<ring::Arc> arcs_to_start(const State& state, const ArcLists& lists,
                                     std::size_t per_node) {
  std::map<NodeId, std::size_t> coming;
  for_each_arc(state, ArcPhase::write_both, [&](ring::Arc arc) {
    for (const NodeId node : uncovered(state, lists, arc)) ++coming[node];
  });
  std::vector<ring::Arc> start;
  for_each_arc(state, ArcPhase::before, [&](ring::Arc arc) {
    const std::set<NodeId> receivers = lists.receivers(arc);
    const auto is_full = [&](NodeId node) { return coming[node] >= per_node; };
    if (std::ranges::any_of(receivers, is_full)) return;
    for (const NodeId node : receivers) ++coming[node];
    start.push_back(arc);
  });
  return start;
}

std::map<NodeId, Epoch> words_needed(const State& state, const ArcLists& lists) {
  std::map<NodeId, Epoch> needed;
  for_each_arc(state, ArcPhase::read_new, [&](ring::Arc arc) {
    for (const unsigned n : lists.counts())
      for (const NodeId node : lists.lists(arc, n).old_list)
        if (!is_lost(state, node)) needed[node] = std::max(needed[node], state.changed_at[arc]);
  });
  return needed;
}

std::vector<ring::Arc> arcs_to_finish(const State& state, const ArcLists& lists,
                                      const std::map<NodeId, Epoch>& applied) {
  std::vector<ring::Arc> finish;
  for_each_arc(state, ArcPhase::read_new, [&](ring::Arc arc) {
    const auto knows = [&](NodeId node) {
      const auto at = applied.find(node);
      return is_lost(state, node) || (at != applied.end() && at->second >= state.changed_at[arc]);
    };
    const auto enough_know = [&](unsigned n) {
      const std::vector<NodeId> old_list = lists.lists(arc, n).old_list;
      const auto know = static_cast<std::size_t>(std::ranges::count_if(old_list, knows));
      return know + read_quorum(state, n, old_list.size()) > old_list.size();
    };
    if (std::ranges::all_of(lists.counts(), enough_know)) finish.push_back(arc);
  });
  return finish;
}

}  // namespace ouro::cluster
