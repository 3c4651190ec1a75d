// What to do when somebody else knows a newer state of the cluster?
#pragma once

#include "cluster/view.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace ouro::kv {

/// Waits until this node's view is of `epoch` or later: true; or until `deadline` or two seconds
/// have passed, whichever comes first: false. A change reaches all nodes within milliseconds, so
/// waiting is cheaper than sending the caller away.
Task<bool> reach_epoch(const cluster::Metadata& metadata, Clock& clock, Epoch epoch,
                       Instant deadline);

}  // namespace ouro::kv
