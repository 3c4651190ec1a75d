#include "ring/placement.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace ouro::ring {
namespace {

/// One node's part of the work of dealing out arcs.
struct Hand {
  std::uint32_t quota = 0;   ///< Arcs it shall have in the end.
  std::int64_t balance = 0;  ///< How far it is behind its share by now, in units of the total.
  std::int64_t last_arc = -1;
};

// Quotas by largest remainder: each within one of the exact share, and their sum is all arcs.
std::vector<Hand> quotas(const std::vector<Member>& members, std::uint32_t arc_count,
                         std::uint64_t total_weight) {
  std::vector<Hand> hands(members.size());
  std::vector<std::pair<std::uint64_t, std::size_t>> remainders;
  std::uint32_t dealt = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::uint64_t exact = std::uint64_t{members[i].weight} * arc_count;
    hands[i].quota = static_cast<std::uint32_t>(exact / total_weight);
    dealt += hands[i].quota;
    remainders.emplace_back(exact % total_weight, i);
  }
  // Equal remainders: the lower id first, so that the result does not depend on the sort.
  std::ranges::sort(remainders, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  for (std::size_t i = 0; dealt < arc_count; ++i, ++dealt) ++hands[remainders[i].second].quota;
  return hands;
}

// Among the nodes that are nearly furthest behind, the zone and the node served longest ago.
std::size_t next_owner(const std::vector<Member>& members, const std::vector<Hand>& hands,
                       std::int64_t arc_count) {
  const auto zone_served = [&](std::size_t candidate) {
    std::int64_t last = -1;
    for (std::size_t i = 0; i < members.size(); ++i)
      if (members[i].zone == members[candidate].zone) last = std::max(last, hands[i].last_arc);
    return last;
  };
  std::int64_t furthest = std::numeric_limits<std::int64_t>::min();
  for (const Hand& hand : hands)
    if (hand.quota > 0) furthest = std::max(furthest, hand.balance);

  std::size_t best = members.size();
  std::pair<std::int64_t, std::int64_t> best_age;
  for (std::size_t i = 0; i < members.size(); ++i) {
    // Within half an arc of the furthest behind the order is free: it serves to keep zones apart.
    if (hands[i].quota == 0 || 2 * (furthest - hands[i].balance) > arc_count) continue;
    const std::pair age(zone_served(i), hands[i].last_arc);
    if (best == members.size() || age < best_age) {
      best = i;
      best_age = age;
    }
  }
  return best;
}

}  // namespace

Ring place(Epoch epoch, std::uint32_t arc_count, std::vector<Member> members) {
  check(!members.empty() && members.size() <= arc_count);
  std::ranges::sort(members, {}, &Member::id);
  std::uint64_t total_weight = 0;
  for (const Member& member : members) {
    check(member.weight >= 1);
    total_weight += member.weight;
  }

  std::vector<Hand> hands = quotas(members, arc_count, total_weight);
  std::vector<std::uint32_t> shares;
  for (const Hand& hand : hands) shares.push_back(hand.quota);
  std::vector<NodeId> owners;
  owners.reserve(arc_count);
  for (std::uint32_t arc = 0; arc < arc_count; ++arc) {
    for (std::size_t i = 0; i < hands.size(); ++i) hands[i].balance += shares[i];
    const std::size_t owner = next_owner(members, hands, arc_count);
    hands[owner].balance -= arc_count;
    hands[owner].last_arc = arc;
    --hands[owner].quota;
    owners.push_back(members[owner].id);
  }
  return Ring(epoch, std::move(owners), std::move(members));
}

}  // namespace ouro::ring
