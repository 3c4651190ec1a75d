#include "cluster/view.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace ouro::cluster {

bool Replicas::contains(NodeId node) const {
  return std::ranges::find(writes, node) != writes.end() ||
         std::ranges::find(joint, node) != joint.end();
}

View::View(ViewParts parts, const View* previous) : parts_(std::move(parts)) {
  check(!parts_.target || parts_.phases.size() == parts_.ring.arc_count());
  const ViewParts* const old = previous != nullptr ? &previous->parts_ : nullptr;
  lists_ = walk(parts_.ring, old != nullptr ? &old->ring : nullptr,
                old != nullptr ? &previous->lists_ : nullptr);
  if (!parts_.target) return;
  const bool had_target = old != nullptr && old->target;
  target_lists_ = walk(*parts_.target, had_target ? &*old->target : nullptr,
                       had_target ? &previous->target_lists_ : nullptr);
}

View::Lists View::walk(const ring::Ring& ring, const ring::Ring* before, const Lists* known) const {
  const bool same = before != nullptr && std::ranges::equal(ring.owners(), before->owners()) &&
                    std::ranges::equal(ring.members(), before->members());
  Lists lists;
  for (const unsigned n : counts()) {
    auto& list = lists[n];
    if (same && known->contains(n)) list = known->at(n);
    if (!list) list = std::make_shared<const ring::PreferenceTable>(ring, n);
  }
  return lists;
}

const Node* View::node(NodeId id) const {
  const auto at = std::ranges::lower_bound(parts_.nodes, id, {}, &Node::id);
  return at != parts_.nodes.end() && at->id == id ? &*at : nullptr;
}

const Node* View::node_named(std::string_view name) const {
  const auto at = std::ranges::find(parts_.nodes, name, &Node::name);
  return at != parts_.nodes.end() ? &*at : nullptr;
}

const BucketProperties& View::bucket(std::string_view name) const {
  const auto at = parts_.buckets.find(name);
  return at != parts_.buckets.end() ? at->second : parts_.defaults;
}

std::vector<unsigned> View::counts() const {
  std::set<unsigned> counts{parts_.defaults.n};
  for (const auto& [name, bucket] : parts_.buckets) counts.insert(bucket.n);
  return {counts.begin(), counts.end()};
}

Replicas View::replicas(ring::Arc arc, unsigned n) const {
  const auto at = lists_.find(n);
  if (at == lists_.end()) return {};
  const std::span<const NodeId> now = at->second->list(arc);
  if (!parts_.target) return {now, now, {}};
  const std::span<const NodeId> target = target_lists_.at(n)->list(arc);
  const bool same = std::ranges::equal(now, target);
  switch (phase(arc)) {
    case ArcPhase::before:
      return {now, now, {}};
    case ArcPhase::write_both:
      return {now, now, same ? std::span<const NodeId>() : target};
    case ArcPhase::read_new:
      return {target, target, same ? std::span<const NodeId>() : now};
    case ArcPhase::after:
      break;
  }
  return {target, target, {}};
}

ArcPhase View::phase(ring::Arc arc) const {
  return parts_.target ? parts_.phases.at(arc) : ArcPhase::before;
}

Epoch View::changed_at(ring::Arc arc) const {
  return parts_.changed_at.empty() ? 0 : parts_.changed_at.at(arc);
}

}  // namespace ouro::cluster
