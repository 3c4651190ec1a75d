// Random commands, sensible and not, in every order.
#include "base/random.hpp"
#include "cluster/arc_lists.hpp"
#include "cluster/command_codec.hpp"
#include "tests/cluster/state_fixture.hpp"

#include <algorithm>
#include <map>

namespace ouro::cluster {
namespace {

using namespace testing;

class Commands {
 public:
  explicit Commands(std::uint64_t seed) : random_(seed) {}

  SeededRandom& random() { return random_; }

  Command next(const State& state) {
    Command command{body(state), {"model", random_.below(1000)}};
    return command;
  }

 private:
  CommandBody body(const State& state) {
    const NodeId node = any_node(state);
    switch (random_.below(state.change ? 34 : 20)) {
      case 0:
      case 1:
        return Join{new_registration(), "n" + std::to_string(random_.below(14)), any_seat()};
      case 2:
        return any_register(state, node);
      case 3:
        return StageLeave{node};
      case 4:
      case 5:
        return StageReplace{node, any_node(state)};
      case 6:
        return StageWeight{node, static_cast<std::uint32_t>(random_.below(4))};
      case 7:
        return StageZone{node, any_zone()};
      case 8:
        return Unstage{node};
      case 9:
        return random_.one_in(3) ? CommandBody(ForgetLost{{node}, random_.one_in(2)})
                                 : CommandBody(SetDefaults{any_properties()});
      case 10:
        return SetBucket{any_bucket(), any_properties()};
      case 11:
        return DropBucket{any_bucket()};
      case 12:
        if (state.arc_count() < 32 && random_.one_in(4)) return DoubleArcs{2 * state.arc_count()};
        return SetFeatureLevel{static_cast<std::uint32_t>(random_.below(4))};
      case 13:
      case 14:
      case 15:
      case 16:
        return any_plan(state);
      case 17:
        return random_.one_in(2) ? CommandBody(StartArcs{change(state), any_arcs(state)})
                                 : CommandBody(FinishArcs{change(state), any_arcs(state)});
      case 18:
        return Abort{state.change && random_.one_in(2) ? state.change->id : random_.below(9)};
      case 19:
        return any_covered(state);
      default:
        return step(state);
    }
  }

  // What a driver would do next.
  CommandBody step(const State& state) {
    const auto pick = [&](std::vector<ring::Arc> arcs) {
      std::erase_if(arcs, [&](ring::Arc) { return random_.one_in(2); });
      return arcs;
    };
    switch (random_.below(4)) {
      case 0:
        return StartArcs{change(state), pick(in_phase(state, ArcPhase::before))};
      case 1:
        return FinishArcs{change(state), pick(in_phase(state, ArcPhase::read_new))};
      default:
        return any_covered(state);
    }
  }

  Epoch change(const State& state) { return state.change ? state.change->id : 0; }

  CommandBody any_covered(const State& state) {
    const std::vector<ring::Arc> moving = in_phase(state, ArcPhase::write_both);
    if (moving.empty() || random_.one_in(8))
      return Covered{change(state), random_.below(state.epoch + 2),
                     static_cast<ring::Arc>(random_.below(40)), any_node(state), 1};
    const ring::Arc arc = moving[random_.below(moving.size())];
    const std::vector<NodeId> waiting = uncovered(state, ArcLists(state), arc);
    return Covered{change(state), state.change->arcs[arc].session, arc,
                   waiting[random_.below(waiting.size())], random_.next()};
  }

  CommandBody any_plan(const State& state) {
    std::vector<NodeId> nodes;
    for (const auto& [node, seat] : seats_after(state)) nodes.push_back(node);
    CommitPlan plan{0, state.table.owners};
    for (NodeId& owner : plan.target)
      if (!nodes.empty() && (random_.one_in(3) || std::ranges::find(nodes, owner) == nodes.end()))
        owner = nodes[random_.below(nodes.size())];
    plan.hash = plan_hash(state, plan.target);
    if (random_.one_in(10)) plan.target[0] = any_node(state);
    return plan;
  }

  std::vector<ring::Arc> any_arcs(const State& state) {
    std::vector<ring::Arc> arcs;
    for (ring::Arc arc = 0; arc < state.arc_count() + 1; ++arc)
      if (random_.one_in(8)) arcs.push_back(arc);
    return arcs;
  }

  NodeId any_node(const State& state) {
    return NodeId(static_cast<std::uint32_t>(random_.below(to_integer(state.next_node) + 1)));
  }
  std::string any_zone() { return std::string(1, static_cast<char>('a' + random_.below(3))); }
  std::string any_bucket() { return "b" + std::to_string(random_.below(4)); }
  Seat any_seat() { return {any_zone(), static_cast<std::uint32_t>(1 + random_.below(3))}; }
  Registration new_registration() { return registration(1000 + random_.below(40)); }
  BucketProperties any_properties() {
    BucketProperties properties;
    properties.n = random_.one_in(2) ? 3 : static_cast<unsigned>(random_.below(9));
    properties.w = static_cast<unsigned>(random_.below(3));
    return properties;
  }
  CommandBody any_register(const State& state, NodeId node) {
    const Member* known = member(state, node);
    const std::uint64_t instance = known != nullptr ? known->instance : 1 + random_.below(50);
    const Boot boot = known != nullptr ? known->boot : 1;
    return Register{node, registration(instance, boot + static_cast<Boot>(random_.below(3)))};
  }

  SeededRandom random_;
};

// Carries what runs forward to its end. Nodes that cannot be told apart from dead ones are not
// asked.
void end_change(State state) {
  if (!state.change) return;
  const bool aborting = state.change->aborting;
  const std::map<NodeId, Seat> seats = state.change->target.seats;
  carry_through(state);
  CHECK(state.table.seats == seats);
  CHECK((!aborting || !state.staged.empty() || state.staged_at == state.epoch));
}

struct Tally {
  std::map<std::string, int> carried_out;
  std::map<std::string, int> refused;
};

void run(std::uint64_t seed, int steps, Tally& tally) {
  CAPTURE(seed);
  Commands commands(seed);
  State state = founded(static_cast<std::uint32_t>(1 + commands.random().below(4)), 8);
  State replica = state;
  for (int i = 0; i < steps; ++i) {
    CAPTURE(i);
    const Command command = commands.next(state);
    const std::string kind(name(command));
    CAPTURE(kind);
    const std::string before = encode_state(state);
    const Result<Applied> applied = apply(state, command);

    // The replica sees the log's bytes, and starts from a snapshot now and then.
    const Result<Command> logged = decode_command(encode_command(command));
    REQUIRE(logged.has_value());
    const Result<Applied> again = apply(replica, *logged);
    REQUIRE(again.has_value() == applied.has_value());
    const std::string after = encode_state(state);
    REQUIRE(encode_state(replica) == after);
    if (commands.random().one_in(16)) {
      Result<State> restored = decode_state(after);
      REQUIRE(restored.has_value());
      replica = *std::move(restored);
    }

    const bool changed = applied && applied->changed;
    ++(changed ? tally.carried_out : tally.refused)[kind];
    if (!changed) REQUIRE(after == before);
    const std::vector<std::string> found = problems(state);
    INFO((found.empty() ? "" : found.front()));
    REQUIRE(found.empty());
    if (state.change && commands.random().one_in(24)) {
      end_change(state);
      State turned = state;
      done(turned, Abort{turned.change->id});
      end_change(turned);
    }
  }
}

TEST_CASE("no order of commands makes a state that contradicts itself") {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) run(seed, 300, tally);
  // Every kind was both carried out and refused, or the model is blind.
  for (const char* kind :
       {"join", "register", "stage_leave", "stage_replace", "stage_weight", "stage_zone", "unstage",
        "commit_plan", "start_arcs", "covered", "finish_arcs", "abort", "forget_lost", "set_bucket",
        "drop_bucket", "set_defaults", "double_arcs", "set_feature_level"}) {
    CAPTURE(kind);
    CHECK(tally.carried_out[kind] > 0);
    if (std::string(kind) != "double_arcs") CHECK(tally.refused[kind] > 0);
  }
}

}  // namespace
}  // namespace ouro::cluster
