// What may be asked of the metadata log.
//
// A command is an entry of the log. Each has preconditions on the state before it: apply.hpp.
// Numbers of kinds are in the format (command_codec.hpp) and are never given to anything else.
#pragma once

#include "cluster/state.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ouro::cluster {

/// A node as its process describes itself.
struct Registration {
  std::uint64_t instance = 0;  ///< Not zero, like run and boot.
  std::uint64_t run = 0;
  Boot boot = 0;
  std::string host;
  std::uint16_t http_port = 0;
  std::uint16_t peer_port = 0;
  Features features;
};

/// A new node asks to become a member. It gets an id and a staged join, and this run is registered.
/// Asked again by the same instance it tells the same id and changes nothing.
struct Join {
  Registration registration;
  std::string name;  ///< Empty: one is made of its id.
  Seat seat;
};

/// A member begins a run, or tells another address in the same run.
struct Register {
  NodeId node{};
  Registration registration;
};

struct StageLeave {
  NodeId node{};
};

/// `node`, which waits to join, takes over from `old`, which is removed.
struct StageReplace {
  NodeId old{};
  NodeId node{};
};

/// Staging what is in force takes the wish back.
struct StageWeight {
  NodeId node{};
  std::uint32_t weight = 1;
};

struct StageZone {
  NodeId node{};
  std::string zone;
};

/// Takes back what is staged for a node (of a replacement: named by either). A replacement goes
/// back to a join; a join taken back removes the member.
struct Unstage {
  NodeId node{};
};

/// Carries out all that is staged. The hash (plan_hash.hpp) covers all the plan
/// was made from and the target, so a plan that no longer fits is refused.
struct CommitPlan {
  std::uint64_t hash = 0;
  std::vector<NodeId> target;  ///< The owners after it, by arc.
};

/// Arcs go from before to write_both. Here and below: arcs ascending, each once, at least one.
struct StartArcs {
  Epoch change = 0;
  std::vector<ring::Arc> arcs;
};

/// A receiver has all that the arc's old owners had when the session began.
struct Covered {
  Epoch change = 0;
  Epoch session = 0;
  ring::Arc arc = 0;
  NodeId node{};
  std::uint64_t hash = 0;  ///< Of what it has.
};

/// Arcs go from read_new to after. The proposer has waited for the barrier.
struct FinishArcs {
  Epoch change = 0;
  std::vector<ring::Arc> arcs;
};

/// The running change turns round. Aborting an abort goes forward again.
struct Abort {
  Epoch change = 0;
};

/// The operator gives nodes up: they are dead and will never come back. No change waits for them
/// any more. To take them out of the lists, stage their leave or replacement.
struct ForgetLost {
  std::vector<NodeId> nodes;  ///< Ascending, each once.
  /// Also when acknowledged writes may be on the lost nodes alone.
  bool accept_data_loss = false;
};

/// Configures a bucket. Where it was configured n and placement must stay; where not and they are
/// not the defaults, it begins empty. `properties.generation` is ignored: the log gives it.
struct SetBucket {
  std::string name;
  BucketProperties properties;
};

/// What it held is seen no more. The name goes back to the defaults.
struct DropBucket {
  std::string name;
};

/// n and placement must stay: the data of all buckets never configured lies by them.
struct SetDefaults {
  BucketProperties properties;
};

/// Cuts every arc in two, of the same owner: nothing moves.
struct DoubleArcs {
  std::uint32_t arcs = 0;  ///< How many there will be: twice those there are.
};

/// Raises the level of what members may write to log, wire and disk.
struct SetFeatureLevel {
  std::uint32_t level = 0;
};

using CommandBody =
    std::variant<Join, Register, StageLeave, StageReplace, StageWeight, StageZone, Unstage,
                 CommitPlan, StartArcs, Covered, FinishArcs, Abort, ForgetLost, SetBucket,
                 DropBucket, SetDefaults, DoubleArcs, SetFeatureLevel>;

struct Command {
  CommandBody body;
  Origin origin;
};

/// The name of a command's kind, such as "stage_leave".
std::string_view name(const Command& command);

}  // namespace ouro::cluster
