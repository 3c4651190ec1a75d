#include "ring/ring.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

namespace ouro::ring {

Ring::Ring(Epoch epoch, std::vector<NodeId> owners, std::vector<Member> members)
    : epoch_(epoch), owners_(std::move(owners)), members_(std::move(members)) {
  check(std::has_single_bit(owners_.size()) && owners_.size() <= arc_count_max);
  std::ranges::sort(members_, {}, &Member::id);
  check(std::ranges::adjacent_find(members_, {}, &Member::id) == members_.end());

  std::map<std::string_view, std::uint32_t> zones;
  for (const Member& member : members_)
    zone_index_.push_back(zones.try_emplace(member.zone, zones.size()).first->second);

  std::vector<bool> owns(members_.size());
  owner_index_.reserve(owners_.size());
  for (const NodeId owner : owners_) {
    const auto at = std::ranges::lower_bound(members_, owner, {}, &Member::id);
    check(at != members_.end() && at->id == owner);
    const auto index = static_cast<std::uint32_t>(at - members_.begin());
    owner_index_.push_back(index);
    if (!owns[index]) ++owner_count_;
    owns[index] = true;
  }
}

std::vector<NodeId> Ring::preference_list(Arc arc, std::size_t n) const {
  std::vector<std::uint32_t> walk = distinct_owners(arc);
  std::vector<NodeId> list;
  for (const std::uint32_t index : choose(walk, n)) list.push_back(members_[index].id);
  return list;
}

std::vector<NodeId> Ring::fallbacks(Arc arc, std::size_t n) const {
  std::vector<std::uint32_t> walk = distinct_owners(arc);
  choose(walk, n);
  std::vector<NodeId> rest;
  for (const std::uint32_t index : walk) rest.push_back(members_[index].id);
  return rest;
}

std::vector<Arc> Ring::arcs_of(NodeId node) const {
  std::vector<Arc> arcs;
  for (Arc arc = 0; arc < arc_count(); ++arc)
    if (owners_[arc] == node) arcs.push_back(arc);
  return arcs;
}

// Every owner once, in the order met clockwise from `arc`.
std::vector<std::uint32_t> Ring::distinct_owners(Arc arc) const {
  check(arc < arc_count());
  std::vector<bool> met(members_.size());
  std::vector<std::uint32_t> walk;
  for (std::uint32_t step = 0; step < arc_count() && walk.size() < owner_count_; ++step) {
    const std::uint32_t index = owner_index_[(arc + step) & (arc_count() - 1)];
    if (!met[index]) walk.push_back(index);
    met[index] = true;
  }
  return walk;
}

// Moves n members from `walk` to the result: first those that bring a new zone, then the nearest.
std::vector<std::uint32_t> Ring::choose(std::vector<std::uint32_t>& walk, std::size_t n) const {
  std::vector<bool> zone_taken(members_.size());
  std::vector<bool> taken(members_.size());
  std::vector<std::uint32_t> chosen;
  for (const bool new_zones_only : {true, false}) {
    for (const std::uint32_t index : walk) {
      if (chosen.size() == n) break;
      if (taken[index] || (new_zones_only && zone_taken[zone_index_[index]])) continue;
      chosen.push_back(index);
      taken[index] = true;
      zone_taken[zone_index_[index]] = true;
    }
  }
  std::erase_if(walk, [&](std::uint32_t index) { return taken[index]; });
  return chosen;
}

}  // namespace ouro::ring
