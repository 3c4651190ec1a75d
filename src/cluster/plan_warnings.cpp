#include "cluster/plan_warnings.hpp"

#include <algorithm>
#include <limits>

namespace ouro::cluster {
namespace {

/// The most answers that any bucket with one n needs of a list.
class Needs {
 public:
  Needs(const State& state, unsigned n) {
    if (state.defaults.n == n) buckets_.push_back(&state.defaults);
    for (const auto& [name, bucket] : state.buckets)
      if (!bucket.dropped && bucket.properties.n == n) buckets_.push_back(&bucket.properties);
  }

  int reads(std::size_t list) const { return most(list, &BucketProperties::r); }
  int writes(std::size_t list) const { return most(list, &BucketProperties::w); }

 private:
  int most(std::size_t list, unsigned BucketProperties::*votes) const {
    std::size_t most = 0;
    for (const BucketProperties* bucket : buckets_) {
      const std::size_t wanted = bucket->*votes;
      most = std::max(most, wanted == 0 ? list / 2 + 1 : std::min(wanted, list));
    }
    return static_cast<int>(most);
  }

  std::vector<const BucketProperties*> buckets_;
};

bool away(const State& state, const std::set<NodeId>& silent, NodeId node) {
  const Member* known = member(state, node);
  return silent.contains(node) || known == nullptr || known->lost;
}

int present(const State& state, const std::set<NodeId>& silent, const std::vector<NodeId>& list) {
  return static_cast<int>(
      std::ranges::count_if(list, [&](NodeId node) { return !away(state, silent, node); }));
}

void warn_of_short_lists(std::vector<std::string>& warnings, const Table& after,
                         const ArcLists& lists) {
  for (const unsigned n : lists.counts())
    if (after.seats.size() < n)
      warnings.push_back("keys with n=" + std::to_string(n) + " will have " +
                         std::to_string(after.seats.size()) +
                         " replicas only: there are no more nodes");
}

void warn_of_zones(std::vector<std::string>& warnings, const Table& after, const ArcLists& lists) {
  std::set<std::string> zones;
  for (const auto& [node, seat] : after.seats) zones.insert(seat.zone);
  if (zones.size() < 2) return;
  const auto zone_of = [&](NodeId node) { return after.seats.at(node).zone; };
  for (const unsigned n : lists.counts()) {
    std::size_t arcs = 0;
    for (ring::Arc arc = 0; n > 1 && arc < after.owners.size(); ++arc) {
      const std::vector<NodeId> list = lists.lists(arc, n).new_list;
      std::set<std::string> in;
      std::ranges::transform(list, std::inserter(in, in.end()), zone_of);
      if (in.size() == 1) ++arcs;
    }
    if (arcs > 0)
      warnings.push_back("one zone will hold all replicas of " + std::to_string(arcs) +
                         " arcs for n=" + std::to_string(n) +
                         ": its failure takes them away; let nodes of other zones own arcs");
  }
}

// A receiver must have reached most of the old owners before it counts.
void warn_of_absence(std::vector<std::string>& warnings, const State& state, const ArcLists& lists,
                     const std::set<NodeId>& silent) {
  std::set<NodeId> awaited;
  std::size_t stuck = 0;
  for (const ring::Arc arc : lists.changing()) {
    bool waits = false;
    for (const unsigned n : lists.counts()) {
      if (lists.receivers(arc, n).empty()) continue;
      const std::vector<NodeId> old_list = lists.lists(arc, n).old_list;
      const auto silenced = std::ranges::count_if(old_list, [&](NodeId node) {
        return silent.contains(node) && !state.members.at(node).lost;
      });
      waits = waits || 2 * static_cast<std::size_t>(silenced) >= old_list.size();
    }
    if (waits) ++stuck;
    for (const NodeId node : lists.receivers(arc))
      if (silent.contains(node)) awaited.insert(node);
  }
  for (const NodeId node : silent)
    if (state.table.seats.contains(node) && !state.members.at(node).lost)
      warnings.push_back(
          title(state, node) + " does not answer" +
          (awaited.contains(node) ? " and is to receive arcs: the change will wait for it" : ""));
    else if (awaited.contains(node))
      warnings.push_back(title(state, node) +
                         " does not answer and is to join: the change will wait for it");
  if (stuck > 0)
    warnings.push_back(std::to_string(stuck) +
                       " arcs cannot move while half of their owners do not answer: bring them "
                       "back, or declare them lost");
}

}  // namespace

std::vector<PlannedQuorum> planned_quorums(const State& state, const ArcLists& lists,
                                           const std::set<NodeId>& silent) {
  std::vector<PlannedQuorum> quorums;
  for (const unsigned n : lists.counts()) {
    const Needs needs(state, n);
    constexpr int most = std::numeric_limits<int>::max();
    PlannedQuorum quorum{n, most, most, most, most};
    for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
      const ListPair pair = lists.lists(arc, n);
      const int before = present(state, silent, pair.old_list);
      const int after = present(state, silent, pair.new_list);
      const int reads = before - needs.reads(pair.old_list.size());
      const int writes = before - needs.writes(pair.old_list.size());
      quorum.reads_before = std::min(quorum.reads_before, reads);
      quorum.writes_before = std::min(quorum.writes_before, writes);
      quorum.reads_during =
          std::min({quorum.reads_during, reads, after - needs.reads(pair.new_list.size())});
      quorum.writes_during =
          std::min({quorum.writes_during, writes, after - needs.writes(pair.new_list.size())});
    }
    quorums.push_back(quorum);
  }
  return quorums;
}

std::vector<std::string> plan_warnings(const State& state, const Table& after,
                                       const ArcLists& lists,
                                       const std::vector<PlannedQuorum>& quorums,
                                       const std::set<NodeId>& silent) {
  std::vector<std::string> warnings;
  warn_of_short_lists(warnings, after, lists);
  warn_of_zones(warnings, after, lists);
  warn_of_absence(warnings, state, lists, silent);
  for (const PlannedQuorum& quorum : quorums)
    if (quorum.reads_during < 0 || quorum.writes_during < 0)
      warnings.push_back(
          "some reads or writes with n=" + std::to_string(quorum.n) +
          (quorum.reads_before < 0 || quorum.writes_before < 0 ? " fail already" : " would fail") +
          ": too many of their replicas do not answer");
  return warnings;
}

}  // namespace ouro::cluster
