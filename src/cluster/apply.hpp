// How a command changes the state of the cluster.
#pragma once

#include "cluster/commands.hpp"
#include "cluster/state.hpp"

#include <string>

namespace ouro::cluster {

/// What came of a command.
struct Applied {
  Epoch epoch = 0;            ///< Of the state after it.
  bool changed = false;       ///< False: it was carried out before; nothing changed, nor the epoch.
  NodeId node{};              ///< Join and Register: whom it was about.
  bool change_ended = false;  ///< This ended the running change or its abort.
  std::string what;           ///< One line for people.
};

/// Checks the command's precondition and carries it out: the same on every node. On Error the state
/// is untouched, and the message says why and what to do. Codes: invalid_argument (never right),
/// not_found, exists, denied (an identity that is refused), busy (not while a change runs, or a
/// bound was reached), stale_epoch (made for a change, session or plan that is over), unsupported.
///
/// A proposer calls it on a copy of its newest state first, so that refusals seldom get into the
/// log.
Result<Applied> apply(State& state, const Command& command);

}  // namespace ouro::cluster
