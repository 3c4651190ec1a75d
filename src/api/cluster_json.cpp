#include "api/cluster_json.hpp"

#include "api/json_parts.hpp"
#include "api/text.hpp"
#include "cluster/arc_lists.hpp"
#include "cluster/plan_hash.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace ouro::api {
namespace {

using cluster::ArcPhase;
using cluster::State;

constexpr std::size_t audit_shown = 30;
constexpr std::uint64_t default_bytes_per_second = std::uint64_t{32} << 20;

std::string wall_of(const ClusterLook& look, Instant at) {
  const auto ago = std::chrono::duration_cast<std::chrono::microseconds>(look.now - at).count();
  return rfc3339(look.wall - static_cast<WallTime>(ago));
}

std::string_view word(cluster::swim::State state) {
  switch (state) {
    case cluster::swim::State::alive:
      return "alive";
    case cluster::swim::State::suspect:
      return "suspect";
    case cluster::swim::State::dead:
      break;
  }
  return "dead";
}

std::string_view word(raft::Role role) {
  switch (role) {
    case raft::Role::follower:
      return "follower";
    case raft::Role::pre_candidate:
    case raft::Role::candidate:
      return "candidate";
    case raft::Role::leader:
      break;
  }
  return "leader";
}

std::string_view word(ArcPhase phase) { return phase_name(phase); }

/// As this node sees it; of itself it knows best.
Json liveness(const ClusterLook& look, NodeId node) {
  if (node == look.self)
    return {{"state", "alive"},
            {"degraded", look.liveness->local_health > 0},
            {"since", nullptr},
            {"round_trip_us", nullptr},
            {"epoch", look.state->epoch}};
  const cluster::MemberLiveness* const seen = look.liveness->find(node);
  if (seen == nullptr) return nullptr;
  Json round_trip;
  if (seen->round_trip_median.count() > 0)
    round_trip =
        std::chrono::duration_cast<std::chrono::microseconds>(seen->round_trip_median).count();
  return {{"state", word(seen->state)},
          {"degraded", seen->degraded()},
          {"since", wall_of(look, seen->since)},
          {"round_trip_us", std::move(round_trip)},
          {"epoch", seen->epoch}};
}

Json member_entry(const ClusterLook& look, NodeId id, const Reachable& reachable) {
  const State& state = *look.state;
  const cluster::Member& member = state.members.at(id);
  const cluster::Seat& seat = *cluster::seat(state, id);
  const auto status = cluster::status(state, id);
  return {{"id", to_integer(id)},
          {"name", member.name},
          {"http", "http://" + address_text(member.host, member.http_port)},
          {"peer", address_text(member.host, member.peer_port)},
          {"zone", seat.zone},
          {"weight", seat.weight},
          {"status", status ? cluster::name(*status) : ""},
          {"lost", member.lost},
          {"boot", member.boot},
          {"reachable", reachable(id)},
          {"liveness", liveness(look, id)}};
}

Json node_name(const State& state, NodeId node) {
  const cluster::Member* const found = cluster::member(state, node);
  if (found != nullptr) return found->name;
  const auto removed = state.removed.find(node);
  if (removed != state.removed.end()) return removed->second.name;
  return nullptr;
}

template <class Nodes>
Json node_names(const State& state, const Nodes& nodes) {
  Json names = Json::array();
  for (const NodeId node : nodes) names.push_back(node_name(state, node));
  return names;
}

std::string_view word(cluster::ActionKind kind) {
  switch (kind) {
    case cluster::ActionKind::join:
      return "join";
    case cluster::ActionKind::replace:
      return "replace";
    case cluster::ActionKind::leave:
      return "leave";
    case cluster::ActionKind::adjust:
      break;
  }
  return "adjust";
}

Json actions_entry(const State& state, const cluster::Actions& actions) {
  Json list = Json::array();
  for (const auto& [node, action] : actions) {
    Json entry{{"action", word(action.kind)}, {"node", node_name(state, node)}};
    if (action.kind == cluster::ActionKind::replace)
      entry["replaces"] = node_name(state, action.replaces);
    if (action.kind != cluster::ActionKind::leave) {
      entry["zone"] = action.seat.zone;
      entry["weight"] = action.seat.weight;
    }
    entry["who"] = action.origin.who;
    entry["at"] = rfc3339(action.origin.wall_us);
    list.push_back(std::move(entry));
  }
  return list;
}

Json group_entry(const ClusterLook& look) {
  const raft::GroupStatus& group = look.group;
  Json followers = Json::array();
  for (const raft::FollowerStatus& follower : group.followers)
    followers.push_back({{"node", node_name(*look.state, follower.node)},
                         {"match", follower.match},
                         {"active", follower.recently_active}});
  return {{"leader", node_name(*look.state, group.leader)},
          {"role", word(group.role)},
          {"term", group.term},
          {"voters", node_names(*look.state, group.configuration.voters)},
          {"outgoing", node_names(*look.state, group.configuration.outgoing)},
          {"learners", node_names(*look.state, group.configuration.learners)},
          {"commit", group.commit},
          {"applied", group.applied},
          {"last", group.last},
          {"followers", std::move(followers)},
          {"problem", group.problem}};
}

/// What each node owes to the arcs that are under way: their data, or word that it has applied the
/// epoch at which an arc left it.
struct Owed {
  std::size_t data = 0;
  std::size_t word = 0;
};

std::map<NodeId, Owed> owed(const ClusterLook& look, const cluster::ArcLists& lists) {
  const State& state = *look.state;
  std::map<NodeId, Owed> owed;
  for (const ring::Arc arc : lists.changing()) {
    const ArcPhase phase = state.change->arcs[arc].phase;
    if (phase == ArcPhase::write_both)
      for (const NodeId node : cluster::uncovered(state, lists, arc)) ++owed[node].data;
    if (phase != ArcPhase::read_new) continue;
    for (const NodeId node : lists.outgoing(arc)) {
      const cluster::MemberLiveness* const seen = look.liveness->find(node);
      const cluster::Member* const member = cluster::member(state, node);
      if (node == look.self || member == nullptr || member->lost) continue;
      if (seen == nullptr || seen->epoch < state.changed_at[arc]) ++owed[node].word;
    }
  }
  return owed;
}

Json waits_entry(const ClusterLook& look, const cluster::ArcLists& lists) {
  Json list = Json::array();
  for (const auto& [node, owes] : owed(look, lists)) {
    const cluster::MemberLiveness* const seen = look.liveness->find(node);
    const std::string_view state = seen != nullptr ? word(seen->state) : "alive";
    const Json name = node_name(*look.state, node);
    if (owes.data > 0)
      list.push_back({{"node", name}, {"for", "data"}, {"arcs", owes.data}, {"state", state}});
    if (owes.word > 0)
      list.push_back({{"node", name}, {"for", "epoch"}, {"arcs", owes.word}, {"state", state}});
  }
  return list;
}

Json change_entry(const ClusterLook& look) {
  if (!look.state->change) return nullptr;
  const State& state = *look.state;
  const cluster::Change& change = *state.change;
  const cluster::ArcLists lists(state);
  const cluster::Progress progress = cluster::progress(state, lists);
  return {{"id", change.id},
          {"began", change.began},
          {"plan", cluster::plan_hash_text(change.plan)},
          {"aborting", change.aborting},
          {"who", change.origin.who},
          {"at", rfc3339(change.origin.wall_us)},
          {"actions", actions_entry(state, change.actions)},
          {"arcs", progress.before + progress.write_both + progress.read_new + progress.after},
          {"phases",
           {{"before", progress.before},
            {"write_both", progress.write_both},
            {"read_new", progress.read_new},
            {"after", progress.after}}},
          {"waits_for", waits_entry(look, lists)}};
}

Json audit_entry(const State& state) {
  Json list = Json::array();
  const std::size_t skipped = state.audit.size() - std::min(state.audit.size(), audit_shown);
  for (std::size_t i = skipped; i < state.audit.size(); ++i) {
    const cluster::AuditEntry& entry = state.audit[i];
    list.push_back({{"epoch", entry.epoch},
                    {"what", entry.what},
                    {"who", entry.origin.who},
                    {"at", rfc3339(entry.origin.wall_us)}});
  }
  return list;
}

/// Sizes are measured or nothing: a plan with moves and no bytes was made without them.
Json bytes_entry(const cluster::TopologyPlan& plan, std::uint64_t bytes) {
  if (plan.bytes == 0 && plan.replicas > 0) return nullptr;
  return bytes;
}

/// As long as the busiest receiver takes, at the rate that nodes are paced to by default.
Json seconds_entry(const cluster::TopologyPlan& plan) {
  if (plan.bytes == 0) return nullptr;
  std::map<NodeId, std::uint64_t> received;
  for (const cluster::PlannedLink& link : plan.links) received[link.to] += link.bytes;
  std::uint64_t most = 0;
  for (const auto& [node, bytes] : received) most = std::max(most, bytes);
  return most / default_bytes_per_second + 1;
}

Json share_entry(const cluster::TopologyPlan& plan, const cluster::NodeShare& share) {
  return {{"arcs", share.arcs},
          {"replicas", share.replicas},
          {"bytes", bytes_entry(plan, share.bytes)}};
}

Json quorum_entry(const cluster::PlannedQuorum& quorum) {
  return {{"n", quorum.n},
          {"reads_before", quorum.reads_before},
          {"writes_before", quorum.writes_before},
          {"reads_during", quorum.reads_during},
          {"writes_during", quorum.writes_during}};
}

Json nodes_entry(const State& state, const cluster::TopologyPlan& plan) {
  Json list = Json::array();
  for (const cluster::PlannedNode& node : plan.nodes)
    list.push_back({{"node", node_name(state, node.node)},
                    {"before", share_entry(plan, node.before)},
                    {"after", share_entry(plan, node.after)}});
  return list;
}

Json moves_entry(const State& state, const cluster::TopologyPlan& plan) {
  Json list = Json::array();
  for (const cluster::PlannedArc& arc : plan.arcs)
    list.push_back({{"arc", arc.arc},
                    {"to", node_names(state, arc.receivers)},
                    {"from", node_names(state, arc.outgoing)},
                    {"bytes", bytes_entry(plan, arc.bytes)}});
  return list;
}

Json links_entry(const State& state, const cluster::TopologyPlan& plan) {
  Json list = Json::array();
  for (const cluster::PlannedLink& link : plan.links)
    list.push_back({{"from", node_name(state, link.from)},
                    {"to", node_name(state, link.to)},
                    {"replicas", link.replicas},
                    {"bytes", bytes_entry(plan, link.bytes)}});
  return list;
}

Json under_way_entry(const ClusterLook& look) {
  Json list = Json::array();
  if (!look.state->change) return list;
  const State& state = *look.state;
  const cluster::ArcLists lists(state);
  for (const ring::Arc arc : lists.changing()) {
    const cluster::ArcMove& move = state.change->arcs[arc];
    if (move.phase != ArcPhase::write_both && move.phase != ArcPhase::read_new) continue;
    list.push_back({{"arc", arc},
                    {"phase", word(move.phase)},
                    {"session", move.session},
                    {"to", node_names(state, lists.receivers(arc))},
                    {"from", node_names(state, lists.outgoing(arc))},
                    {"missing", node_names(state, cluster::uncovered(state, lists, arc))}});
  }
  return list;
}

}  // namespace

std::string cluster_json(const ClusterLook& look, const Reachable& reachable) {
  const State& state = *look.state;
  Json members = Json::array();
  for (const auto& [id, member] : state.members)
    members.push_back(member_entry(look, id, reachable));
  Json removed = Json::array();
  for (const auto& [id, gone] : state.removed)
    removed.push_back({{"id", to_integer(id)}, {"name", gone.name}, {"epoch", gone.removed}});
  return dump_json(Json{{"cluster", hex16(state.cluster)},
                        {"epoch", state.epoch},
                        {"as_of", rfc3339(look.wall)},
                        {"self", node_name(state, look.self)},
                        {"feature_level", state.feature_level},
                        {"members", std::move(members)},
                        {"removed", std::move(removed)},
                        {"metadata", group_entry(look)},
                        {"staged", actions_entry(state, state.staged)},
                        {"change", change_entry(look)},
                        {"audit", audit_entry(state)}});
}

std::string plan_json(const State& state, const cluster::TopologyPlan& plan) {
  Json quorums = Json::array();
  for (const cluster::PlannedQuorum& quorum : plan.quorums) quorums.push_back(quorum_entry(quorum));
  return dump_json(Json{{"hash", cluster::plan_hash_text(plan.hash)},
                        {"epoch", plan.epoch},
                        {"actions", actions_entry(state, plan.actions)},
                        {"arcs", plan.arcs.size()},
                        {"replicas", plan.replicas},
                        {"bytes", bytes_entry(plan, plan.bytes)},
                        {"seconds", seconds_entry(plan)},
                        {"nodes", nodes_entry(state, plan)},
                        {"links", links_entry(state, plan)},
                        {"quorums", std::move(quorums)},
                        {"warnings", plan.warnings},
                        {"moves", moves_entry(state, plan)}});
}

std::string transfers_json(const ClusterLook& look,
                           const std::vector<cluster::IncomingArc>& incoming) {
  const State& state = *look.state;
  Json coming = Json::array();
  for (const cluster::IncomingArc& arc : incoming)
    coming.push_back(
        {{"arc", arc.arc},
         {"session", arc.session},
         {"sources", node_names(state, arc.sources)},
         {"keys", arc.keys},
         {"bytes", arc.bytes},
         {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(arc.since).count()},
         {"problem", arc.problem}});
  Json change;
  if (state.change) change = state.change->id;
  return dump_json(Json{{"self", node_name(state, look.self)},
                        {"epoch", state.epoch},
                        {"as_of", rfc3339(look.wall)},
                        {"incoming", std::move(coming)},
                        {"change", std::move(change)},
                        {"arcs", under_way_entry(look)}});
}

std::string applied_json(const cluster::Applied& applied) {
  return dump_json(
      Json{{"epoch", applied.epoch}, {"changed", applied.changed}, {"what", applied.what}});
}

}  // namespace ouro::api
