#include "ring/ideal.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace ouro::ring {
namespace {

// A level is parts of a replica per unit of weight, in parts of 1/2^16.
constexpr int level_shift = 16;

struct Zone {
  std::vector<std::size_t> members;
  std::int64_t least = 0;
  std::int64_t most = 0;
};

class Filling {
 public:
  Filling(std::span<const Member> members, std::uint32_t arc_count, std::size_t n)
      : members_(members), one_of_each_(arc_count * replica_parts) {
    std::map<std::string_view, Zone> by_name;
    for (std::size_t i = 0; i < members.size(); ++i) by_name[members[i].zone].members.push_back(i);
    const std::size_t length = std::min(n, members.size());
    total_ = static_cast<std::int64_t>(length) * one_of_each_;
    for (auto& [name, zone] : by_name) {
      const bool all_in_each_list = by_name.size() <= length;
      const std::size_t in_one_list = all_in_each_list ? length - by_name.size() + 1 : 1;
      zone.least = all_in_each_list ? one_of_each_ : 0;
      const std::size_t most = std::min(in_one_list, zone.members.size());
      zone.most = static_cast<std::int64_t>(most) * one_of_each_;
      zones_.push_back(std::move(zone));
    }
  }

  Ideal fill() const {
    const std::int64_t level = lowest(total_, [&](std::int64_t at) {
      std::int64_t sum = 0;
      for (const Zone& zone : zones_) sum += std::clamp(filled(zone, at), zone.least, zone.most);
      return sum;
    });
    Ideal ideal;
    ideal.replicas.resize(members_.size());
    for (const Zone& zone : zones_) {
      const std::int64_t asked = filled(zone, level);
      const std::int64_t held = std::clamp(asked, zone.least, zone.most);
      // A level is rounded up, and so may be every member's part.
      const auto rounding = static_cast<std::int64_t>(members_.size());
      const bool bound = held > asked || held + rounding < asked;
      ideal.zones_bind |= bound;
      const auto within = [&](std::int64_t at) { return filled(zone, at); };
      const std::int64_t own = bound ? lowest(held, within) : level;
      for (const std::size_t i : zone.members) {
        ideal.replicas[i] = load(i, own);
        ideal.weights_bind |= !bound && ideal.replicas[i] == one_of_each_ && members_.size() > 1;
      }
    }
    return ideal;
  }

 private:
  std::int64_t load(std::size_t member, std::int64_t level) const {
    return std::min(one_of_each_, (level * members_[member].weight) >> level_shift);
  }

  std::int64_t filled(const Zone& zone, std::int64_t level) const {
    std::int64_t sum = 0;
    for (const std::size_t i : zone.members) sum += load(i, level);
    return sum;
  }

  // The lowest level at which `sum` reaches `bound`. A weight is at least 1: there all are full.
  template <class Sum>
  std::int64_t lowest(std::int64_t bound, const Sum& sum) const {
    std::int64_t low = 0;
    std::int64_t high = one_of_each_ << level_shift;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (sum(middle) >= bound)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  std::span<const Member> members_;
  std::int64_t one_of_each_;  // parts of one replica of every arc
  std::int64_t total_ = 0;
  std::vector<Zone> zones_;
};

}  // namespace

Ideal ideal_loads(std::span<const Member> members, std::uint32_t arc_count, std::size_t n) {
  return Filling(members, arc_count, n).fill();
}

}  // namespace ouro::ring
