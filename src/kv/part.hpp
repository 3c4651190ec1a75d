// What the parts of the store on one event loop work with.
#pragma once

#include "cluster/view.hpp"
#include "kv/homes.hpp"
#include "kv/lagging.hpp"
#include "kv/local_reader.hpp"
#include "runtime/nursery.hpp"
#include "runtime/world.hpp"

namespace ouro::kv {

/// Borrowed; all of it outlives the parts.
struct Collaborators {
  NodeId self{};
  const cluster::Metadata& metadata;
  Loop& loop;
  LocalReader& reader;
  Homes& homes;
  Nursery& nursery;  ///< For what goes on after the client was answered.
  Lagging& lagging;
};

}  // namespace ouro::kv
