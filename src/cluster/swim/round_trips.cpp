#include "cluster/swim/round_trips.hpp"

#include <algorithm>

namespace ouro::cluster::swim {

using std::chrono::microseconds;

void RoundTrips::add(Duration time, const Settings& settings) {
  const auto count = std::chrono::duration_cast<microseconds>(time).count();
  microseconds_[next_] = static_cast<std::uint32_t>(
      std::clamp<Duration::rep>(count, 0, static_cast<Duration::rep>(UINT32_MAX)));
  next_ = static_cast<std::uint8_t>((next_ + 1) % limit);
  count_ = static_cast<std::uint8_t>(std::min<std::size_t>(count_ + std::size_t{1}, limit));
  if (count_ >= enough) slow_ = median() >= (slow_ ? settings.slow_until : settings.slow_from);
}

Duration RoundTrips::median() const {
  std::array<std::uint32_t, limit> sorted = microseconds_;
  const auto middle = sorted.begin() + count_ / 2;
  std::nth_element(sorted.begin(), middle, sorted.begin() + count_);
  return count_ == 0 ? Duration{} : microseconds(*middle);
}

Duration RoundTrips::last() const {
  return count_ == 0 ? Duration{} : microseconds(microseconds_[(next_ + limit - 1) % limit]);
}

bool RoundTrips::undecided(const Settings& settings) const {
  return slow_ ? last() < settings.slow_until : last() >= settings.slow_from;
}

}  // namespace ouro::cluster::swim
