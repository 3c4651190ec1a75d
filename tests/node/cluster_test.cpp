// What a cluster does for its clients, one truth at a time. The storms are in cluster_sim_test.cpp.
#include "sim/run.hpp"
#include "tests/node/sim_cluster.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr NodeId n1{1}, n2{2}, n3{3};

/// Blocking verbs over a simulated cluster of three.
struct Three {
  SimCluster cluster{1};

  kv::Outcome<kv::Written> put(NodeId at, const std::string& key, const std::string& value) {
    auto task = cluster.put(at, {"b", key}, value, std::nullopt, 2s);
    return **sim::run(cluster.scheduler(), sim::outside, std::move(task), 10s);
  }
  kv::Outcome<kv::Found> get(NodeId at, const std::string& key, std::optional<unsigned> r = {}) {
    auto task = cluster.get(at, {"b", key}, r, 2s);
    return **sim::run(cluster.scheduler(), sim::outside, std::move(task), 10s);
  }
  std::string value(NodeId at, const std::string& key, std::optional<unsigned> r = {}) {
    const kv::Outcome<kv::Found> found = get(at, key, r);
    if (!found) return "failed: " + found.error().detail;
    return found->values.size() == 1 ? std::string(found->values[0].value.view()) : "none or many";
  }
  void settle() { cluster.scheduler().run_for(3s); }
};

TEST_CASE("a value written through one node is read through any other") {
  Three three;
  REQUIRE(three.put(n1, "k", "v").has_value());
  for (const NodeId node : {n1, n2, n3}) CHECK(three.value(node, "k") == "v");
}

TEST_CASE("with one node dead all keys are read and written through the others") {
  Three three;
  for (int i = 0; i < 30; ++i) REQUIRE(three.put(n1, "k" + std::to_string(i), "old").has_value());
  three.cluster.kill(n2);
  three.settle();
  for (int i = 0; i < 30; ++i) {
    CHECK(three.value(n3, "k" + std::to_string(i)) == "old");
    CHECK(three.put(n1, "k" + std::to_string(i), "new").has_value());
    CHECK(three.value(n3, "k" + std::to_string(i)) == "new");
  }
}

// Each read once asked the third replica as well and threw its answer away, so that a replica
// beyond R was never repaired.
TEST_CASE("reads through any node repair one that was away") {
  Three three;
  for (int i = 0; i < 30; ++i) REQUIRE(three.put(n1, "k" + std::to_string(i), "old").has_value());
  three.cluster.kill(n2);
  three.settle();
  for (int i = 0; i < 30; ++i) REQUIRE(three.put(n1, "k" + std::to_string(i), "new").has_value());
  three.cluster.start(n2);
  three.settle();
  CHECK(three.value(n2, "k0", 1) == "old");
  for (int i = 0; i < 30; ++i)
    REQUIRE(three.value(i % 2 == 0 ? n1 : n3, "k" + std::to_string(i)) == "new");
  three.settle();
  for (int i = 0; i < 30; ++i) CHECK(three.value(n2, "k" + std::to_string(i), 1) == "new");
}

TEST_CASE("a write that too few replicas can take is refused and leaves no trace") {
  Three three;
  three.cluster.kill(n2);
  three.cluster.kill(n3);
  three.settle();
  const auto refused = three.put(n1, "k", "v");
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == kv::FailureCode::quorum_not_met);
  CHECK_FALSE(refused.error().indeterminate);
  three.cluster.start(n2);
  three.cluster.start(n3);
  three.settle();
  CHECK(three.get(n1, "k")->values.empty());
}

TEST_CASE("what was acknowledged is there after all nodes lost power at once") {
  Three three;
  for (int i = 0; i < 30; ++i) REQUIRE(three.put(n1, "k" + std::to_string(i), "v").has_value());
  for (const NodeId node : {n1, n2, n3}) three.cluster.power_loss(node, {});
  for (const NodeId node : {n1, n2, n3}) three.cluster.start(node);
  three.settle();
  for (int i = 0; i < 30; ++i) CHECK(three.value(n2, "k" + std::to_string(i)) == "v");
}

}  // namespace
}  // namespace ouro::node
