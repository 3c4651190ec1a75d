#include "ring/planner_search.hpp"

#include "base/random.hpp"
#include "ring/ideal.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace ouro::ring {
namespace {

// Most a step may make the table worse, at the beginning; it falls to nothing at the end.
constexpr std::int64_t threshold_first = 3000;

class Search {
 public:
  Search(const Problem& problem, std::vector<Seat> start)
      : problem_(problem),
        draft_(problem, std::move(start)),
        random_(problem.arcs * 31 + problem.zone_of.size()),
        place_(problem.arcs, unchanged),
        best_(draft_.owners().begin(), draft_.owners().end()),
        best_cost_(draft_.cost()) {
    for (std::uint32_t arc = 0; arc < problem.arcs; ++arc) note(arc);
  }

  // One pass, from the best table met.
  void run(std::int64_t steps) {
    for (std::uint32_t arc = 0; arc < problem_.arcs; ++arc) {
      draft_.set_owner(arc, best_[arc]);
      note(arc);
    }
    for (std::int64_t step = 0; step < steps; ++step) {
      threshold_ = threshold_first * (steps - step) / steps;
      propose();
      if (draft_.cost() >= best_cost_) continue;
      best_cost_ = draft_.cost();
      best_.assign(draft_.owners().begin(), draft_.owners().end());
    }
  }

  const std::vector<Seat>& best() const noexcept { return best_; }

 private:
  static constexpr std::uint32_t unchanged = 0xffffffff;

  std::uint32_t below(std::size_t bound) {
    return static_cast<std::uint32_t>(((random_.next() >> 32) * bound) >> 32);
  }

  void propose() {
    const std::uint32_t kind = below(8);
    if (kind < 3 && !changed_.empty())
      take_elsewhere();
    else if (kind < 6)
      hand_over();
    else
      swap_two(kind == 6);
  }

  std::int64_t strain(Seat seat) const {
    return problem_.replicas[seat].strain(draft_.replicas(seat));
  }

  Seat light_seat() {
    auto best = static_cast<Seat>(below(problem_.zone_of.size()));
    for (int i = 0; i < 2; ++i) {
      const auto other = static_cast<Seat>(below(problem_.zone_of.size()));
      if (strain(other) < strain(best)) best = other;
    }
    return best;
  }

  std::uint32_t heavy_arc() {
    std::uint32_t best = below(problem_.arcs);
    for (int i = 0; i < 2; ++i) {
      const std::uint32_t other = below(problem_.arcs);
      if (strain(draft_.owner(other)) > strain(draft_.owner(best))) best = other;
    }
    return best;
  }

  std::uint32_t some_arc_of(Seat seat) {
    std::uint32_t arc = below(problem_.arcs);
    while (draft_.owner(arc) != seat) arc = (arc + 1) & (problem_.arcs - 1);
    return arc;
  }

  // One arc to a node that has little.
  void hand_over() {
    const std::uint32_t arc = heavy_arc();
    const Seat from = draft_.owner(arc);
    const Seat to = light_seat();
    if (from == to || draft_.primaries(from) < 2) return;
    begin();
    draft_.set_owner(arc, to);
    settle(arc, arc);
  }

  // Of an arc that moved: back to its old owner, and another arc in its stead.
  void take_elsewhere() {
    const std::uint32_t arc = changed_[below(changed_.size())];
    const Seat taker = draft_.owner(arc);
    const Seat old = problem_.old_owners[arc];
    std::uint32_t other = changed_[below(changed_.size())];
    if (old != nobody) other = below(2) == 0 ? heavy_arc() : some_arc_of(old);
    const Seat from = draft_.owner(other);
    if (from == taker) return;
    if (old == nobody || from == old) return exchange(arc, other);
    if (draft_.primaries(from) < 2) return;
    begin();
    draft_.set_owner(other, taker);
    draft_.set_owner(arc, old);
    settle(arc, other);
  }

  void swap_two(bool neighbours) {
    const std::uint32_t one = below(problem_.arcs);
    const std::uint32_t other = neighbours
                                    ? (one + 1 + below(2 * problem_.length)) & (problem_.arcs - 1)
                                    : below(problem_.arcs);
    exchange(one, other);
  }

  void exchange(std::uint32_t one, std::uint32_t other) {
    begin();
    draft_.exchange(one, other);
    settle(one, other);
  }

  void begin() {
    cost_before_ = draft_.cost();
    draft_.begin();
  }

  // Keeps what was done to two arcs if it is not too bad.
  void settle(std::uint32_t one, std::uint32_t other) {
    if (draft_.cost() > cost_before_ + below(static_cast<std::size_t>(threshold_) + 1))
      return draft_.undo();
    note(one);
    note(other);
  }

  // Keeps `changed_` the set of arcs whose owner is not the old one.
  void note(std::uint32_t arc) {
    if (problem_.old_owners.empty()) return;
    const bool differs = draft_.owner(arc) != problem_.old_owners[arc];
    if (differs && place_[arc] == unchanged) {
      place_[arc] = static_cast<std::uint32_t>(changed_.size());
      changed_.push_back(arc);
    } else if (!differs && place_[arc] != unchanged) {
      const std::uint32_t last = changed_.back();
      changed_[place_[arc]] = last;
      place_[last] = place_[arc];
      place_[arc] = unchanged;
      changed_.pop_back();
    }
  }

  const Problem& problem_;
  Draft draft_;
  SeededRandom random_;
  std::int64_t threshold_ = 0;
  std::int64_t cost_before_ = 0;
  std::vector<std::uint32_t> changed_;
  std::vector<std::uint32_t> place_;  // in changed_, by arc
  std::vector<Seat> best_;
  std::int64_t best_cost_;
};

// How far `count` is outside of ideal - under .. ideal + over.
std::int64_t outside(std::int64_t count, std::int64_t ideal, std::int64_t under,
                     std::int64_t over) {
  const std::int64_t parts = count * replica_parts;
  return std::max<std::int64_t>({parts - (ideal + over), (ideal - under) - parts, 0});
}

// At least so many replicas must arrive somewhere, if all loads are to be ideal.
std::int64_t unavoidable_moves(const Problem& problem) {
  std::vector<std::int64_t> held(problem.zone_of.size());
  for (const Seat seat : problem.old_lists)
    if (seat != nobody) ++held[seat];
  std::int64_t missing = 0;  // of each seat
  std::int64_t homeless = static_cast<std::int64_t>(problem.arcs * problem.length);
  for (std::size_t i = 0; i < held.size(); ++i) {
    const std::int64_t down = problem.replicas[i].ideal() / replica_parts;
    missing += std::max<std::int64_t>(down - held[i], 0);
    homeless -= std::min(held[i], down + 1);
  }
  return std::max(missing, homeless);
}

}  // namespace

std::int64_t beyond_bars(const Problem& problem, const Draft& draft) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < problem.zone_of.size(); ++i) {
    const auto seat = static_cast<Seat>(i);
    const std::int64_t replicas = problem.replicas[i].ideal();
    sum += outside(draft.replicas(seat), replicas,
                   std::max(replicas / 20, problem.coarse_parts() + replica_parts),
                   std::max(replicas / 50, problem.coarse_parts()));
    const std::int64_t primaries = problem.primaries[i].ideal();
    const std::int64_t slack = std::max(primaries / 20, replica_parts);
    // A seat cannot own less than one arc.
    sum += outside(draft.primaries(seat), std::max(primaries, replica_parts), slack, slack);
  }
  return sum;
}

std::vector<Seat> search(const Problem& problem, std::vector<Seat> start) {
  if (problem.zone_of.size() < 2) return start;
  const std::int64_t unavoidable = unavoidable_moves(problem);
  Search search(problem, std::move(start));
  for (const std::int64_t effort : {1, 3, 5}) {
    search.run(effort * (50'000 + std::int64_t{problem.arcs} * 30));
    const Draft draft(problem, search.best());
    const bool few_moves = draft.moved() * 100 <= unavoidable * 103;
    if (few_moves && beyond_bars(problem, draft) == 0) break;
  }
  return search.best();
}

}  // namespace ouro::ring
