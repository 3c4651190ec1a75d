#include "cluster/view.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fixed_metadata.hpp"

namespace ouro::cluster {
namespace {

Settings three_nodes() {
  Settings settings;
  settings.cluster = 1;
  for (std::uint32_t i = 1; i <= 3; ++i)
    settings.nodes.push_back({NodeId(i), "n" + std::to_string(i), "127.0.0.1", 1, 2, "", 1});
  return settings;
}

TEST_CASE("a view finds its nodes by id and by name") {
  const View view = first_view(three_nodes());
  CHECK(view.node(NodeId(2))->name == "n2");
  CHECK(view.node_named("n3")->id == NodeId(3));
  CHECK(view.node(NodeId(9)) == nullptr);
  CHECK(view.node_named("n9") == nullptr);
  CHECK(view.epoch() == 1);
}

std::vector<NodeId> list(std::span<const NodeId> nodes) { return {nodes.begin(), nodes.end()}; }

TEST_CASE("replicas are the ring's preference list, for every n that a bucket has") {
  const View view = first_view(three_nodes());
  for (ring::Arc arc = 0; arc < 256; ++arc) {
    const Replicas replicas = view.replicas(arc, 3);
    CHECK(list(replicas.reads) == view.ring().preference_list(arc, 3));
    CHECK(list(replicas.writes) == list(replicas.reads));
    CHECK(replicas.joint.empty());
  }
  CHECK(view.replicas(0, 2).writes.empty());
}

/// Nodes 1 and 2 own two arcs each; node 3 takes arc 1 over. n is 2.
View moving(ArcPhase phase) {
  std::vector<ring::Member> members{{NodeId(1), "", 1}, {NodeId(2), "", 1}, {NodeId(3), "", 1}};
  std::vector<NodeId> owners{NodeId(1), NodeId(2), NodeId(1), NodeId(2)};
  std::vector<NodeId> target{NodeId(1), NodeId(3), NodeId(1), NodeId(2)};
  ViewParts parts{1, 0, ring::Ring(7, owners, members), {}, {}};
  parts.defaults.n = 2;
  parts.target.emplace(7, target, members);
  parts.phases.assign(4, phase);
  parts.changed_at = {0, 5, 0, 0};
  return View(std::move(parts));
}

TEST_CASE("while an arc moves, reads ask one list and writes need both") {
  const std::vector<NodeId> before{NodeId(1), NodeId(2)}, after{NodeId(1), NodeId(3)};
  struct Case {
    ArcPhase phase;
    std::vector<NodeId> reads, joint;
  };
  for (const Case& expected :
       {Case{ArcPhase::before, before, {}}, Case{ArcPhase::write_both, before, after},
        Case{ArcPhase::read_new, after, before}, Case{ArcPhase::after, after, {}}}) {
    const View view = moving(expected.phase);
    CAPTURE(static_cast<int>(expected.phase));
    const Replicas replicas = view.replicas(0, 2);
    CHECK(list(replicas.reads) == expected.reads);
    CHECK(list(replicas.writes) == expected.reads);
    CHECK(list(replicas.joint) == expected.joint);
    CHECK(replicas.contains(NodeId(3)) == (expected.phase != ArcPhase::before));
    CHECK(replicas.contains(NodeId(2)) == (expected.phase != ArcPhase::after));
  }
}

TEST_CASE("an arc whose list stays the same is never joint") {
  const View view = moving(ArcPhase::write_both);
  CHECK(list(view.replicas(3, 2).writes) == std::vector<NodeId>{NodeId(2), NodeId(1)});
  CHECK(view.replicas(3, 2).joint.empty());
}

TEST_CASE("a view tells when an arc changed last") {
  CHECK(moving(ArcPhase::write_both).changed_at(1) == 5);
  CHECK(first_view(three_nodes()).changed_at(1) == 1);
}

}  // namespace
}  // namespace ouro::cluster
