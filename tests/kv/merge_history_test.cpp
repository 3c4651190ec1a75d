// Random histories of writes, frames and exchanges against a plain account of who covered what.
#include "kv/merge.hpp"
#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <set>

namespace ouro::kv {
namespace {

constexpr int key_count = 2;

/// Three owners, their clients, a network that keeps every frame, and what ought to be true.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {
    for (const NodeId node : {n0, n1, n2}) replicas_.emplace_back(node);
  }

  void step() {
    switch (random_.below(6)) {
      case 0:
      case 1:
        return write(any());
      case 2:
        return read(any());
      case 3:
      case 4:
        if (!network_.empty()) any().deliver(network_[random_.below(network_.size())]);
        return;
      default:
        return exchange(any(), any());
    }
  }

  /// Live are exactly the puts that no later write covered, whoever is asked.
  std::vector<Dot> expected(int key) const {
    std::vector<Dot> dots;
    for (const auto& [dot, write] : writes_)
      if (write.key == key && write.puts && !covered_[key].contains(dot)) dots.push_back(dot);
    return dots;
  }

  void deliver_all(Replica& replica) {
    std::vector<SentMessage> frames = network_;
    for (std::size_t i = frames.size(); i > 1; --i) {
      const std::size_t other = random_.below(i);
      std::swap(frames[i - 1], frames[other]);
    }
    for (const SentMessage& message : frames) {
      replica.deliver(message);
      if (random_.one_in(3)) replica.deliver(frames[random_.below(frames.size())]);
    }
    replica.settle_all();
  }

  std::vector<Replica>& replicas() { return replicas_; }
  std::vector<SentMessage>& network() { return network_; }
  Random& random() { return random_; }

 private:
  struct Write {
    int key = 0;
    bool puts = false;
  };

  Replica& any() { return replicas_[random_.below(replicas_.size())]; }

  void write(Replica& replica) {
    const int key = static_cast<int>(random_.below(key_count));
    std::optional<DotSet> context;
    if (random_.one_in(2)) context = contexts_[key];
    covered_[key].add(context ? *context : live_dots(replica.object(key)));
    const bool puts = !random_.one_in(3);
    const SentMessage message = puts ? replica.put(key, context) : replica.remove(key, context);
    writes_[message.frame.names[0]] = {key, puts};
    network_.push_back(message);
  }

  void read(const Replica& replica) {
    const int key = static_cast<int>(random_.below(key_count));
    contexts_[key] = replica.context(key);
    if (random_.one_in(2)) network_.push_back(replica.answer(key, {}));  // as a repair
  }

  void exchange(const Replica& from, Replica& to) {
    const DotSet lacking = from.seen().difference(to.seen());
    for (int key = 0; key < key_count; ++key) {
      std::vector<Dot> names;
      for (const auto& [dot, write] : writes_)
        if (write.key == key && lacking.contains(dot)) names.push_back(dot);
      if (!names.empty() && !random_.one_in(4)) network_.push_back(from.answer(key, names));
      if (!names.empty() && random_.one_in(2)) to.deliver(network_.back());
    }
  }

  SeededRandom random_;
  std::vector<Replica> replicas_;
  std::vector<SentMessage> network_;
  std::map<Dot, Write> writes_;
  DotSet covered_[key_count];
  DotSet contexts_[key_count];
};

bool same(const Replica& a, const Replica& b) {
  for (int key = 0; key < key_count; ++key)
    if (a.live(key) != b.live(key) || a.object(key).rest != b.object(key).rest) return false;
  return a.seen() == b.seen();
}

TEST_CASE("replicas that got all frames hold exactly what no write replaced") {
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (std::uint64_t steps = history.random().below(60); steps > 0; --steps) history.step();
    for (Replica& replica : history.replicas()) {
      history.deliver_all(replica);
      for (int key = 0; key < key_count; ++key) {
        CAPTURE(key);
        REQUIRE(replica.live(key) == history.expected(key));
        REQUIRE(replica.object(key).rest.empty());
      }
    }
    REQUIRE(same(history.replicas()[0], history.replicas()[1]));
    REQUIRE(same(history.replicas()[0], history.replicas()[2]));
  }
}

TEST_CASE("frames that come again change nothing") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 30; ++i) history.step();
    Replica& replica = history.replicas()[0];
    history.deliver_all(replica);
    for (const SentMessage& message : history.network()) {
      const Change change = replica.deliver(message);
      REQUIRE_FALSE(change.object_changed);
      REQUIRE(change.learned.empty());
      REQUIRE(change.discarded == 0);
    }
  }
}

TEST_CASE("whoever got the same frames agrees, in whatever order they came") {
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 40; ++i) history.step();
    std::erase_if(history.network(),
                  [&](const SentMessage&) { return history.random().one_in(3); });
    Replica one(NodeId{50}), two(NodeId{51});
    history.deliver_all(one);
    history.deliver_all(two);
    REQUIRE(same(one, two));
  }
}

TEST_CASE("no step ever brings back what a replica has seen die") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    History history(seed);
    for (int i = 0; i < 50; ++i) {
      std::vector<DotSet> dead;
      for (const Replica& replica : history.replicas())
        for (int key = 0; key < key_count; ++key) {
          DotSet known = replica.context(key);
          known.subtract(live_dots(replica.object(key)));
          dead.push_back(known);
        }
      history.step();
      auto before = dead.begin();
      for (const Replica& replica : history.replicas())
        for (int key = 0; key < key_count; ++key, ++before)
          REQUIRE_FALSE(before->intersects(live_dots(replica.object(key))));
    }
  }
}

}  // namespace
}  // namespace ouro::kv
