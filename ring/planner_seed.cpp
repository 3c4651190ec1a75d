#include "ring/planner_seed.hpp"

#include "base/check.hpp"
#include "ring/ideal.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

namespace ouro::ring {
namespace {

std::vector<std::uint32_t> owned_today(const Problem& problem) {
  std::vector<std::uint32_t> owned(problem.zone_of.size());
  for (const Seat owner : problem.old_owners)
    if (owner != nobody) ++owned[owner];
  return owned;
}

/// Hands arcs from those with more than their share to those with less.
class Transfer {
 public:
  explicit Transfer(const Problem& problem)
      : problem_(problem), owners_(problem.old_owners), mask_(problem.arcs - 1) {
    const std::vector<std::uint32_t> owned = owned_today(problem);
    const std::vector<std::uint32_t> shares = arc_shares(problem);
    for (std::size_t i = 0; i < shares.size(); ++i)
      missing_.push_back(std::int64_t{shares[i]} - owned[i]);
  }

  std::vector<Seat> run() {
    for (std::uint32_t arc = 0; arc < problem_.arcs; ++arc)
      if (owners_[arc] == nobody) give(arc, heir(arc));
    std::vector<Seat> takers;
    for (std::size_t i = 0; i < missing_.size(); ++i)
      if (missing_[i] > 0) takers.push_back(static_cast<Seat>(i));
    std::ranges::stable_sort(takers, [&](Seat a, Seat b) { return missing_[a] > missing_[b]; });
    for (const Seat taker : takers) take(taker);
    return std::move(owners_);
  }

 private:
  void give(std::uint32_t arc, Seat taker) {
    if (owners_[arc] != nobody) ++missing_[owners_[arc]];
    --missing_[taker];
    owners_[arc] = taker;
  }

  // Whether `seat`, or somebody of its zone, owns an arc so near that both are on one list.
  std::pair<bool, bool> near(std::uint32_t arc, Seat seat) const {
    bool same_seat = false;
    bool same_zone = false;
    const auto reach = static_cast<std::uint32_t>(problem_.length);
    for (std::uint32_t step = 1; step < 2 * reach; ++step) {
      const Seat other = owners_[(arc + reach - step) & mask_];
      if (other == nobody || step == reach) continue;
      same_seat |= other == seat;
      same_zone |= problem_.zone_of[other] == problem_.zone_of[seat];
    }
    return {same_seat, same_zone};
  }

  // Who gets an arc whose owner left.
  Seat heir(std::uint32_t arc) const {
    Seat best = nobody;
    std::tuple<bool, bool, std::int64_t> best_rank;
    for (std::size_t i = 0; i < missing_.size(); ++i) {
      if (missing_[i] <= 0) continue;
      const auto [seat_near, zone_near] = near(arc, static_cast<Seat>(i));
      const std::tuple rank(seat_near, zone_near, -missing_[i]);
      if (best == nobody || rank < best_rank) {
        best = static_cast<Seat>(i);
        best_rank = rank;
      }
    }
    check(best != nobody);  // shares add up to all arcs
    return best;
  }

  // Takes arcs that are spread over the ring, so that few lists have the taker twice.
  void take(Seat taker) {
    const auto count = static_cast<std::uint64_t>(missing_[taker]);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto place = static_cast<std::uint32_t>((2 * i + 1) * problem_.arcs / (2 * count));
      give(donated(place, taker), taker);
    }
  }

  // The arc nearest to `place` whose owner has too many.
  std::uint32_t donated(std::uint32_t place, Seat taker) const {
    for (const bool apart : {true, false}) {
      for (std::uint32_t step = 0; step < problem_.arcs; ++step) {
        const std::uint32_t distance = (step + 1) / 2;
        const std::uint32_t arc = (step % 2 == 0 ? place - distance : place + distance) & mask_;
        if (missing_[owners_[arc]] >= 0) continue;
        if (!apart || !near(arc, taker).first) return arc;
      }
    }
    check(false);  // shares add up to all arcs
    return 0;
  }

  const Problem& problem_;
  std::vector<Seat> owners_;
  std::uint32_t mask_;
  std::vector<std::int64_t> missing_;  // share less what it owns, by seat
};

}  // namespace

std::vector<std::uint32_t> arc_shares(const Problem& problem) {
  const std::vector<std::uint32_t> owned = owned_today(problem);
  std::vector<std::uint32_t> shares;
  // Whom to give one more: first who has it today, then the largest fraction, then the lower seat.
  std::vector<std::tuple<bool, std::int64_t, std::size_t>> order;
  std::int64_t left = problem.arcs;
  for (std::size_t i = 0; i < owned.size(); ++i) {
    const std::int64_t ideal = problem.primaries[i].ideal();
    shares.push_back(static_cast<std::uint32_t>(std::max<std::int64_t>(ideal / replica_parts, 1)));
    left -= shares.back();
    order.emplace_back(owned[i] <= shares[i], shares[i] * replica_parts - ideal, i);
  }
  std::ranges::sort(order);
  for (std::size_t at = 0; left > 0; at = (at + 1) % order.size(), --left)
    ++shares[std::get<2>(order[at])];
  // Seats raised to one arc were given it from the others' shares.
  for (; left < 0; ++left) --*std::ranges::max_element(shares);
  return shares;
}

std::vector<Seat> deal(std::span<const std::uint32_t> shares, std::span<const Seat> zone_of) {
  std::int64_t arcs = 0;
  for (const std::uint32_t share : shares) arcs += share;
  std::vector<std::uint32_t> left(shares.begin(), shares.end());
  std::vector<std::int64_t> behind(shares.size());  // its share by now less what it got, times arcs
  std::vector<std::int64_t> served(shares.size(), -1);
  std::vector<std::int64_t> zone_served(std::ranges::max(zone_of) + std::size_t{1}, -1);
  std::vector<Seat> owners;
  for (std::int64_t arc = 0; arc < arcs; ++arc) {
    std::int64_t furthest = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < shares.size(); ++i) {
      behind[i] += shares[i];
      if (left[i] > 0) furthest = std::max(furthest, behind[i]);
    }
    // Within half an arc of the furthest behind the order is free: it serves to keep zones apart.
    Seat best = nobody;
    std::pair<std::int64_t, std::int64_t> best_age;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (left[i] == 0 || 2 * (furthest - behind[i]) > arcs) continue;
      const std::pair age(zone_served[zone_of[i]], served[i]);
      if (best != nobody && age >= best_age) continue;
      best = static_cast<Seat>(i);
      best_age = age;
    }
    owners.push_back(best);
    --left[best];
    behind[best] -= arcs;
    served[best] = zone_served[zone_of[best]] = arc;
  }
  return owners;
}

std::vector<Seat> first_draft(const Problem& problem) {
  if (problem.old_owners.empty()) return deal(arc_shares(problem), problem.zone_of);
  return Transfer(problem).run();
}

}  // namespace ouro::ring
