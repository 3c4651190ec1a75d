// What may this node still change, and mint, in the present state of the cluster?
#pragma once

#include "base/node_id.hpp"
#include "kv/storage_key.hpp"
#include "ring/token.hpp"

#include <limits>

namespace ouro::kv {

/// The epoch of an operation that no fence holds up: repairs of this node's own data, and tests.
constexpr Epoch never_stale = std::numeric_limits<Epoch>::max();

/// The newest view of the cluster that this node has, as the home loops ask it right before each
/// change. Called from all loops, often, so it must be cheap; answers only ever move forward.
class Fence {
 public:
  virtual ~Fence() = default;

  /// The epoch at which the arc last changed its phase or its lists. Operations that started
  /// before it are refused: they may be meant for replicas that are none any more.
  virtual Epoch changed_at(ring::Arc arc) const = 0;

  /// Is this node's run registered, so that no other run can mint the same dots?
  virtual bool may_mint() const = 0;

  /// Is this node in any list, old or new, of the arc: may anybody still write here?
  virtual bool writable(ArcId arc) const = 0;
};

}  // namespace ouro::kv
