// What the cluster is: the state that the metadata log makes.
//
// A plain value without clock, I/O or chance: two nodes that applied the same commands hold equal
// states and equal bytes (state_codec.hpp). apply() in apply.hpp changes it, one epoch at a time;
// nothing else does. Owned by the control loop; everybody else sees the View made from it.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "cluster/view.hpp"
#include "ring/ring.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::cluster {

/// Bounds that commands and snapshots are held to.
struct StateLimits {
  static constexpr std::size_t name_bytes = 64;  ///< Of nodes, zones and buckets' delimiters.
  static constexpr std::size_t bucket_name_bytes = 256;
  static constexpr std::size_t host_bytes = 255;
  static constexpr std::size_t who_bytes = 256;
  static constexpr std::size_t what_bytes = 1024;
  static constexpr std::size_t members = 4096;         ///< That are not removed.
  static constexpr std::size_t bucket_names = 100000;  ///< With those of dropped buckets.
  static constexpr std::size_t audit = 1000;
  static constexpr std::uint32_t weight = 65535;
  static constexpr unsigned n = 7;
};

/// Who caused a change. The wall time is told to people and decides nothing.
struct Origin {
  std::string who;
  std::uint64_t wall_us = 0;  ///< Microseconds since 1970, by the proposer's clock.
};

/// What a list walk and the planner see of a node: its seat in a table of owners.
struct Seat {
  std::string zone;
  std::uint32_t weight = 1;

  bool operator==(const Seat&) const = default;
};

/// Who owns the arcs, and all nodes that take part, also those that own nothing. Each table walks
/// by its own zones: a change of zones shows in the new lists only, arc by arc.
struct Table {
  std::vector<NodeId> owners;  ///< By arc.
  std::map<NodeId, Seat> seats;
};

/// The ring that a table makes, at `epoch`.
ring::Ring ring_of(const Table& table, Epoch epoch);

struct Features {
  std::uint32_t min = 1;  ///< The lowest and the highest cluster feature level that a build speaks.
  std::uint32_t max = 1;
};

/// A node of the cluster that is not removed.
struct Member {
  std::uint64_t instance = 0;  ///< Of its data directory. 0: named by the founder, never started.
  std::uint64_t run = 0;       ///< Of its process.
  Boot boot = 0;
  std::string name;  ///< Unique among members that are not removed.
  std::string host;
  std::uint16_t http_port = 0;
  std::uint16_t peer_port = 0;
  Features features;
  Epoch registered = 0;  ///< The epoch at which its present run registered. 0: never.
  /// The operator gave it up for good: it never counts as covered, nobody waits for it, and it may
  /// not register again. It stays in lists until a change takes it out.
  bool lost = false;
};

/// Kept for ever, so that what comes back is known and refused.
struct RemovedMember {
  std::string name;
  std::uint64_t instance = 0;
  Epoch removed = 0;
};

/// Follows from the tables: see status(). `joining` and `leaving` while a change runs.
enum class MemberStatus : std::uint8_t { staged = 1, joining, active, leaving, removed };
std::string_view name(MemberStatus status);

enum class ActionKind : std::uint8_t {
  join = 1,  ///< A member without a seat gets one.
  replace,   ///< The same, and `replaces` gives up its own to it.
  leave,     ///< A member gives up its seat and is removed.
  adjust,    ///< A member gets another weight or zone.
};

/// What an operator wants of one node. Staged actions wait for a plan; a node has at most one, and
/// none while the running change does something with it.
struct Action {
  ActionKind kind = ActionKind::join;
  NodeId replaces{};  ///< replace only.
  Seat seat;          ///< The seat it will have; for leave empty and 1.
  Origin origin;
};
using Actions = std::map<NodeId, Action>;

/// How one arc moves.
struct ArcMove {
  ArcPhase phase = ArcPhase::before;
  /// The epoch at which write_both began; 0 if it has not. Pulls and Covered name it.
  Epoch session = 0;
  /// The nodes that came to have the arc's data, with the hash of what they have.
  std::map<NodeId, std::uint64_t> covered;
};

/// The change that runs. Aborting swaps the tables, turns every phase, and gives it a new id: from
/// then on it is simply a change that goes the other way.
struct Change {
  Epoch id = 0;            ///< The epoch at which it took its present direction. Commands name it.
  Epoch began = 0;         ///< The epoch of the commit.
  std::uint64_t plan = 0;  ///< The hash of the committed plan.
  bool aborting = false;
  Table target;
  Actions actions;  ///< What was committed. Done when it ends, staged again when an abort ends.
  std::vector<ArcMove> arcs;
  Origin origin;
};

/// A bucket that was configured, or was and is dropped (then only the generation counts).
struct Bucket {
  BucketProperties properties;
  bool dropped = false;
};

struct AuditEntry {
  Epoch epoch = 0;
  std::string what;
  Origin origin;
};

struct State {
  std::uint64_t cluster = 0;
  std::uint64_t hash_seed = 0;
  Epoch epoch = 0;
  NodeId next_node{1};  ///< Ids from here on were never given.
  std::map<NodeId, Member> members;
  std::map<NodeId, RemovedMember> removed;
  Table table;  ///< The owners in force; while a change runs, those before it.
  std::vector<Epoch>
      changed_at;  ///< By arc: the epoch at which its lists or its phase last changed.
  Actions staged;
  Epoch staged_at = 0;  ///< The epoch at which `staged` last changed.
  std::optional<Change> change;
  BucketProperties defaults;  ///< Generation 1; n and placement stay as founded.
  std::map<std::string, Bucket, std::less<>> buckets;
  std::uint64_t next_generation = 2;
  std::uint32_t feature_level = 1;
  std::deque<AuditEntry> audit;  ///< The newest last. Steps of arcs are not in it.

  std::uint32_t arc_count() const { return static_cast<std::uint32_t>(table.owners.size()); }
};

/// A member that a founder names. `member.registered` is ignored.
struct Founder {
  NodeId id{};
  Member member;
  Seat seat;
};

/// How a cluster begins.
struct Founding {
  std::uint64_t cluster = 0;  ///< Not zero.
  std::uint64_t hash_seed = 0;
  std::uint32_t arcs = ring::arc_count_default;
  BucketProperties defaults;
  std::vector<Founder> founders;  ///< At least one.
  std::uint32_t feature_level = 1;
  Origin origin;
};

/// The state at epoch 1: founders share the arcs as ring::place() deals them. Error
/// invalid_argument names what does not fit.
Result<State> found(const Founding& founding);

/// not_found if the id was never given.
Result<MemberStatus> status(const State& state, NodeId node);
const Member* member(const State& state, NodeId node);
/// Nothing if no member that is not removed has the name.
std::optional<NodeId> member_named(const State& state, std::string_view name);
std::optional<NodeId> member_with_instance(const State& state, std::uint64_t instance);
/// "n4 (node 4)", for messages.
std::string title(const State& state, NodeId node);
/// The seat in force; of a member that has none yet, the one it asked for. Null if unknown.
const Seat* seat(const State& state, NodeId node);

/// The seats that there will be when actions are carried out on some.
std::map<NodeId, Seat> seats_with(std::map<NodeId, Seat> seats, const Actions& actions);
/// The same when the running change and all staged actions are carried out.
std::map<NodeId, Seat> seats_after(const State& state);
/// The action, staged or of the running change, that does something with a node.
const Action* staged_action(const State& state, NodeId node);
const Action* running_action(const State& state, NodeId node);

/// What counts for a bucket, whether it was ever configured or not.
BucketProperties bucket(const State& state, std::string_view name);
/// Every bucket that differs from the defaults, dropped ones (by their generation) too: what
/// View::bucket must know.
std::map<std::string, BucketProperties, std::less<>> bucket_properties(const State& state);
/// The replica counts in use, ascending.
std::set<unsigned> replica_counts(const State& state);

}  // namespace ouro::cluster
