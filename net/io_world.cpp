#include "net/io_world.hpp"

#include "base/check.hpp"
#include "net/thread_lane.hpp"
#include "runtime/coroutine.hpp"
#include "runtime/reply.hpp"

#include <pthread.h>

#include <thread>

namespace ouro::net {
namespace {

PortUse port_use(std::size_t index, std::size_t count) {
  if (count == 1) return PortUse::alone;
  return index == 0 ? PortUse::first_of_several : PortUse::another_of_several;
}

PeerOptions control_options(PeerOptions options) {
  options.kept = PeerLane::control;
  return options;
}

Task<Status> start_control(PeerTransport& transport, PeerIdentity identity) {
  transport.start(identity);
  co_return Status();
}

Task<Result<std::uint16_t>> start_data(PeerTransport& transport, PeerIdentity identity,
                                       PeerListen where) {
  co_return transport.start(identity, where);
}

std::thread run_on_thread(IoLoop& loop, const std::string& name) {
  return std::thread([&loop, name]() noexcept {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    loop.run();
  });
}

}  // namespace

IoWorld::IoWorld(const IoWorldOptions& options)
    : peer_host_(options.peer_host),
      peer_port_(options.peer_port),
      control_(std::make_unique<IoLoop>(control_options(options.peers))) {
  check(options.loops > 0);
  for (std::size_t index = 0; index < options.loops; ++index) {
    loops_.push_back(std::make_unique<IoLoop>(options.peers));
    transport(index).hand_control_to(control_transport());
  }
}

// A coroutine of one loop may wait for another's: no loop may be gone while another still has any.
IoWorld::~IoWorld() {
  for (const std::unique_ptr<IoLoop>& loop : loops_) loop->end();
  control_->end();
}

std::unique_ptr<Lane> IoWorld::make_lane(const std::string& name) {
  return std::make_unique<ThreadLane>(name, lane_class(name));
}

Result<std::uint16_t> IoWorld::listen(const PeerIdentity& identity, const std::string& host,
                                      std::uint16_t port) {
  control_transport().start(identity);
  for (std::size_t index = 0; index < loops_.size(); ++index) {
    const PeerListen where{host, port, port_use(index, loops_.size())};
    const Result<std::uint16_t> bound = transport(index).start(identity, where);
    if (!bound) return bound.error();
    port = *bound;
  }
  return port;
}

Task<Status> IoWorld::start_peers(PeerIdentity identity) {
  Task<Status> control =
      on_executor(control_->executor(), start_control(control_transport(), identity));
  co_await std::move(control);
  for (std::size_t index = 0; index < loops_.size(); ++index) {
    const PeerListen where{peer_host_, peer_port_, port_use(index, loops_.size())};
    Task<Result<std::uint16_t>> started =
        on_executor(loops_[index]->executor(), start_data(transport(index), identity, where));
    const Result<std::uint16_t> bound = co_await std::move(started);
    if (!bound) co_return bound.error();
    peer_port_ = *bound;
  }
  co_return Status();
}

// The loops that accept come before the one that they hand over to.
Task<void> IoWorld::close_peers() {
  for (const std::unique_ptr<IoLoop>& loop : loops_) {
    Task<void> closed = on_executor(loop->executor(), loop->transport().close());
    co_await std::move(closed);
  }
  Task<void> closed = on_executor(control_->executor(), control_transport().close());
  co_await std::move(closed);
}

void IoWorld::run() {
  std::vector<std::thread> threads;
  threads.push_back(run_on_thread(*control_, "control"));
  for (std::size_t index = 1; index < loops_.size(); ++index)
    threads.push_back(run_on_thread(*loops_[index], "loop-" + std::to_string(index)));
  loops_.front()->run();
  for (std::thread& thread : threads) thread.join();
}

void IoWorld::stop() {
  for (const std::unique_ptr<IoLoop>& loop : loops_) loop->stop();
  control_->stop();
}

}  // namespace ouro::net
