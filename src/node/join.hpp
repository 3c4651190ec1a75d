// How a node comes to know who it is.
#pragma once

#include "base/result.hpp"
#include "cluster/identity.hpp"
#include "node/node.hpp"
#include "node/storage.hpp"
#include "runtime/task.hpp"
#include "runtime/world.hpp"

namespace ouro::node {

/// Begins a run of the directory: its identity, made durable with a new boot number. A directory
/// without one belongs to a founder, if the configuration names founders; else the node asks the
/// members that it was told of to let it in, one after the other, again and again until one does
/// or `closing` is true. Errors of cluster/identity.hpp; what the cluster answers if it refuses for
/// good; closed. On the control loop.
Task<Result<cluster::Identity>> settle_identity(World& world, Storage& storage,
                                                const NodeConfig& config, std::uint64_t run,
                                                const bool& closing);

/// How this node describes itself to the cluster.
cluster::Registration registration_of(const NodeConfig& config, const cluster::Identity& identity,
                                      std::uint64_t run);

}  // namespace ouro::node
