#include "node/shard.hpp"

#include "runtime/coroutine.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr Duration settle_interval = 1s;

}  // namespace

Shard::Shard(Loop& on, std::size_t at, Parts parts)
    : loop(on),
      index(at),
      home({parts.db, parts.reader, on.clock(), parts.self, at, parts.loops, &parts.fence}),
      source({parts.db, home, parts.transfer_lane, on.clock(), parts.metadata, parts.fence,
              parts.self}),
      governor(on.clock(), parts.transfer_bytes_per_second),
      receiver(
          {parts.db, home, parts.transfer_lane, on.clock(), on.peers(), parts.metadata, governor}),
      nursery(on.executor(), on.clock()),
      parts_(parts),
      settle_timer_(on.clock().make_timer()) {}

std::vector<kv::Homes::Home> Shard::homes_of(const std::vector<std::unique_ptr<Shard>>& shards) {
  std::vector<kv::Homes::Home> all;
  for (const auto& shard : shards)
    all.push_back({&shard->loop, &shard->home, &shard->source, &shard->receiver});
  return all;
}

void Shard::connect(const std::vector<std::unique_ptr<Shard>>& shards) {
  homes = std::make_unique<kv::Homes>(homes_of(shards), index);
  store = std::make_unique<kv::Store>(kv::Collaborators{parts_.self.node, parts_.metadata, loop,
                                                        parts_.reader, *homes, nursery, lagging});
  const auto always_ready = [] { return std::vector<std::string>(); };
  http = std::make_unique<api::Handler>(
      api::Services{*store, parts_.metadata, parts_.administration, loop.peers(), loop.clock(),
                    loop.random(), parts_.self.node, always_ready});
}

Task<void> Shard::start() {
  loop.peers().serve(*store);
  nursery.spawn(settle_regularly());
  co_return;
}

Task<void> Shard::settle_regularly() {
  while (!closing_) {
    co_await settle_timer_->wait_until(loop.clock().now() + settle_interval);
    if (closing_) break;
    co_await home.settle();
    source.expire();
  }
}

Task<void> Shard::close() {
  closing_ = true;
  settle_timer_->wake();
  co_await nursery.close();
}

}  // namespace ouro::node
