#include "ring/planner_draft.hpp"

#include "base/check.hpp"
#include "ring/ideal.hpp"

#include <algorithm>
#include <utility>

namespace ouro::ring {
namespace {

// The first step out of what is near enough.
constexpr std::int64_t beyond_price = 2 * Draft::move_price;

}  // namespace

std::int64_t Goal::distance(std::int64_t count) const noexcept {
  return count * replica_parts - ideal_;
}

std::int64_t Goal::cost(std::int64_t count) const noexcept {
  const std::int64_t off = distance(count);
  const std::int64_t near = (off * off * per_over_) >> 21;
  const std::int64_t beyond = std::max(off - over_, -under_ - off);
  return beyond <= 0 ? near : near + beyond_price + beyond * 16 + beyond * beyond / 64;
}

Draft::Draft(const Problem& problem, std::vector<Seat> owners)
    : problem_(&problem),
      owners_(std::move(owners)),
      lists_(problem.arcs * problem.length),
      steps_(problem.arcs),
      replicas_(problem.zone_of.size()),
      primaries_(problem.zone_of.size()),
      met_(problem.length),
      seat_stamp_(problem.zone_of.size()),
      zone_stamp_(problem.zones) {
  for (const Seat owner : owners_) ++primaries_[owner];
  for (std::uint32_t arc = 0; arc < problem.arcs; ++arc) {
    steps_[arc] = walk(arc);
    std::ranges::copy(met_, lists_.begin() + static_cast<std::ptrdiff_t>(arc * problem.length));
    for (const Seat seat : met_) {
      ++replicas_[seat];
      moved_ += !on_old_list(arc, seat);
    }
  }
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    check(primaries_[i] > 0);
    goals_cost_ += problem.replicas[i].cost(replicas_[i]);
    goals_cost_ += problem.primaries[i].cost(primaries_[i]);
  }
}

void Draft::begin() {
  old_owners_.clear();
  old_steps_.clear();
  old_lists_.clear();
  gained_.clear();
  lost_.clear();
  old_moved_ = moved_;
  old_goals_cost_ = goals_cost_;
}

void Draft::undo() {
  // Backwards: an arc may be there twice.
  for (std::size_t i = old_owners_.size(); i-- > 0;) {
    Seat& owner = owners_[old_owners_[i].arc];
    --primaries_[owner];
    owner = old_owners_[i].owner;
    ++primaries_[owner];
  }
  const std::size_t length = problem_->length;
  for (std::size_t i = old_steps_.size(); i-- > 0;) {
    steps_[old_steps_[i].arc] = old_steps_[i].steps;
    std::copy_n(&old_lists_[i * length], length, &lists_[old_steps_[i].arc * length]);
  }
  for (const Seat seat : gained_) --replicas_[seat];
  for (const Seat seat : lost_) ++replicas_[seat];
  moved_ = old_moved_;
  goals_cost_ = old_goals_cost_;
}

void Draft::set_owner(std::uint32_t arc, Seat owner) {
  if (owners_[arc] == owner) return;
  change_owner(arc, owner);
  relist_back(arc, lists_through(arc));
}

void Draft::exchange(std::uint32_t one, std::uint32_t other) {
  const Seat first = owners_[one];
  if (first == owners_[other]) return;
  // Both before the lists change: they say whose walk comes by as long as they are old.
  const std::uint32_t through_one = lists_through(one);
  const std::uint32_t through_other = lists_through(other);
  change_owner(one, owners_[other]);
  change_owner(other, first);
  relist_back(one, through_one);
  relist_back(other, through_other);
}

// How many arcs' walks look at `arc`: the walk of an earlier arc never ends later, so they are
// neighbours.
std::uint32_t Draft::lists_through(std::uint32_t arc) const noexcept {
  std::uint32_t count = 0;
  while (count < problem_->arcs && steps_[(arc - count) & (problem_->arcs - 1)] > count) ++count;
  return count;
}

void Draft::relist_back(std::uint32_t arc, std::uint32_t count) {
  for (std::uint32_t back = 0; back < count; ++back) relist((arc - back) & (problem_->arcs - 1));
}

// Ring::preference_list, to met_. Returns how many arcs it looked at.
std::uint32_t Draft::walk(std::uint32_t arc) {
  ++stamp_;
  const std::size_t spread = std::min(problem_->length, problem_->zones);
  std::size_t from_new_zones = 0;
  std::size_t end = spread;  // of the others, which fill the list up
  for (std::uint32_t step = 0; step < problem_->arcs; ++step) {
    const Seat seat = owners_[(arc + step) & (problem_->arcs - 1)];
    if (seat_stamp_[seat] == stamp_) continue;
    seat_stamp_[seat] = stamp_;
    std::uint32_t& zone = zone_stamp_[problem_->zone_of[seat]];
    if (from_new_zones < spread && zone != stamp_) {
      zone = stamp_;
      met_[from_new_zones++] = seat;
    } else if (end < problem_->length) {
      met_[end++] = seat;
    }
    if (from_new_zones == spread && end == problem_->length) return step + 1;
  }
  check(false);  // every seat owns an arc
  return problem_->arcs;
}

void Draft::relist(std::uint32_t arc) {
  const std::uint32_t steps = walk(arc);
  const std::span list = std::span(lists_).subspan(arc * problem_->length, problem_->length);
  if (steps == steps_[arc] && std::ranges::equal(list, met_)) return;
  old_steps_.push_back({arc, steps_[arc]});
  old_lists_.insert(old_lists_.end(), list.begin(), list.end());
  for (const Seat seat : list) {
    if (std::ranges::find(met_, seat) != met_.end()) continue;
    change_replicas(seat, replicas_[seat] - 1);
    lost_.push_back(seat);
    moved_ -= !on_old_list(arc, seat);
  }
  for (const Seat seat : met_) {
    if (std::ranges::find(list, seat) != list.end()) continue;
    change_replicas(seat, replicas_[seat] + 1);
    gained_.push_back(seat);
    moved_ += !on_old_list(arc, seat);
  }
  std::ranges::copy(met_, list.begin());
  steps_[arc] = steps;
}

// In a first assignment nothing moves.
bool Draft::on_old_list(std::uint32_t arc, Seat seat) const noexcept {
  if (problem_->old_owners.empty()) return true;
  const auto list =
      std::span(problem_->old_lists).subspan(arc * problem_->old_length, problem_->old_length);
  return std::ranges::find(list, seat) != list.end();
}

void Draft::change_owner(std::uint32_t arc, Seat owner) {
  const Seat previous = std::exchange(owners_[arc], owner);
  old_owners_.push_back({arc, previous});
  change_primaries(previous, primaries_[previous] - 1);
  change_primaries(owner, primaries_[owner] + 1);
}

void Draft::change_replicas(Seat seat, std::uint32_t to) {
  const Goal& goal = problem_->replicas[seat];
  goals_cost_ += goal.cost(to) - goal.cost(std::exchange(replicas_[seat], to));
}

void Draft::change_primaries(Seat seat, std::uint32_t to) {
  const Goal& goal = problem_->primaries[seat];
  goals_cost_ += goal.cost(to) - goal.cost(std::exchange(primaries_[seat], to));
}

}  // namespace ouro::ring
