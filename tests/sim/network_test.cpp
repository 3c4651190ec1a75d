// Calls between simulated nodes: what arrives, what is lost, and what the caller is told.
#include "runtime/coroutine.hpp"
#include "sim/machine.hpp"
#include "sim/run.hpp"

#include "tests/support/catch.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ouro::sim {
namespace {

using namespace std::chrono_literals;

constexpr NodeId a{1}, b{2};
constexpr std::uint64_t cluster = 7;

// Answers "echo <meta>" after `work`, and remembers what it was asked.
class Echo final : public PeerHandler {
 public:
  Echo(Clock& clock, std::vector<std::string>& heard) : clock_(clock), heard_(heard) {}

  Task<Message> answer(NodeId, Message request, Instant) override {
    heard_.push_back(request.meta);
    if (work > Duration(0)) co_await sleep_until(clock_, clock_.now() + work);
    request.meta = "echo " + request.meta;
    co_return request;
  }

  Duration work{};

 private:
  Clock& clock_;
  std::vector<std::string>& heard_;
};

struct Pair {
  explicit Pair(std::uint64_t seed, NetworkOptions options = {})
      : network(scheduler_for(seed), seed, options) {
    for (const NodeId node : {a, b}) {
      machines[node] = std::make_unique<Machine>(*scheduler, network, node, seed);
      boot(node);
    }
  }
  ~Pair() {
    for (const NodeId node : {a, b})
      if (machines[node]->running()) machines[node]->kill();
  }

  void boot(NodeId node) {
    SimWorld& world = machines[node]->boot();
    world.start_now({cluster, node, 1});
    echoes[node] = std::make_unique<Echo>(world.loop(0).clock(), heard[node]);
    for (Loop* const loop : {&world.loop(0), &world.control()}) {
      loop->peers().serve(*echoes[node]);
      loop->peers().set_addresses({{a, "m1", 7170}, {b, "m2", 7170}});
    }
  }

  Peers& peers(NodeId node) { return machines[node]->world().loop(0).peers(); }

  std::shared_ptr<const std::optional<Result<Message>>> ask(std::string what, Duration limit = 10s,
                                                            PeerLane lane = PeerLane::foreground) {
    SimWorld& world = machines[a]->world();
    Message request;
    request.kind = 7;
    request.meta = std::move(what);
    const Instant deadline = world.loop(0).clock().now() + limit;
    return start(*scheduler, world.life(),
                 world.loop(0).peers().call(b, lane, std::move(request), deadline));
  }

  // The answer's meta, or the name of the error.
  std::string outcome(const std::shared_ptr<const std::optional<Result<Message>>>& call) {
    if (!scheduler->run_until([&] { return call->has_value(); }, 1h)) return "never";
    return **call ? (**call)->meta : std::string(name((**call).error().code));
  }

  Scheduler& scheduler_for(std::uint64_t seed) {
    scheduler = std::make_unique<Scheduler>(seed);
    return *scheduler;
  }

  std::unique_ptr<Scheduler> scheduler;
  Network network;
  std::map<NodeId, std::unique_ptr<Machine>> machines;
  std::map<NodeId, std::vector<std::string>> heard;
  std::map<NodeId, std::unique_ptr<Echo>> echoes;
};

TEST_CASE("a call is answered") {
  Pair pair(1);
  CHECK(pair.outcome(pair.ask("hello")) == "echo hello");
  CHECK(pair.peers(a).reachable(b));
  CHECK_FALSE(pair.peers(a).reachable(NodeId{9}));
}

TEST_CASE("attachments travel whole and meta and kind with them") {
  Pair pair(1);
  Loop& loop = pair.machines[a]->world().loop(0);
  Message request;
  request.kind = 500;
  request.meta = "m";
  request.attachment = {SharedBytes(std::string(100'000, 'x')), SharedBytes(std::string("yz"))};
  const auto reply =
      run(*pair.scheduler, pair.machines[a]->world().life(),
          loop.peers().call(b, PeerLane::bulk, request, loop.clock().now() + 5s), 1h);
  REQUIRE(reply);
  REQUIRE(*reply);
  CHECK((**reply).kind == 500);
  REQUIRE((**reply).attachment.size() == 1);
  CHECK((**reply).attachment[0].view() == std::string(100'000, 'x') + "yz");
}

TEST_CASE("requests on one lane arrive in the order in which they were made") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Pair pair(seed);
    pair.outcome(pair.ask("first"));
    std::vector<std::string> expected{"first"};
    auto call = pair.ask("0");
    for (int i = 0; i < 50; ++i) {
      expected.push_back(std::to_string(i));
      if (i > 0) call = pair.ask(std::to_string(i));
      pair.scheduler->run_for(Duration(1000));
    }
    pair.outcome(call);
    CHECK(pair.heard[b] == expected);
  }
}

TEST_CASE("a deadline is kept whatever happens") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  pair.echoes[b]->work = 1h;
  const Instant asked = pair.scheduler->now();
  CHECK(pair.outcome(pair.ask("slow", 300ms)) == "timeout");
  CHECK(pair.scheduler->now() == asked + 300ms);
}

TEST_CASE("a partition loses the connection, and later calls fail at once until it heals") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  pair.network.partition({a}, {b});
  const auto call = pair.ask("lost?", 20s);
  CHECK(pair.outcome(call) == "connection_lost");
  CHECK_FALSE(pair.peers(a).reachable(b));
  pair.scheduler->run_for(5s);
  const Instant asked = pair.scheduler->now();
  const std::string refused = pair.outcome(pair.ask("refused", 20s));
  CHECK(refused == "unreachable");
  CHECK(pair.scheduler->now() <= asked + pair.network.options().connect_timeout);
  pair.network.heal();
  pair.scheduler->run_for(5s);
  CHECK(pair.peers(a).reachable(b));
  CHECK(pair.outcome(pair.ask("again")) == "echo again");
}

TEST_CASE("a short cut only delays, and keeps the order") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  pair.network.clog(a, b, 1s);
  const auto one = pair.ask("1"), two = pair.ask("2");
  pair.scheduler->run_for(900ms);
  CHECK(pair.heard[b].size() == 1);
  CHECK(pair.outcome(one) == "echo 1");
  CHECK(pair.outcome(two) == "echo 2");
  CHECK(pair.heard[b] == std::vector<std::string>{"connect", "1", "2"});
}

TEST_CASE("when only the way back is cut the request is executed and its outcome unknown") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  pair.network.cut(b, a);
  CHECK(pair.outcome(pair.ask("executed", 20s)) == "connection_lost");
  CHECK(pair.heard[b].back() == "executed");
}

TEST_CASE("a request may arrive long after its caller was told that the connection broke") {
  bool arrived = false, vanished = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Pair pair(seed);
    pair.outcome(pair.ask("connect"));
    pair.network.cut(a, b);
    CHECK(pair.outcome(pair.ask("late", 20s)) == "connection_lost");
    pair.scheduler->run_for(1h);
    CHECK(pair.heard[b].size() == 1);
    pair.network.heal();
    pair.scheduler->run_for(10s);
    (pair.heard[b].size() == 2 ? arrived : vanished) = true;
  }
  CHECK(arrived);
  CHECK(vanished);
}

TEST_CASE("a killed process resets its connections and a restarted one is found again") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  pair.echoes[b]->work = 1h;
  const auto call = pair.ask("in flight", 1h);
  pair.scheduler->run_for(50ms);
  const Instant killed = pair.scheduler->now();
  pair.machines[b]->kill();
  CHECK(pair.outcome(call) == "connection_lost");
  CHECK(pair.scheduler->now() < killed + 1s);
  CHECK(pair.outcome(pair.ask("down")) == "unreachable");
  pair.boot(b);
  pair.scheduler->run_for(3s);
  CHECK(pair.outcome(pair.ask("up")) == "echo up");
}

TEST_CASE("a machine without power is only silent") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  const Instant lost = pair.scheduler->now();
  pair.machines[b]->power_loss({});
  CHECK(pair.outcome(pair.ask("silence", 20s)) == "connection_lost");
  CHECK(pair.scheduler->now() >= lost + pair.network.options().silence_limit);
}

TEST_CASE("a paused process answers after its pause") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  pair.machines[b]->pause(1s);
  const Instant asked = pair.scheduler->now();
  CHECK(pair.outcome(pair.ask("wake up")) == "echo wake up");
  CHECK(pair.scheduler->now() >= asked + 1s);
}

TEST_CASE("inverted bits are noticed and never delivered") {
  NetworkOptions options;
  options.quality.corrupt_per_million = 200'000;
  int answered = 0, lost = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Pair pair(seed, options);
    for (int i = 0; i < 20; ++i) {
      pair.scheduler->run_for(2s);
      const std::string what = "message " + std::to_string(i);
      const std::string outcome = pair.outcome(pair.ask(what));
      const bool came = outcome == "echo " + what;
      // Unreachable: it was a Hello that arrived damaged.
      CHECK((came || outcome == "connection_lost" || outcome == "unreachable"));
      (came ? answered : lost) += 1;
    }
    for (const std::string& heard : pair.heard[b]) CHECK(heard.substr(0, 8) == "message ");
  }
  CHECK(answered > 0);
  CHECK(lost > 0);
}

TEST_CASE("calls beyond the bound are refused as busy") {
  NetworkOptions options;
  options.calls_max = 3;
  Pair pair(1, options);
  pair.outcome(pair.ask("connect"));
  pair.echoes[b]->work = 1s;
  std::vector<std::shared_ptr<const std::optional<Result<Message>>>> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(pair.ask("x"));
    pair.scheduler->run_for(1ms);
  }
  CHECK(pair.outcome(calls[3]) == "busy");
  CHECK(pair.outcome(calls[0]) == "echo x");
  CHECK(pair.outcome(pair.ask("x", 10s, PeerLane::control)) == "echo x");
}

TEST_CASE("a message that is too large is refused unsent") {
  Pair pair(1);
  CHECK(pair.outcome(pair.ask(std::string(meta_size_max + 1, 'x'))) == "invalid_argument");
}

TEST_CASE("a node that does not serve yet is unreachable") {
  Scheduler scheduler(1);
  Network network(scheduler, 1);
  Machine one(scheduler, network, a, 1), other(scheduler, network, b, 1);
  Loop& loop = one.boot().loop(0);
  one.world().start_now({cluster, a, 1});
  other.boot().start_now({cluster, b, 1});
  loop.peers().set_addresses({{b, "m2", 7170}});
  const auto reply =
      run(scheduler, one.world().life(),
          loop.peers().call(b, PeerLane::foreground, Message{}, loop.clock().now() + 5s), 1h);
  REQUIRE(reply);
  CHECK(reply->error().code == ErrorCode::unreachable);
}

TEST_CASE("a peer that is removed is not called any more") {
  Pair pair(1);
  pair.outcome(pair.ask("connect"));
  pair.echoes[b]->work = 1h;
  const auto call = pair.ask("in flight", 1h);
  pair.scheduler->run_for(50ms);
  pair.peers(a).set_addresses({});
  CHECK(pair.outcome(call) == "connection_lost");
  CHECK(pair.outcome(pair.ask("gone")) == "unreachable");
}

}  // namespace
}  // namespace ouro::sim
