// What a plan says of a change before it is committed.
#include "cluster/topology_plan.hpp"
#include "cluster/arc_lists.hpp"
#include "cluster/state_view.hpp"
#include "tests/cluster/state_fixture.hpp"

#include <algorithm>

namespace ouro::cluster {
namespace {

using namespace testing;

TopologyPlan planned(const State& state, const PlanKnowledge& knowledge = {}) {
  const Result<TopologyPlan> plan = plan_change(state, knowledge);
  INFO((plan ? "" : plan.error().message));
  REQUIRE(plan.has_value());
  return *plan;
}

bool warns(const TopologyPlan& plan, std::string_view of) {
  return std::ranges::any_of(plan.warnings, [of](const std::string& warning) {
    return warning.find(of) != std::string::npos;
  });
}

State zones(std::uint32_t nodes) {
  Founding founding = testing::founding(nodes, 64);
  for (std::uint32_t i = 0; i < nodes; ++i)
    founding.founders[i].seat.zone = std::string(1, static_cast<char>('a' + i % 3));
  return *found(founding);
}

TEST_CASE("a plan can be committed, and does what it says") {
  State state = founded(4, 64);
  done(state, join(9, "n9"));
  done(state, StageLeave{NodeId(2)});
  const TopologyPlan plan = planned(state);
  CHECK(plan.warnings.empty());
  done(state, commit_of(plan));
  const ArcLists lists(state);
  std::vector<ring::Arc> arcs;
  for (const PlannedArc& arc : plan.arcs) {
    arcs.push_back(arc.arc);
    CHECK(arc.receivers == lists.receivers(arc.arc));
    CHECK(arc.outgoing == lists.outgoing(arc.arc));
  }
  CHECK(arcs == lists.changing());
  carry_through(state);
  for (const PlannedNode& node : plan.nodes)
    CHECK(std::ranges::count(state.table.owners, node.node) ==
          static_cast<std::ptrdiff_t>(node.after.arcs));
  CHECK(plan.nodes.size() == 5);
}

TEST_CASE("bytes of links and nodes add up to those of the arcs") {
  State state = zones(6);
  done(state, join(9, "n9", {"a", 1}));
  PlanKnowledge knowledge;
  for (std::uint64_t arc = 0; arc < 64; ++arc) knowledge.sizes[3].push_back(1000 + arc);
  const TopologyPlan plan = planned(state, knowledge);
  std::uint64_t links = 0;
  std::uint32_t replicas = 0;
  for (const PlannedLink& link : plan.links) {
    links += link.bytes;
    replicas += link.replicas;
    CHECK(link.from != link.to);
  }
  std::uint64_t arcs = 0;
  for (const PlannedArc& arc : plan.arcs) arcs += arc.bytes;
  CHECK(plan.bytes > 0);
  CHECK(links == plan.bytes);
  CHECK(arcs == plan.bytes);
  CHECK(replicas == plan.replicas);
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  for (const PlannedNode& node : plan.nodes) {
    before += node.before.bytes;
    after += node.after.bytes;
  }
  CHECK(before == after);  // as many replicas of everything as before
}

TEST_CASE("a replacement takes exactly what the other had") {
  State state = founded(4, 64);
  done(state, join(9, "n9"));
  done(state, StageReplace{NodeId(2), NodeId(5)});
  const TopologyPlan plan = planned(state);
  for (ring::Arc arc = 0; arc < 64; ++arc) {
    const NodeId old = state.table.owners[arc];
    CHECK(plan.target[arc] == (old == NodeId(2) ? NodeId(5) : old));
  }
}

TEST_CASE("receivers read from their own zone, and from nobody who is away, where they can") {
  State state = zones(6);
  done(state, join(9, "n9", {"a", 1}));
  done(state, StageLeave{NodeId(1)});
  const TopologyPlan plan = planned(state);
  const PlanKnowledge knowledge{{}, {NodeId(4)}};
  const TopologyPlan without = planned(state, knowledge);
  CHECK(without.hash == plan.hash);
  CHECK(std::ranges::any_of(plan.links, [](const PlannedLink& link) {
    return link.to == NodeId(7) && (link.from == NodeId(1) || link.from == NodeId(4));
  }));
  CHECK(std::ranges::none_of(without.links,
                             [](const PlannedLink& link) { return link.from == NodeId(4); }));
}

TEST_CASE("a plan says which quorums survive") {
  State state = founded(3);
  done(state, join(9, "n9"));
  const TopologyPlan plan = planned(state);
  REQUIRE(plan.quorums.size() == 1);
  CHECK(plan.quorums[0].writes_before == 1);
  CHECK(plan.quorums[0].writes_during == 1);
  const TopologyPlan one_away = planned(state, PlanKnowledge{{}, {NodeId(3)}});
  CHECK(one_away.quorums[0].writes_during == 0);
  const TopologyPlan two_away = planned(state, PlanKnowledge{{}, {NodeId(2), NodeId(3)}});
  CHECK(two_away.quorums[0].writes_before == -1);
  CHECK(warns(two_away, "fail already"));
  CHECK(warns(two_away, "half of their owners do not answer"));
}

TEST_CASE("a plan warns of short lists, of one zone for all, and of nodes that are away") {
  State state = founded(3);
  done(state, StageLeave{NodeId(3)});
  CHECK(warns(planned(state), "2 replicas only"));
  done(state, Unstage{NodeId(3)});

  done(state, join(9, "n9"));
  CHECK(warns(planned(state, PlanKnowledge{{}, {NodeId(4)}}), "is to join"));
  CHECK(warns(planned(state, PlanKnowledge{{}, {NodeId(1)}}), "n1 (node 1) does not answer"));
  CHECK_FALSE(warns(planned(state), "zone"));

  // n4 has another zone and no arc of its own.
  done(state, StageZone{NodeId(4), "far"});
  std::vector<NodeId> owners = state.table.owners;
  const TopologyPlan alone = explain_plan(state, owners, {});
  CHECK(warns(alone, "one zone will hold all replicas of 16 arcs"));
}

TEST_CASE("there is no plan while a change runs, without wishes, or with a node given up") {
  State state = founded(4);
  CHECK(plan_change(state, {}).error().code == ErrorCode::invalid_argument);
  done(state, join(9, "n9"));
  done(state, ForgetLost{{NodeId(1)}, false});
  CHECK(plan_change(state, {}).error().code == ErrorCode::denied);
  done(state, StageReplace{NodeId(1), NodeId(5)});
  done(state, commit_of(planned(state)));
  CHECK(plan_change(state, {}).error().code == ErrorCode::busy);

  State small = founded(2, 2);
  done(small, join(9, "n9"));
  CHECK(plan_change(small, {}).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("a plan's name is sixteen digits, and read back") {
  CHECK(plan_hash_text(0x0123456789abcdef) == "0123456789abcdef");
  CHECK(parse_plan_hash("0123456789abcdef") == 0x0123456789abcdef);
  CHECK_FALSE(parse_plan_hash("0123456789abcde").has_value());
  CHECK_FALSE(parse_plan_hash("0123456789abcdeg").has_value());
  CHECK_FALSE(parse_plan_hash("").has_value());
}

TEST_CASE("the view of a state has its lists, phases, buckets and all its members") {
  State state = founded(4);
  done(state, join(9, "n9", {"z", 2}));
  BucketProperties two;
  two.n = 2;
  done(state, SetBucket{"two", two});
  CHECK(view_of(state).node(NodeId(5))->zone == "z");
  CHECK_FALSE(view_of(state).target().has_value());
  done(state, plan(state));
  done(state, StartArcs{state.change->id, in_phase(state, ArcPhase::before)});
  const View view = view_of(state);
  const ArcLists lists(state);
  CHECK(view.epoch() == state.epoch);
  CHECK(view.nodes().size() == 5);
  CHECK(view.bucket("two").generation == 2);
  CHECK(view.defaults().n == 3);
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
    CHECK(view.phase(arc) == state.change->arcs[arc].phase);
    CHECK(view.changed_at(arc) == state.changed_at[arc]);
    for (const unsigned n : {2u, 3u})
      CHECK(std::ranges::equal(view.replicas(arc, n).reads, lists.lists(arc, n).reads()));
  }
}

}  // namespace
}  // namespace ouro::cluster
