// States and commands for tests of the metadata.
#pragma once

#include "cluster/apply.hpp"
#include "cluster/plan_hash.hpp"
#include "cluster/state_check.hpp"
#include "cluster/state_codec.hpp"
#include "ring/placement.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ouro::cluster::testing {

inline Registration registration(std::uint64_t instance, Boot boot = 1) {
  return {instance, instance * 1000 + boot, boot, "10.0.0.1", 7070, 7170, Features{1, 2}};
}

inline Founding founding(std::uint32_t nodes, std::uint32_t arcs = 16) {
  Founding founding;
  founding.cluster = 7;
  founding.hash_seed = 8;
  founding.arcs = arcs;
  founding.origin = {"test", 1};
  for (std::uint32_t i = 1; i <= nodes; ++i) {
    Founder founder;
    founder.id = NodeId(i);
    founder.member.instance = 100 + i;
    founder.member.run = (100 + i) * 1000 + 1;
    founder.member.boot = 1;
    founder.member.name = "n" + std::to_string(i);
    founder.member.host = "10.0.0.1";
    founder.member.http_port = 7070;
    founder.member.peer_port = 7170;
    founder.member.features = {1, 2};
    founding.founders.push_back(founder);
  }
  return founding;
}

inline State founded(std::uint32_t nodes, std::uint32_t arcs = 16) {
  Result<State> state = found(founding(nodes, arcs));
  REQUIRE(state.has_value());
  return *std::move(state);
}

inline Command command(CommandBody body) { return {std::move(body), {"ann", 5}}; }

/// Applies what must succeed.
inline Applied done(State& state, CommandBody body) {
  const Result<Applied> applied = apply(state, command(std::move(body)));
  INFO((applied ? "" : applied.error().message));
  REQUIRE(applied.has_value());
  const std::vector<std::string> found = problems(state);
  INFO((found.empty() ? "" : found.front()));
  CHECK(found.empty());
  return *applied;
}

/// Applies what must be refused: the state must stay as it is to the byte.
inline Error refused(State& state, CommandBody body) {
  const std::string before = encode_state(state);
  const Result<Applied> applied = apply(state, command(std::move(body)));
  REQUIRE(applied.has_error());
  CHECK(encode_state(state) == before);
  CHECK(applied.error().message.size() > 10);
  return applied.error();
}

/// Applies what was carried out before.
inline void unchanged(State& state, CommandBody body) {
  const std::string before = encode_state(state);
  const Result<Applied> applied = apply(state, command(std::move(body)));
  REQUIRE(applied.has_value());
  CHECK_FALSE(applied->changed);
  CHECK(applied->epoch == state.epoch);
  CHECK(encode_state(state) == before);
}

inline Join join(std::uint64_t instance, std::string name, Seat seat = {}) {
  return {registration(instance), std::move(name), std::move(seat)};
}

/// The owners that ring::place() would deal afterwards: nearly all arcs move.
inline CommitPlan plan(const State& state) {
  std::vector<ring::Member> members;
  for (const auto& [node, seat] : seats_after(state))
    members.push_back({node, seat.zone, seat.weight});
  const ring::Ring ring = ring::place(1, state.arc_count(), std::move(members));
  std::vector<NodeId> owners(ring.owners().begin(), ring.owners().end());
  const std::uint64_t hash = plan_hash(state, owners);
  return {hash, std::move(owners)};
}

/// The arcs in a phase.
inline std::vector<ring::Arc> in_phase(const State& state, ArcPhase phase) {
  std::vector<ring::Arc> arcs;
  if (!state.change) return arcs;
  for (ring::Arc arc = 0; arc < state.change->arcs.size(); ++arc)
    if (state.change->arcs[arc].phase == phase) arcs.push_back(arc);
  return arcs;
}

/// Carries a change on as far as one round goes: starts, covers and finishes all that can be.
void carry_on(State& state);
/// Carries the running change to its end.
void carry_through(State& state);

}  // namespace ouro::cluster::testing
