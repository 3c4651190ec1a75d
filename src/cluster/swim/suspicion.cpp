#include "cluster/swim/suspicion.hpp"

#include <algorithm>
#include <bit>

namespace ouro::cluster::swim {
namespace {

constexpr unsigned confirmations_max = Accusers::limit - 1;

/// 1000 * log(have + 1) / log(wanted + 1), for wanted 0 .. 3.
constexpr unsigned shrunk[confirmations_max + 1][confirmations_max + 1] = {
    {1000, 1000, 1000, 1000}, {0, 1000, 1000, 1000}, {0, 631, 1000, 1000}, {0, 500, 792, 1000}};

}  // namespace

Duration suspicion_time(const Settings& settings, std::size_t members, std::size_t accusers) {
  const auto steps = static_cast<Duration::rep>(std::bit_width(std::max<std::size_t>(members, 1)));
  const Duration least = settings.suspicion_base + settings.suspicion_step * (steps - 1);
  const Duration most = least * settings.suspicion_factor;
  // Neither the suspect nor the first accuser can confirm.
  const std::size_t others = members > 2 ? members - 2 : 0;
  const std::size_t wanted =
      std::min<std::size_t>({others, settings.confirmations, std::size_t{confirmations_max}});
  const std::size_t have = std::min<std::size_t>(accusers - 1, confirmations_max);
  return most - (most - least) / 1000 * shrunk[wanted][have];
}

unsigned transmissions(const Settings& settings, std::size_t members) {
  return settings.transmissions_factor * static_cast<unsigned>(std::bit_width(members));
}

}  // namespace ouro::cluster::swim
