// Whether a member that answers is slow.
#pragma once

#include "cluster/swim/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ouro::cluster::swim {

/// The last few round trips to one member. The median decides, so one late answer means nothing;
/// entering and leaving have different bounds, so a member between them does not flap.
class RoundTrips {
 public:
  void add(Duration time, const Settings& settings);
  bool slow() const { return slow_; }
  /// Of the last few; 0 before the first.
  Duration median() const;
  Duration last() const;
  /// A few more samples could change the verdict: whether it is worth probing again soon.
  bool undecided(const Settings& settings) const;

 private:
  static constexpr std::size_t limit = 5;
  static constexpr std::size_t enough = 3;
  std::array<std::uint32_t, limit> microseconds_{};
  std::uint8_t count_ = 0;
  std::uint8_t next_ = 0;
  bool slow_ = false;
};

}  // namespace ouro::cluster::swim
