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

void Shard::connect(const std::vector<std::unique_ptr<Shard>>& shards, std::size_t here,
                    kv::LocalReader& reader, const cluster::Metadata& metadata, NodeId self) {
  std::vector<kv::Homes::Home> all;
  for (const auto& shard : shards) all.push_back({&shard->loop, &shard->home});
  homes = std::make_unique<kv::Homes>(std::move(all), here);
  nursery = std::make_unique<Nursery>(loop.executor(), loop.clock());
  store = std::make_unique<kv::Store>(
      kv::Collaborators{self, metadata, loop, reader, *homes, *nursery, lagging});
  const auto always_ready = [] { return std::vector<std::string>(); };
  http = std::make_unique<api::Handler>(api::Services{*store, metadata, loop.peers(), loop.clock(),
                                                      loop.random(), self, always_ready});
}

void Shard::start(const cluster::View& view, NodeId self) {
  std::vector<PeerAddress> peers;
  for (const cluster::Node& node : view.nodes())
    if (node.id != self) peers.push_back({node.id, node.host, node.peer_port});
  loop.peers().set_addresses(std::move(peers));
  loop.peers().serve(*store);
  settle_timer_ = loop.clock().make_timer();
  nursery->spawn(settle_regularly());
}

Task<void> Shard::settle_regularly() {
  while (!closing_) {
    co_await settle_timer_->wait_until(loop.clock().now() + settle_interval);
    if (!closing_) co_await home.settle();
  }
}

Task<void> Shard::close() {
  closing_ = true;
  settle_timer_->wake();
  co_await nursery->close();
}

}  // namespace ouro::node
