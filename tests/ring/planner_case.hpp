// Random sequences of changes, and how good the planner's answers to them are.
#pragma once

#include "base/random.hpp"
#include "ring/planner.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::ring {

/// From which sequences to draw.
struct CaseLimits {
  unsigned nodes_max = 100;
  unsigned zones_max = 1;
  unsigned weight_max = 1;
  unsigned arcs_log2_max = 12;  ///< 64 arcs at least.
};

/// A cluster that changes: each request() is for one more change of it.
class RandomChanges {
 public:
  RandomChanges(std::uint64_t seed, const CaseLimits& limits);

  /// The first assignment at first, then a join, leave, reweigh or rezone of a random node.
  PlanRequest request();
  /// The answer to the last request(), from which the next one starts.
  void accept(const Plan& plan) { now_.owners = plan.owners; }

  std::string_view kind() const noexcept { return kind_; }

 private:
  std::string random_zone();
  std::uint32_t random_weight();
  void join();
  void change();

  SeededRandom random_;
  CaseLimits limits_;
  unsigned zones_;
  unsigned nodes_most_;
  std::uint32_t next_id_ = 1;
  PlanRequest now_;
  std::string_view kind_ = "first";
};

/// What the bars are about. Measured on the lists themselves, not taken from the plan.
struct Quality {
  double max_over_ideal = 0;  ///< Replicas of the fullest node, relative to its ideal.
  double load_bar =
      0;  ///< The same where 1 is the bar: 2 %, or two replicas if coarser (one if n is 1).
  double primaries_bar = 0;     ///< Where 1 is the bar: 5 %, or one arc if coarser.
  std::int64_t moved = 0;       ///< Replicas that arrive.
  bool lists_complete = false;  ///< Distinct nodes and zones, as many as possible.
};

Quality measure(const PlanRequest& request, const std::vector<NodeId>& owners);

/// So many replicas must arrive at least; not larger than least_moves(), and quick.
std::int64_t least_arrivals(const PlanRequest& request);

}  // namespace ouro::ring
