// What one node believes about the others.
#pragma once

#include "cluster/swim/round_trips.hpp"
#include "cluster/swim/types.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace ouro::cluster::swim {

/// The time that a suspect has, and who accused it.
struct Suspicion {
  Accusers accusers;
  Instant since;
};

struct Member {
  NodeId id{};
  State state = State::alive;  ///< Until something else is heard.
  Incarnation incarnation = 0;
  Instant since{};                          ///< When it came to look like this.
  SelfReport report;                        ///< The newest heard.
  Instant reported{};                       ///< When it was heard, from itself or from others.
  std::unique_ptr<Suspicion> suspicion;     ///< Exactly while suspect.
  std::unique_ptr<RoundTrips> round_trips;  ///< Null before the first answer.

  bool slow() const { return round_trips && round_trips->slow(); }
  /// Alive, but not well: by its own words, or because it answers slowly.
  bool degraded() const { return report.health != health_good || slow(); }
  Record record() const;
};

/// What a record changed.
enum class Change : std::uint8_t {
  nothing,
  learnt,   ///< Something that need not be told on at once.
  news,     ///< A greater incarnation of a member that looks alive as before.
  accused,  ///< A suspect has another accuser.
  state,    ///< It looks different now.
};

/// All members but this node. What is known about one only ever grows in the order of (incarnation,
/// state, accusers), and its report in the order of (boot, version); so it does not matter in which
/// order, how often or by whom records are brought.
class Members {
 public:
  struct Difference {
    std::vector<NodeId> added, removed;
  };
  /// Adds and removes so that exactly `nodes` are there; any order, repetitions count once.
  Difference set(std::vector<NodeId> nodes, Instant now);

  /// Null if it is not a member.
  Member* find(NodeId node);
  const Member* find(NodeId node) const;
  const std::vector<Member>& all() const { return members_; }  // sorted by id
  std::size_t size() const { return members_.size(); }

  /// Takes in what `record` says about `member`.
  Change merge(Member& member, const Record& record, Instant now);

 private:
  std::vector<Member> members_;
};

}  // namespace ouro::cluster::swim
