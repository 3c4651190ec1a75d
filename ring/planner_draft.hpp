// What would a table of owners be worth: the planner's table while it searches.
#pragma once

#include "ring/ideal.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ouro::ring {

/// A member in the planner: its position in the members sorted by id.
using Seat = std::uint16_t;
constexpr Seat nobody = 0xffff;  ///< An owner that may not own from now on, or none.

/// What a count should be, and what straying from it costs. In parts (replica_parts of
/// ring/ideal.hpp).
class Goal {
 public:
  /// How far above and below the ideal is near enough, both above 0.
  Goal(std::int64_t ideal, std::int64_t over, std::int64_t under)
      : ideal_(ideal), over_(over), under_(under), per_over_((std::int64_t{1} << 20) / over) {}

  std::int64_t ideal() const noexcept { return ideal_; }

  /// Where `count` lies between the ideal (0) and the most that is near enough (about 1024).
  std::int64_t strain(std::int64_t count) const noexcept {
    return (distance(count) * per_over_) >> 10;
  }

  /// Near enough, about half a move (Draft::move_price) for the last step there; beyond, 2 moves
  /// and 8 more for each step.
  std::int64_t cost(std::int64_t count) const noexcept;

 private:
  std::int64_t distance(std::int64_t count) const noexcept;

  std::int64_t ideal_;
  std::int64_t over_;
  std::int64_t under_;
  std::int64_t per_over_;  // 2^20 / over_, for a division is slow
};

/// What stays the same while the planner searches.
struct Problem {
  std::uint32_t arcs = 0;
  std::size_t length = 0;  ///< Nodes on each list: n, or all if there are fewer.
  std::size_t zones = 0;
  std::vector<Seat> zone_of;     ///< By seat.
  std::vector<Goal> replicas;    ///< By seat.
  std::vector<Goal> primaries;   ///< By seat.
  std::vector<Seat> old_owners;  ///< By arc; empty for a first assignment.
  std::vector<Seat> old_lists;   ///< old_length for each arc, `nobody` where one has left.
  std::size_t old_length = 0;

  /// What a load may stray where 2 % are less: two replicas, of the `length` that an arc brings.
  std::int64_t coarse_parts() const noexcept {
    return static_cast<std::int64_t>(std::min<std::size_t>(length, 2)) * replica_parts;
  }
};

/// A table of owners and all that follows from it. To change one owner costs the lists of the few
/// arcs before it whose walk comes as far.
class Draft {
 public:
  /// Every seat owns an arc of `owners`: only then do all lists have their length and zones.
  Draft(const Problem& problem, std::vector<Seat> owners);

  /// From here on changes are on trial. What was on trial before stays.
  void begin();

  /// Takes all changes since begin() back.
  void undo();

  /// The previous owner must keep another arc.
  void set_owner(std::uint32_t arc, Seat owner);

  /// Swaps the owners of two arcs.
  void exchange(std::uint32_t one, std::uint32_t other);

  /// What the table is worth, less is better: distance of replicas and primaries from their goals
  /// and the price of the replicas that move.
  std::int64_t cost() const noexcept { return goals_cost_ + move_price * moved_; }

  std::span<const Seat> owners() const noexcept { return owners_; }
  Seat owner(std::uint32_t arc) const noexcept { return owners_[arc]; }
  std::uint32_t replicas(Seat seat) const noexcept { return replicas_[seat]; }
  std::uint32_t primaries(Seat seat) const noexcept { return primaries_[seat]; }
  /// Replicas on a list now that were not on the arc's old list.
  std::uint32_t moved() const noexcept { return moved_; }
  std::span<const Seat> list(std::uint32_t arc) const noexcept {
    return std::span(lists_).subspan(arc * problem_->length, problem_->length);
  }

  /// What moving one replica costs, next to Goal::cost.
  static constexpr std::int64_t move_price = 2048;

 private:
  std::uint32_t walk(std::uint32_t arc);
  std::uint32_t lists_through(std::uint32_t arc) const noexcept;
  void relist_back(std::uint32_t arc, std::uint32_t count);
  void relist(std::uint32_t arc);
  bool on_old_list(std::uint32_t arc, Seat seat) const noexcept;
  void change_owner(std::uint32_t arc, Seat owner);
  void change_replicas(Seat seat, std::uint32_t to);
  void change_primaries(Seat seat, std::uint32_t to);

  const Problem* problem_;
  std::vector<Seat> owners_;
  std::vector<Seat> lists_;           // problem_->length for each arc
  std::vector<std::uint32_t> steps_;  // arcs that each arc's walk looks at
  std::vector<std::uint32_t> replicas_;
  std::vector<std::uint32_t> primaries_;
  std::uint32_t moved_ = 0;
  std::int64_t goals_cost_ = 0;

  // Of the walk being made.
  std::vector<Seat> met_;
  std::vector<std::uint32_t> seat_stamp_;
  std::vector<std::uint32_t> zone_stamp_;
  std::uint32_t stamp_ = 0;

  // What it was before the trial, oldest first.
  struct OldOwner {
    std::uint32_t arc;
    Seat owner;
  };
  struct OldSteps {
    std::uint32_t arc;
    std::uint32_t steps;
  };
  std::vector<OldOwner> old_owners_;
  std::vector<OldSteps> old_steps_;
  std::vector<Seat> old_lists_;      // problem_->length for each of old_steps_
  std::vector<Seat> gained_, lost_;  // a replica each
  std::uint32_t old_moved_ = 0;
  std::int64_t old_goals_cost_ = 0;
};

}  // namespace ouro::ring
