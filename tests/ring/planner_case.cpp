#include "tests/ring/planner_case.hpp"

#include "ring/ideal.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace ouro::ring {
namespace {

std::map<NodeId, std::int64_t> replicas_of(const Ring& ring, unsigned n) {
  std::map<NodeId, std::int64_t> replicas;
  for (Arc arc = 0; arc < ring.arc_count(); ++arc)
    for (const NodeId node : ring.preference_list(arc, n)) ++replicas[node];
  return replicas;
}

bool complete(const Ring& ring, unsigned n) {
  std::map<NodeId, std::string> zone_of;
  std::set<std::string> zones;
  for (const Member& member : ring.members()) {
    zone_of[member.id] = member.zone;
    zones.insert(member.zone);
  }
  for (Arc arc = 0; arc < ring.arc_count(); ++arc) {
    std::set<NodeId> nodes;
    std::set<std::string> met;
    for (const NodeId node : ring.preference_list(arc, n)) {
      nodes.insert(node);
      met.insert(zone_of[node]);
    }
    if (nodes.size() < std::min<std::size_t>(n, zone_of.size())) return false;
    if (met.size() < std::min<std::size_t>(n, zones.size())) return false;
  }
  return true;
}

const std::vector<Member>& today(const PlanRequest& request) {
  return request.today.empty() ? request.members : request.today;
}

}  // namespace

RandomChanges::RandomChanges(std::uint64_t seed, const CaseLimits& limits)
    : random_(seed),
      limits_(limits),
      zones_(1 + static_cast<unsigned>(random_.below(limits.zones_max))) {
  now_.arc_count = 64u << random_.below(limits.arcs_log2_max - 5);
  now_.n = 1 + static_cast<unsigned>(random_.below(5));
  nodes_most_ = std::min(limits.nodes_max, now_.arc_count / 2);
  const std::uint64_t nodes = 2 + random_.below(nodes_most_ - 1);
  for (std::uint64_t i = 0; i < nodes; ++i) join();
}

PlanRequest RandomChanges::request() {
  if (!now_.owners.empty()) {
    now_.today = now_.members;
    change();
  }
  return now_;
}

std::string RandomChanges::random_zone() {
  return std::string(1, static_cast<char>('a' + random_.below(zones_)));
}

std::uint32_t RandomChanges::random_weight() {
  return 1 + static_cast<std::uint32_t>(random_.below(limits_.weight_max));
}

void RandomChanges::join() {
  now_.members.push_back({NodeId(next_id_++), random_zone(), random_weight()});
}

void RandomChanges::change() {
  std::vector<std::string_view> kinds;
  if (now_.members.size() < nodes_most_) kinds.push_back("join");
  if (now_.members.size() > 2) kinds.push_back("leave");
  if (limits_.weight_max > 1) kinds.push_back("reweigh");
  if (zones_ > 1) kinds.push_back("rezone");
  kind_ = kinds[random_.below(kinds.size())];
  const std::size_t which = random_.below(now_.members.size());
  if (kind_ == "join") join();
  if (kind_ == "leave")
    now_.members.erase(now_.members.begin() + static_cast<std::ptrdiff_t>(which));
  if (kind_ == "reweigh") now_.members[which].weight = random_weight();
  if (kind_ == "rezone") now_.members[which].zone = random_zone();
}

Quality measure(const PlanRequest& request, const std::vector<NodeId>& owners) {
  const Ring ring(0, owners, request.members);
  Quality quality;
  quality.lists_complete = complete(ring, request.n);
  const Ideal ideal = ideal_loads(request.members, ring.arc_count(), request.n);
  std::map<NodeId, std::int64_t> replicas = replicas_of(ring, request.n);
  const double length = std::min<double>(request.n, static_cast<double>(request.members.size()));
  for (std::size_t i = 0; i < request.members.size(); ++i) {
    const NodeId node = request.members[i].id;
    const double load = static_cast<double>(ideal.replicas[i]) / double{replica_parts};
    const auto held = static_cast<double>(replicas[node]);
    quality.max_over_ideal = std::max(quality.max_over_ideal, held / load);
    quality.load_bar =
        std::max(quality.load_bar, (held - load) / std::max(std::min(length, 2.0), load * 0.02));
    // Every node owns at least one arc.
    const double arcs = std::max(1.0, load / length);
    const auto owned = static_cast<double>(ring.arcs_of(node).size());
    quality.primaries_bar =
        std::max(quality.primaries_bar, std::abs(owned - arcs) / std::max(1.0, arcs * 0.05));
  }
  if (request.owners.empty()) return quality;
  const Ring before(0, request.owners, today(request));
  for (Arc arc = 0; arc < ring.arc_count(); ++arc) {
    const std::vector<NodeId> old = before.preference_list(arc, request.n);
    for (const NodeId node : ring.preference_list(arc, request.n))
      quality.moved += std::ranges::find(old, node) == old.end();
  }
  return quality;
}

std::int64_t least_arrivals(const PlanRequest& request) {
  const auto arcs = static_cast<std::uint32_t>(request.owners.size());
  const Ideal ideal = ideal_loads(request.members, arcs, request.n);
  std::map<NodeId, std::int64_t> held =
      replicas_of(Ring(0, request.owners, today(request)), request.n);
  std::int64_t missing = 0;
  std::int64_t homeless = std::int64_t{arcs} * static_cast<std::int64_t>(std::min<std::size_t>(
                                                   request.n, request.members.size()));
  for (std::size_t i = 0; i < request.members.size(); ++i) {
    const std::int64_t replicas = held[request.members[i].id];
    const std::int64_t down = (ideal.replicas[i] + 8) / replica_parts;
    const bool whole = ideal.replicas[i] - down * replica_parts <= 8;
    missing += std::max<std::int64_t>(down - replicas, 0);
    homeless -= std::min(replicas, whole ? down : down + 1);
  }
  return std::max(missing, homeless);
}

}  // namespace ouro::ring
