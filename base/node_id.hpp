// The name of a node inside the database.
#pragma once

#include <compare>
#include <cstdint>

namespace ouro {

/// Names a node for ever: never reused, never zero, not an address.
enum class NodeId : std::uint32_t {};

constexpr std::uint32_t to_integer(NodeId id) { return static_cast<std::uint32_t>(id); }

/// Counts the runs of one node. Written to disk before the first dot of a run; never reused.
using Boot = std::uint32_t;

/// Numbers the states of the cluster's metadata: every change makes the next epoch.
using Epoch = std::uint64_t;

}  // namespace ouro
