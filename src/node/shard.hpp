// What a node has on each of its event loops.
#pragma once

#include "api/handler.hpp"
#include "base/lane.hpp"
#include "cluster/administration.hpp"
#include "cluster/view.hpp"
#include "kv/fence.hpp"
#include "kv/governor.hpp"
#include "kv/home_store.hpp"
#include "kv/homes.hpp"
#include "kv/lagging.hpp"
#include "kv/local_reader.hpp"
#include "kv/store.hpp"
#include "kv/transfer_receiver.hpp"
#include "kv/transfer_source.hpp"
#include "runtime/nursery.hpp"
#include "runtime/world.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace ouro::node {

/// Built on the control loop before anything reaches it; after that each is touched on its own loop
/// only. Borrows what it is given.
class Shard {
 public:
  /// Shared by all shards of a node.
  struct Parts {
    engine::Db& db;
    kv::LocalReader& reader;
    Lane& transfer_lane;
    const cluster::Metadata& metadata;
    const kv::Fence& fence;
    cluster::Administration& administration;
    kv::Actor self;
    std::size_t loops = 1;
    std::size_t transfer_bytes_per_second = 0;
  };
  Shard(Loop& loop, std::size_t index, Parts parts);

  /// Once all shards exist: a request may be at home on any of them.
  void connect(const std::vector<std::unique_ptr<Shard>>& shards);
  /// Of all shards, for Homes.
  static std::vector<kv::Homes::Home> homes_of(const std::vector<std::unique_ptr<Shard>>& shards);

  /// Answers peers and begins the background work. On the shard's loop.
  Task<void> start();
  /// Ends the background work and waits for what is under way. On the shard's loop, after the last
  /// client and peer were answered.
  Task<void> close();

  Loop& loop;
  const std::size_t index;
  kv::HomeStore home;
  kv::TransferSource source;
  kv::RateLimiter governor;
  kv::TransferReceiver receiver;
  std::unique_ptr<kv::Homes> homes;
  Nursery nursery;
  kv::Lagging lagging;
  std::unique_ptr<kv::Store> store;
  std::unique_ptr<api::Handler> http;

 private:
  Task<void> settle_regularly();

  Parts parts_;
  std::unique_ptr<Timer> settle_timer_;
  bool closing_ = false;
};

}  // namespace ouro::node
