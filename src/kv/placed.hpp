// Where a key lies: the first thing to find out about every request.
#pragma once

#include "cluster/view.hpp"
#include "kv/request.hpp"
#include "kv/storage_key.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::kv {

/// A key's place in one view of the cluster.
struct Placed {
  std::shared_ptr<const cluster::View> view;
  ArcId arc;
  std::string data_key;        ///< Its key in the `data` table.
  cluster::Replicas replicas;  ///< The preference lists; they live as long as the view.
  std::uint64_t key_hash = 0;  ///< Ties context tokens to the key.
  unsigned r = 0, w = 0;       ///< The bucket's; 0: a majority.
};

/// Failure invalid_argument, saying what is allowed, if the name is not a valid one.
std::optional<Failure> check_name(const KeyName& name);

/// `name` must be valid.
Placed place(std::shared_ptr<const cluster::View> view, const KeyName& name);

/// The place of a data key that another node named at `epoch`, whose bucket has `n` replicas.
/// Errors: stale_epoch if the arc has other replicas since, or `self` is none of them; corruption
/// if it is no data key of this ring.
Result<ArcId> arc_for_replica(const cluster::View& view, Epoch epoch, std::string_view data_key,
                              unsigned n, NodeId self);

}  // namespace ouro::kv
