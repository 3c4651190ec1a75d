#include "ring/placement.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace ouro::ring {
namespace {

/// Whom to give the next arc: every node gains its weight at each arc and pays the total for the
/// arc it gets (smooth weighted round robin). So the richest is the one furthest behind its share.
struct Account {
  std::int64_t balance = 0;
  std::int64_t last_arc = -1;
};

// The richest node, but among nearly equal ones the zone and the node that were served longest ago.
std::size_t next_owner(const std::vector<Member>& members, const std::vector<Account>& accounts,
                       std::int64_t total_weight) {
  const auto zone_served = [&](std::size_t candidate) {
    std::int64_t last = -1;
    for (std::size_t i = 0; i < members.size(); ++i)
      if (members[i].zone == members[candidate].zone) last = std::max(last, accounts[i].last_arc);
    return last;
  };
  std::int64_t richest = accounts[0].balance;
  for (const Account& account : accounts) richest = std::max(richest, account.balance);

  std::size_t best = members.size();
  std::pair<std::int64_t, std::int64_t> best_age;
  for (std::size_t i = 0; i < members.size(); ++i) {
    // Within half an arc of the richest, who is next may be chosen freely: shares stay within one.
    if (2 * (richest - accounts[i].balance) > total_weight) continue;
    const std::pair age(zone_served(i), accounts[i].last_arc);
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
  std::int64_t total_weight = 0;
  for (const Member& member : members) {
    check(member.weight >= 1);
    total_weight += member.weight;
  }

  std::vector<Account> accounts(members.size());
  std::vector<NodeId> owners;
  owners.reserve(arc_count);
  for (std::uint32_t arc = 0; arc < arc_count; ++arc) {
    for (std::size_t i = 0; i < members.size(); ++i) accounts[i].balance += members[i].weight;
    const std::size_t owner = next_owner(members, accounts, total_weight);
    accounts[owner].balance -= total_weight;
    accounts[owner].last_arc = arc;
    owners.push_back(members[owner].id);
  }
  return Ring(epoch, std::move(owners), std::move(members));
}

}  // namespace ouro::ring
