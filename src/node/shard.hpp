// What a node has on each of its event loops.
#pragma once

#include "api/handler.hpp"
#include "cluster/view.hpp"
#include "kv/home_store.hpp"
#include "kv/homes.hpp"
#include "kv/lagging.hpp"
#include "kv/local_reader.hpp"
#include "kv/store.hpp"
#include "runtime/nursery.hpp"
#include "runtime/world.hpp"

#include <memory>
#include <vector>

namespace ouro::node {

/// Built before the loops run; after that each is touched on its own loop only. Borrows loop,
/// reader and metadata.
class Shard {
 public:
  Shard(Loop& loop, kv::HomeStore::Parts home) : loop(loop), home(home) {}

  /// Once all shards and the loops' peers exist: a request may be at home on any of them.
  void connect(const std::vector<std::unique_ptr<Shard>>& shards, std::size_t here,
               kv::LocalReader& reader, const cluster::Metadata& metadata, NodeId self);

  /// Answers peers and begins the background work.
  void start(const cluster::View& view, NodeId self);

  /// Ends the background work and waits for what is under way. On the shard's loop, after the last
  /// client and peer were answered.
  Task<void> close();

  Loop& loop;
  kv::HomeStore home;
  std::unique_ptr<kv::Homes> homes;
  std::unique_ptr<Nursery> nursery;
  kv::Lagging lagging;
  std::unique_ptr<kv::Store> store;
  std::unique_ptr<api::Handler> http;

 private:
  Task<void> settle_regularly();

  std::unique_ptr<Timer> settle_timer_;
  bool closing_ = false;
};

}  // namespace ouro::node
