// How fast invented time passes: events per second of a busy cluster, and virtual seconds per
// second of one that is mostly idle.
#include "runtime/coroutine.hpp"
#include "runtime/nursery.hpp"
#include "sim/machine.hpp"

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace ouro::sim {
namespace {

using namespace std::chrono_literals;

const std::vector<NodeId> ids{NodeId{1}, NodeId{2}, NodeId{3}};

class Node final : public PeerHandler {
 public:
  Node(SimWorld& world, Duration pace)
      : loop_(world.loop(0)), pace_(pace), nursery_(loop_.executor(), loop_.clock()) {
    std::vector<PeerAddress> addresses;
    for (const NodeId id : ids) addresses.push_back({id, "m" + std::to_string(to_integer(id)), 1});
    loop_.peers().serve(*this);
    loop_.peers().set_addresses(addresses);
    world.start_now({1, world.node(), 1});
    for (int i = 0; i < 4; ++i) nursery_.spawn(work());
  }

  Task<Message> answer(NodeId, Message request, Instant) override { co_return request; }

 private:
  Task<void> work() {
    for (;;) {
      const auto wait = loop_.random().below(static_cast<std::uint64_t>(2 * pace_.count()));
      co_await sleep_until(loop_.clock(), loop_.clock().now() + Duration(wait));
      const NodeId peer = ids[loop_.random().below(ids.size())];
      Message request;
      request.meta.resize(100);
      request.attachment.emplace_back(std::string(1024, 'v'));
      co_await loop_.peers().call(peer, PeerLane::foreground, std::move(request),
                                  loop_.clock().now() + 1s);
    }
  }

  Loop& loop_;
  Duration pace_;
  Nursery nursery_;
};

void measure(const char* name, Duration pace, Duration time) {
  Scheduler scheduler(1);
  Network network(scheduler, 1);
  std::vector<std::unique_ptr<Machine>> machines;
  std::vector<std::unique_ptr<Node>> nodes;
  for (const NodeId id : ids) {
    machines.push_back(std::make_unique<Machine>(scheduler, network, id, 1));
    nodes.push_back(std::make_unique<Node>(machines.back()->boot(), pace));
  }
  const auto begin = std::chrono::steady_clock::now();
  scheduler.run_for(time);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  for (const auto& machine : machines) machine->kill();
  const double virtual_seconds = std::chrono::duration<double>(time).count();
  std::printf("%s: %.0f virtual s in %.2f s: %.0f virtual s/s, %.0f events/s\n", name,
              virtual_seconds, taken.count(), virtual_seconds / taken.count(),
              static_cast<double>(scheduler.events()) / taken.count());
}

}  // namespace
}  // namespace ouro::sim

int main() {
  ouro::sim::measure("busy", ouro::Duration(1'000'000), ouro::Duration(60'000'000'000));
  ouro::sim::measure("mostly idle", ouro::Duration(1'000'000'000),
                     ouro::Duration(3'600'000'000'000));
}
