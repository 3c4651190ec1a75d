// Who shall own which arc when nodes join, leave, or change weight or zone: the planner.
//
// The replicas of an arc follow from who owns the arcs after it (ring/ring.hpp), so the planner
// only chooses owners. It searches for the table that, in this order,
//   1. leaves no list short of distinct nodes or of zones (every member owns an arc: the walk does
//      the rest),
//   2. brings every node's replicas next to its ideal (ring/ideal.hpp),
//   3. moves the fewest replicas,
//   4. balances the primaries.
// See docs/ring.md for how it searches and how good it is.
#pragma once

#include "base/result.hpp"
#include "ring/ring.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ouro::ring {

/// What to plan for.
struct PlanRequest {
  /// Today's owner of every arc (a power of two of them). Empty: a first assignment.
  std::vector<NodeId> owners{};
  /// The number of arcs of a first assignment; otherwise owners.size(), or 0.
  std::uint32_t arc_count = 0;
  /// Who may own from now on, in any order: nodes that leave are absent. At most `member_max`.
  std::vector<Member> members{};
  /// Everybody who owns an arc today, with the zones by which today's lists are made; needed where
  /// a node leaves or changes its zone and zones matter. Empty: as in `members`, and owners that
  /// are not among them have the empty zone.
  std::vector<Member> today{};
  /// The replicas of each key, 1 .. replicas_max. Where buckets differ: the most common.
  unsigned n = 3;
  /// What each arc weighs on the disk of one replica, in bytes, or empty if nobody knows.
  std::vector<std::uint64_t> arc_bytes{};
};

constexpr std::size_t member_max = 4096;
constexpr std::uint32_t weight_max = 1'000'000;
constexpr unsigned replicas_max = 16;

/// An arc that gets another owner. In a first assignment nothing moves.
struct ArcMove {
  Arc arc = 0;
  NodeId from{};
  NodeId to{};
};

/// A replica that one node's copy of an arc's data must be made for, or that is no longer needed.
struct ReplicaMove {
  Arc arc = 0;
  NodeId node{};
  bool arrives = false;     ///< The node is on the new list only; otherwise on the old list only.
  std::uint64_t bytes = 0;  ///< From arc_bytes, 0 if that is empty.
};

/// The replicas that one node is likely to read from another: `from` is on the arc's old list.
struct LinkLoad {
  NodeId from{};
  NodeId to{};
  std::uint32_t replicas = 0;
  std::uint64_t bytes = 0;
};

/// What one node carries before and after.
struct NodeLoad {
  NodeId node{};
  std::uint32_t replicas_before = 0;  ///< Lists it is on.
  std::uint32_t replicas_after = 0;
  std::uint64_t ideal_replicas_milli = 0;  ///< Its fair share, in thousandths of a replica.
  std::uint32_t primaries_before = 0;      ///< Arcs it owns.
  std::uint32_t primaries_after = 0;
  std::uint64_t ideal_primaries_milli = 0;
};

/// What keeps replicas from being shared out by weight alone.
enum class Binding : std::uint8_t {
  none,     ///< Nothing does.
  weights,  ///< A node's weight asks for more than one replica of each arc.
  zones,    ///< Lists must spread over zones, and a zone is too small or too large for its weight.
  coarse,   ///< One replica is more than the balance asked for: doubling the arcs would help.
};

/// "none", "weights", "zones" or "coarse".
std::string_view name(Binding binding);

/// The next table and why.
struct Plan {
  std::vector<NodeId> owners;         ///< The next owner of every arc.
  std::vector<ArcMove> arcs;          ///< By arc.
  std::vector<ReplicaMove> replicas;  ///< By arc, arrivals first, then by node.
  std::vector<LinkLoad> links;        ///< By (from, to).
  std::vector<NodeLoad> loads;        ///< By node; nodes that leave are there with an ideal of 0.
  Binding binding = Binding::none;
};

/// Plans the change. The same request gives the same plan on every machine; the order in which
/// members are named does not matter. Planning again with the plan's owners and the same members
/// changes nothing. Pure: takes at most seconds of work for 4096 arcs and 100 nodes; call it where
/// that does not hold up requests.
///
/// invalid_argument: no members, more members than arcs, a weight of 0, an id twice, an arc count
/// that is no power of two, n out of range, or lists of differing lengths.
Result<Plan> make_plan(const PlanRequest& request);

}  // namespace ouro::ring
