#include "net/io_world.hpp"

#include "base/check.hpp"
#include "net/thread_lane.hpp"
#include "runtime/reply.hpp"

#include <pthread.h>

#include <thread>

namespace ouro::net {
namespace {

PortUse port_use(std::size_t index, std::size_t count) {
  if (count == 1) return PortUse::alone;
  return index == 0 ? PortUse::first_of_several : PortUse::another_of_several;
}

}  // namespace

IoWorld::IoWorld(const IoWorldOptions& options) {
  check(options.loops > 0);
  for (std::size_t index = 0; index < options.loops; ++index)
    loops_.push_back(std::make_unique<IoLoop>(options.peers));
}

std::unique_ptr<Lane> IoWorld::make_lane(const std::string& name) {
  return std::make_unique<ThreadLane>(name, lane_class(name));
}

Result<std::uint16_t> IoWorld::listen(const PeerIdentity& identity, const std::string& host,
                                      std::uint16_t port) {
  for (std::size_t index = 0; index < loops_.size(); ++index) {
    const PeerListen where{host, port, port_use(index, loops_.size())};
    const Result<std::uint16_t> bound = transport(index).start(identity, where);
    if (!bound) return bound.error();
    port = *bound;
  }
  return port;
}

Task<void> IoWorld::close_peers() {
  for (const std::unique_ptr<IoLoop>& loop : loops_) {
    Task<void> closed = on_executor(loop->executor(), loop->transport().close());
    co_await std::move(closed);
  }
}

void IoWorld::run() {
  std::vector<std::thread> threads;
  for (std::size_t index = 1; index < loops_.size(); ++index)
    threads.emplace_back([this, index]() noexcept {
      ::pthread_setname_np(::pthread_self(), ("loop-" + std::to_string(index)).c_str());
      loops_[index]->run();
    });
  loops_.front()->run();
  for (std::thread& thread : threads) thread.join();
}

void IoWorld::stop() {
  for (const std::unique_ptr<IoLoop>& loop : loops_) loop->stop();
}

}  // namespace ouro::net
