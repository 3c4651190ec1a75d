#include "ring/planner.hpp"

#include "ring/ideal.hpp"
#include "ring/planner_draft.hpp"
#include "ring/planner_explain.hpp"
#include "ring/planner_search.hpp"
#include "ring/planner_seed.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ouro::ring {
namespace {

// Plans of plans, see settle().
constexpr int rounds_max = 3;

Error invalid(std::string message) {
  return {ErrorCode::invalid_argument, "ring plan: " + std::move(message)};
}

// Sorted by id; nothing if an id is there twice.
std::optional<std::vector<Member>> sorted(std::vector<Member> members) {
  std::ranges::sort(members, {}, &Member::id);
  if (std::ranges::adjacent_find(members, {}, &Member::id) != members.end()) return std::nullopt;
  return members;
}

Status validate(const PlanRequest& request, std::uint32_t arcs) {
  if (!std::has_single_bit(arcs) || arcs > arc_count_max)
    return invalid(std::to_string(arcs) + " arcs: it takes a power of two up to " +
                   std::to_string(arc_count_max));
  if (!request.owners.empty() && request.arc_count != 0 && request.arc_count != arcs)
    return invalid("the number of arcs is not that of the owners; double it in a step of its own");
  if (request.members.empty()) return invalid("no members are left to own anything");
  if (request.members.size() > std::min<std::size_t>(arcs, member_max))
    return invalid(std::to_string(request.members.size()) + " members for " + std::to_string(arcs) +
                   " arcs: double the arcs first");
  if (request.n < 1 || request.n > replicas_max)
    return invalid("n is " + std::to_string(request.n) + ", it takes 1 to " +
                   std::to_string(replicas_max));
  if (!request.arc_bytes.empty() && request.arc_bytes.size() != arcs)
    return invalid("sizes are not given for each arc");
  for (const Member& member : request.members)
    if (member.weight < 1 || member.weight > weight_max)
      return invalid("the weight of node " + std::to_string(to_integer(member.id)) + " is " +
                     std::to_string(member.weight) + ", it takes 1 to " +
                     std::to_string(weight_max));
  return {};
}

// Who owned when today's lists were made, or nothing if an owner is missing.
std::optional<std::vector<Member>> members_today(const PlanRequest& request) {
  std::vector<Member> today = request.today;
  if (today.empty()) {
    today = request.members;
    for (const NodeId owner : request.owners)
      if (std::ranges::find(today, owner, &Member::id) == today.end())
        today.push_back({owner, "", 1});
  }
  for (const NodeId owner : request.owners)
    if (std::ranges::find(today, owner, &Member::id) == today.end()) return std::nullopt;
  return sorted(std::move(today));
}

class Planner {
 public:
  Planner(const PlanRequest& request, std::vector<Member> members, std::optional<Ring> before,
          std::uint32_t arcs)
      : request_(request),
        members_(std::move(members)),
        before_(std::move(before)),
        ideal_(ideal_loads(members_, arcs, request.n)) {
    problem_.arcs = arcs;
    problem_.length = std::min<std::size_t>(request.n, members_.size());
    std::map<std::string_view, Seat> zones;
    for (const Member& member : members_)
      problem_.zone_of.push_back(
          zones.try_emplace(member.zone, static_cast<Seat>(zones.size())).first->second);
    problem_.zones = zones.size();
    for (const std::int64_t load : ideal_.replicas) {
      const std::int64_t coarse = problem_.coarse_parts();
      problem_.replicas.emplace_back(load, std::max(load / 60, coarse),
                                     std::max(load / 30, coarse + replica_parts));
      const std::int64_t owned = load / static_cast<std::int64_t>(problem_.length);
      const std::int64_t near = std::max(owned / 25, replica_parts);
      problem_.primaries.push_back(Goal(owned, near, near));
    }
    if (before_) remember(*before_);
  }

  Plan plan() {
    const std::vector<Seat> seats = settle();
    std::vector<NodeId> owners;
    for (const Seat seat : seats) owners.push_back(members_[seat].id);
    const Ring next(0, owners, members_);
    Plan plan = explain(request_, before_, next, ideal_);
    plan.owners = std::move(owners);
    plan.binding = binding();
    return plan;
  }

 private:
  Seat seat_of(NodeId node) const {
    const auto at = std::ranges::lower_bound(members_, node, {}, &Member::id);
    return at == members_.end() || at->id != node ? nobody
                                                  : static_cast<Seat>(at - members_.begin());
  }

  void remember(const Ring& before) {
    for (const NodeId owner : before.owners()) problem_.old_owners.push_back(seat_of(owner));
    problem_.old_length = before.preference_list(0, request_.n).size();
    for (Arc arc = 0; arc < before.arc_count(); ++arc)
      for (const NodeId node : before.preference_list(arc, request_.n))
        problem_.old_lists.push_back(seat_of(node));
  }

  // Whether today's table could stay: all its owners stay, and every member owns an arc.
  bool table_can_stay() const {
    std::vector<bool> owns(members_.size());
    for (const Seat owner : problem_.old_owners) {
      if (owner == nobody) return false;
      owns[owner] = true;
    }
    return before_ && std::ranges::find(owns, false) == owns.end();
  }

  // The table to end with: one that planning again would leave as it is. A table within the bars is
  // left as it is. Where the search cannot get there, plans are made of plans until they no longer
  // get nearer.
  std::vector<Seat> settle() {
    std::optional<std::vector<Seat>> table;
    std::int64_t beyond = 0;
    if (table_can_stay()) {
      table = problem_.old_owners;
      beyond = beyond_bars(problem_, Draft(problem_, *table));
      if (beyond == 0) return *table;
    }
    Problem problem = problem_;
    for (int round = 0; round < rounds_max; ++round) {
      std::vector<Seat> found = search(problem, first_draft(problem));
      const Draft draft(problem, found);
      const std::int64_t found_beyond = beyond_bars(problem, draft);
      if (table && found_beyond >= beyond) break;
      beyond = found_beyond;
      table = std::move(found);
      if (beyond == 0) break;
      problem.old_owners = *table;
      problem.old_length = problem.length;
      problem.old_lists.clear();
      for (std::uint32_t arc = 0; arc < problem.arcs; ++arc)
        problem.old_lists.insert(problem.old_lists.end(), draft.list(arc).begin(),
                                 draft.list(arc).end());
    }
    return *table;
  }

  Binding binding() const {
    if (ideal_.zones_bind) return Binding::zones;
    if (ideal_.weights_bind) return Binding::weights;
    const bool coarse = std::ranges::min(ideal_.replicas) < 50 * replica_parts;
    return coarse ? Binding::coarse : Binding::none;
  }

  const PlanRequest& request_;
  std::vector<Member> members_;  // sorted by id; a seat is a position here
  std::optional<Ring> before_;
  Ideal ideal_;
  Problem problem_;
};

}  // namespace

std::string_view name(Binding binding) {
  switch (binding) {
    case Binding::none:
      return "none";
    case Binding::weights:
      return "weights";
    case Binding::zones:
      return "zones";
    case Binding::coarse:
      return "coarse";
  }
  return "unknown";
}

Result<Plan> make_plan(const PlanRequest& request) {
  const auto arcs = request.owners.empty() ? request.arc_count
                                           : static_cast<std::uint32_t>(request.owners.size());
  if (Status valid = validate(request, arcs); !valid) return valid.error();
  std::optional<std::vector<Member>> members = sorted(request.members);
  if (!members) return invalid("a member is named twice");
  std::optional<Ring> before;
  if (!request.owners.empty()) {
    std::optional<std::vector<Member>> today = members_today(request);
    if (!today)
      return invalid("an owner of today is missing among today's members, or one is twice");
    before.emplace(0, request.owners, std::move(*today));
  }
  return Planner(request, std::move(*members), std::move(before), arcs).plan();
}

}  // namespace ouro::ring
