// Random lives of three replicas between which an arc moves, against an ideal one in memory.
//
// OURO_SEED=N runs that seed alone; OURO_COUNT=M runs M seeds.
#include "kv/tables.hpp"
#include "tests/kv/samples.hpp"
#include "tests/kv/transfer_fixture.hpp"
#include "tests/support/catch.hpp"

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

constexpr unsigned keys = 12;
constexpr NodeId nodes[] = {source_a, source_b, joiner};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Lives {
 public:
  explicit Lives(std::uint64_t seed) : t_(seed, 2), random_(seed) {
    for (unsigned i = 0; i < 10; ++i) write(t_.host(some_source()));
  }

  void act() {
    TransferHost& host = t_.host(nodes[random_.below(3)]);
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2:
        write(host);
        break;
      case 3:
      case 4:
        deliver(host);
        break;
      case 5:
      case 6:
        t_.j().begin(t_.j().receiver().pull(t_.j().order(some_source(), 10s)));
        break;
      case 7:
        crash(host);
        break;
      case 8:
        host.begin(host.receiver().pull(host.order(some_other(host.id), 5s)));
        break;
      default:
        for (std::uint64_t steps = random_.below(80); steps > 0; --steps) t_.scheduler.step();
        break;
    }
  }

  /// Everything arrives everywhere at last, some of it late; then all must agree.
  void heal() {
    t_.scheduler.run_for(30s);
    for (const NodeId node : nodes)
      for (const SentFrame& sent : frames_)
        if (random_.below(2) == 0) REQUIRE(t_.host(node).deliver(sent));
    REQUIRE(t_.j().pull(source_a));
    REQUIRE(t_.j().pull(source_b));
    for (const NodeId node : nodes)
      for (const SentFrame& sent : frames_) REQUIRE(t_.host(node).deliver(sent));
    // A node may have stopped in the middle of a stream that it did not need.
    REQUIRE(t_.j().pull(source_a));
    REQUIRE(t_.a().pull(source_b));
    REQUIRE(t_.b().pull(source_a));
    for (int i = 0; i < 3; ++i)
      for (const NodeId node : nodes) t_.host(node).settle();
  }

  void verify() {
    std::map<std::string, Object> objects;
    DotSet seen;
    for (const SentFrame& sent : frames_) merge(objects[sent.data_key], seen, sent.frame);
    for (const NodeId node : nodes) {
      CAPTURE(to_integer(node));
      TransferHost& host = t_.host(node);
      CHECK(host.clock() == seen);
      CHECK(host.home().passed(arc1).empty());
      for (unsigned key = 0; key < keys; ++key) {
        CAPTURE(key);
        const Object object = host.read(key).object;
        CHECK(dots_of(object.live) == dots_of(objects[key_of(key)].live));
        CHECK(object.rest.empty());
      }
    }
    CHECK(t_.a().content() == t_.j().content());
    CHECK(t_.a().content() == t_.b().content());
  }

 private:
  NodeId some_source() { return nodes[random_.below(2)]; }
  NodeId some_other(NodeId node) {
    while (true) {
      const NodeId other = nodes[random_.below(3)];
      if (other != node) return other;
    }
  }

  void write(TransferHost& host) {
    const auto key = static_cast<unsigned>(random_.below(keys));
    std::optional<DotSet> context;
    if (random_.below(3) == 0) {
      const LocalObject local = t_.host(nodes[random_.below(3)]).read(key);
      context = filled_context(local.object, local.seen);
    }
    frames_.push_back(random_.below(3) == 0
                          ? host.remove(key, context)
                          : host.put(key, std::to_string(frames_.size()), context));
  }

  void deliver(TransferHost& host) {
    REQUIRE(host.deliver(frames_[random_.below(frames_.size())]));
  }

  void crash(TransferHost& host) {
    if (random_.below(2) == 0) {
      host.kill();
    } else {
      host.power_loss(sim::random_crash_policy(random_));
    }
    host.start();
  }

  Transfer t_;
  SeededRandom random_;
  std::vector<SentFrame> frames_;
};

TEST_CASE("replicas between which an arc moves agree in the end, whatever happens", "[transfer]") {
  const bool one = std::getenv("OURO_SEED") != nullptr;
  const std::uint64_t first = number_from("OURO_SEED", 1);
  const std::uint64_t count = number_from("OURO_COUNT", one ? 1 : 150);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    Lives lives(seed);
    for (int i = 0; i < 60; ++i) lives.act();
    lives.heal();
    lives.verify();
  }
}

TEST_CASE("a large arc of small keys moves with little memory", "[transfer]") {
  constexpr unsigned many = 100'000;
  Transfer t(1, 4096);
  t.a().kill();
  t.a().memtable_bytes = 4 << 20;
  t.a().start();
  // Straight into the engine: one batch of what as many writes would have left.
  DotSet seen;
  for (unsigned first = 0; first < many; first += 10'000) {
    engine::Batch batch;
    for (unsigned key = first; key < first + 10'000; ++key) {
      const Dot dot{{source_b, 1}, key + 1};
      seen.add(dot);
      batch.put(data_table, key_of(key), encode_record(object({dot})));
      batch.put(changes_table, change_key(arc1, dot), key_of(key));
    }
    batch.put(clocks_table, clock_key(arc1), encode_clock(seen));
    REQUIRE(t.a().db().commit_sync(std::move(batch), engine::Durability::os));
  }
  t.a().kill();
  t.a().start();
  t.j().kill();
  t.j().memtable_bytes = 4 << 20;
  t.j().start();
  std::size_t largest = 0;
  t.a().on_answer = [&](Message& message) {
    largest = std::max(largest, message.meta.size() + message.attachment_size());
  };
  t.scheduler.run_for(2s);
  const Result<Pulled> pulled = t.j().pull(source_a);
  REQUIRE(pulled);
  CHECK(pulled->keys == many);
  CHECK(largest < 1 << 20);
  CHECK(t.a().content() == t.j().content());
}

}  // namespace
}  // namespace ouro::kv
