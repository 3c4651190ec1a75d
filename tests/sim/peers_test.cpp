// Simulated peers come, move and go: identities, strangers, addresses, lanes.
#include "runtime/coroutine.hpp"
#include "sim/machine.hpp"
#include "sim/run.hpp"

#include "tests/support/catch.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ouro::sim {
namespace {

using namespace std::chrono_literals;
using Call = std::shared_ptr<const std::optional<Result<Message>>>;

constexpr NodeId one{11}, two{12}, three{13};  // not the machines' numbers
constexpr std::uint64_t cluster = 7;

// Answers with its name and who asked, after `work`.
class Named final : public PeerHandler {
 public:
  Named(Clock& clock, std::string name) : clock_(clock), name_(std::move(name)) {}

  Task<Message> answer(NodeId from, Message request, Instant) override {
    if (work > Duration(0)) co_await sleep_until(clock_, clock_.now() + work);
    request.meta = name_ + " to " + std::to_string(to_integer(from));
    co_return request;
  }

  Duration work{};

 private:
  Clock& clock_;
  std::string name_;
};

// A machine whose data loops and control loop answer by their names.
struct Place {
  Place(Scheduler& at, Network& network, std::uint32_t number, std::size_t loops = 1)
      : scheduler(at), machine(at, network, NodeId{number}, 1, MachineOptions{loops, {}, {}}) {
    boot();
  }
  ~Place() {
    if (machine.running()) machine.kill();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void boot() {
    SimWorld& world = machine.boot();
    const std::string where = machine.host();
    data = std::make_unique<Named>(world.loop(0).clock(), where + " data");
    control = std::make_unique<Named>(world.loop(0).clock(), where + " control");
    for (std::size_t i = 0; i < world.loop_count(); ++i) world.loop(i).peers().serve(*data);
    world.control().peers().serve(*control);
  }
  void start(NodeId id, std::uint64_t of = cluster) { machine.world().start_now({of, id, 1}); }
  void set_addresses(const std::vector<PeerAddress>& peers) {
    SimWorld& world = machine.world();
    for (std::size_t i = 0; i < world.loop_count(); ++i) world.loop(i).peers().set_addresses(peers);
    world.control().peers().set_addresses(peers);
  }
  Loop& loop(PeerLane lane) {
    SimWorld& world = machine.world();
    return lane == PeerLane::control ? world.control() : world.loop(0);
  }

  Call call(NodeId peer, PeerLane lane = PeerLane::foreground, Duration limit = 10s) {
    Loop& from = loop(lane);
    return sim::start(scheduler, machine.world().life(),
                      from.peers().call(peer, lane, Message{}, from.clock().now() + limit));
  }
  Call introduce(const std::string& host, Message request = {}, Duration limit = 10s) {
    Loop& from = machine.world().control();
    return sim::start(
        scheduler, machine.world().life(),
        from.peers().introduce(host, 1, std::move(request), from.clock().now() + limit));
  }

  // The answer's meta, or what went wrong.
  std::string outcome(const Call& waiting) {
    if (!scheduler.run_until([&] { return waiting->has_value(); }, 1h)) return "never";
    return **waiting ? (**waiting)->meta : to_string((**waiting).error());
  }

  Scheduler& scheduler;
  Machine machine;
  std::unique_ptr<Named> data, control;
};

struct Scene {
  explicit Scene(std::uint64_t seed = 1) : scheduler(seed), network(scheduler, seed) {}

  Scheduler scheduler;
  Network network;
  Place m1{scheduler, network, 1}, m2{scheduler, network, 2, 3}, m3{scheduler, network, 3};
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the control lane reaches the control loop and the others the data loops") {
  Scene s;
  s.m1.start(one);
  s.m2.start(two);
  s.m1.set_addresses({{two, "m2", 1}});
  for (int i = 0; i < 10; ++i) {
    CHECK(s.m1.outcome(s.m1.call(two, PeerLane::control)) == "m2 control to 11");
    CHECK(s.m1.outcome(s.m1.call(two, PeerLane::foreground)) == "m2 data to 11");
    CHECK(s.m1.outcome(s.m1.call(two, PeerLane::bulk)) == "m2 data to 11");
  }
}

TEST_CASE("without an identity nobody is called and nobody listens") {
  Scene s;
  s.m1.set_addresses({{two, "m2", 1}});
  CHECK(contains(s.m1.outcome(s.m1.call(two)), "does not know yet who it is"));
  s.m1.start(one);
  CHECK(contains(s.m1.outcome(s.m1.call(two)), "could not be connected to"));
  s.m2.start(two);
  s.scheduler.run_for(3s);
  CHECK(s.m1.outcome(s.m1.call(two)) == "m2 data to 11");
}

TEST_CASE("a node of another cluster or another node behind an address is not believed") {
  Scene s;
  s.m1.start(one);
  s.m2.start(two);
  s.m3.start(three, 99);
  s.m1.set_addresses({{three, "m2", 1}, {two, "m3", 1}});
  CHECK(contains(s.m1.outcome(s.m1.call(three)), "node 12 answers where node 13 was expected"));
  CHECK(contains(s.m1.outcome(s.m1.call(two)), "belongs to cluster 99"));
  s.scheduler.run_for(5s);
  CHECK_FALSE(s.m1.loop(PeerLane::foreground).peers().reachable(two));
  CHECK_FALSE(s.m1.loop(PeerLane::foreground).peers().was_lost(two));
}

TEST_CASE("a machine may come back as another node") {
  Scene s;
  s.m1.start(one);
  s.m2.start(two);
  s.m1.set_addresses({{two, "m2", 1}});
  CHECK(s.m1.outcome(s.m1.call(two)) == "m2 data to 11");
  s.m2.machine.kill();
  s.m2.boot();
  s.m2.start(three);
  s.scheduler.run_for(3s);
  CHECK(contains(s.m1.outcome(s.m1.call(two)), "node 13 answers where node 12"));
  s.m1.set_addresses({{three, "m2", 1}});
  CHECK(s.m1.outcome(s.m1.call(three)) == "m2 data to 11");
}

TEST_CASE("a peer that moved is called at its new address and unchanged ones keep theirs") {
  Scene s;
  s.m1.start(one);
  s.m2.start(two);
  s.m1.set_addresses({{two, "m2", 1}});
  CHECK(s.m1.outcome(s.m1.call(two)) == "m2 data to 11");
  s.m2.data->work = 1s;
  const Call kept = s.m1.call(two);
  s.scheduler.run_for(500ms);
  s.m1.set_addresses({{two, "m2", 1}, {three, "m9", 1}});
  CHECK(s.m1.outcome(kept) == "m2 data to 11");
  const Call cut = s.m1.call(two);
  s.scheduler.run_for(500ms);
  s.m3.start(two);
  s.m1.set_addresses({{two, "m3", 1}});
  CHECK(contains(s.m1.outcome(cut), "connection_lost"));
  CHECK(s.m1.outcome(s.m1.call(two)) == "m3 data to 11");
  CHECK(s.m1.loop(PeerLane::foreground).peers().was_lost(two));
}

TEST_CASE("a removed peer is cut off, told so, and let in when it is back in the list") {
  Scene s;
  s.m1.start(one);
  s.m2.start(two);
  s.m1.set_addresses({{two, "m2", 1}});
  CHECK(s.m1.outcome(s.m1.call(two)) == "m2 data to 11");
  s.m2.data->work = 1h;
  const Call cut = s.m1.call(two, PeerLane::foreground, 2h);
  s.scheduler.run_for(1s);
  s.m2.set_addresses({{three, "m3", 1}});
  CHECK(contains(s.m1.outcome(cut), "connection_lost"));
  s.scheduler.run_for(3s);
  CHECK(contains(s.m1.outcome(s.m1.call(two)), "does not know it as a member"));
  CHECK_FALSE(s.m1.loop(PeerLane::control).peers().reachable(two));
  s.m2.data->work = 0s;
  s.m2.set_addresses({{one, "m1", 1}});
  s.scheduler.run_for(3s);
  CHECK(s.m1.outcome(s.m1.call(two)) == "m2 data to 11");
  CHECK(s.m1.loop(PeerLane::control).peers().reachable(two));
}

TEST_CASE("a stranger is answered on the control loop, before and after it has an identity") {
  Scene s;
  s.m2.start(two);
  s.m2.set_addresses({{three, "m3", 1}});
  CHECK(s.m1.outcome(s.m1.introduce("m2")) == "m2 control to 0");
  s.m1.start(one, 99);
  CHECK(s.m1.outcome(s.m1.introduce("m2")) == "m2 control to 0");
}

TEST_CASE("an introduction that fails says why") {
  Scene s;
  CHECK(contains(s.m1.outcome(s.m1.introduce("m9")), "unreachable"));
  CHECK(contains(s.m1.outcome(s.m1.introduce("m2")), "unreachable"));
  CHECK(contains(s.m1.outcome(s.m1.introduce("m1")), "unreachable"));
  s.m2.start(two);
  Message large;
  large.meta = std::string(stranger_meta_max + 1, 'x');
  CHECK(contains(s.m1.outcome(s.m1.introduce("m2", large)), "invalid_argument"));
  s.m2.control->work = 1h;
  CHECK(contains(s.m1.outcome(s.m1.introduce("m2", {}, 1s)), "timeout"));
  const Call cut = s.m1.introduce("m2");
  s.scheduler.run_for(1s);
  s.m2.machine.kill();
  CHECK(contains(s.m1.outcome(cut), "connection_lost"));
}

TEST_CASE("strangers are few and do not stay") {
  Scene s;
  s.m2.start(two);
  s.m2.control->work = 1h;
  std::vector<Call> waiting;
  for (std::size_t i = 0; i < stranger_connections_max; ++i)
    waiting.push_back(s.m1.introduce("m2", {}, 2h));
  s.scheduler.run_for(3s);
  CHECK(contains(s.m1.outcome(s.m1.introduce("m2")), "busy"));
  const Instant before = s.scheduler.now();
  for (const Call& call : waiting) CHECK(contains(s.m1.outcome(call), "connection_lost"));
  CHECK(s.scheduler.now() <= before + stranger_time_max);
  s.m2.control->work = 0s;
  CHECK(s.m1.outcome(s.m1.introduce("m2")) == "m2 control to 0");
}

}  // namespace
}  // namespace ouro::sim
