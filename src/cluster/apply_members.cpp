// Joining, registering, giving up, and what all members must be able to do.
#include "cluster/apply_parts.hpp"
#include "cluster/arc_lists.hpp"
#include "cluster/rules.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace ouro::cluster::apply_parts {
namespace {

Error gave_up(const State& state, NodeId node) {
  return refuse(ErrorCode::denied,
                title(state, node) +
                    " was declared lost: its data is not trusted any more. Join with an empty data "
                    "directory and replace it");
}

// Error denied if the data directory belonged to a removed member.
Status check_instance(const State& state, std::uint64_t instance) {
  for (const auto& [node, removed] : state.removed)
    if (removed.instance == instance)
      return refuse(ErrorCode::denied, "this data directory belonged to " + title(state, node) +
                                           ", which was removed at epoch " +
                                           std::to_string(removed.removed) +
                                           ": join with an empty one");
  return {};
}

void take_over(Member& member, const Registration& registration, Epoch epoch) {
  member.instance = registration.instance;
  member.run = registration.run;
  member.boot = registration.boot;
  member.host = registration.host;
  member.http_port = registration.http_port;
  member.peer_port = registration.peer_port;
  member.features = registration.features;
  member.registered = epoch;
}

bool same(const Member& member, const Registration& registration) {
  return member.instance == registration.instance && member.run == registration.run &&
         member.boot == registration.boot && member.host == registration.host &&
         member.http_port == registration.http_port && member.peer_port == registration.peer_port &&
         member.features.min == registration.features.min &&
         member.features.max == registration.features.max;
}

// The name of a node that brings none.
std::string given_name(const State& state) {
  std::string name = "n" + std::to_string(to_integer(state.next_node));
  while (member_named(state, name)) name += "'";
  return name;
}

Status check_new(const State& state, const Join& join) {
  if (!join.name.empty())
    if (const Status checked = check_node_name(join.name); !checked) return checked;
  if (const Status checked = check_seat(join.seat); !checked) return checked;
  if (const Status checked = check_features(join.registration.features, state.feature_level);
      !checked)
    return checked;
  if (const auto other = member_named(state, join.name))
    return refuse(ErrorCode::exists, "the name " + join.name + " belongs to node " +
                                         std::to_string(to_integer(*other)) +
                                         ": choose another; to take that node's place, join under "
                                         "another name and replace it");
  if (state.members.size() >= StateLimits::members)
    return refuse(ErrorCode::busy, "the cluster has " + std::to_string(state.members.size()) +
                                       " nodes, which is the most there may be");
  if (to_integer(state.next_node) == std::numeric_limits<std::uint32_t>::max())
    return refuse(ErrorCode::busy, "all node ids were given: found a new cluster");
  return {};
}

// The identity rules: is this the registered data directory, and not a copy of it?
Status check_identity(const State& state, NodeId node, const Registration& registration) {
  const Member& member = state.members.at(node);
  if (member.lost) return gave_up(state, node);
  if (member.instance == 0) {
    if (const auto other = member_with_instance(state, registration.instance))
      return refuse(ErrorCode::denied, "this data directory belongs to " + title(state, *other) +
                                           ", not to " + title(state, node) +
                                           ": start it as that, or with an empty one");
    return check_instance(state, registration.instance);
  }
  if (registration.instance != member.instance)
    return refuse(ErrorCode::denied, title(state, node) +
                                         " is registered with another data directory: if its data "
                                         "is gone, join with an empty one and replace it");
  if (registration.boot > member.boot && registration.run != member.run) return {};
  if (registration.boot == member.boot && registration.run == member.run) return {};
  return refuse(ErrorCode::denied,
                title(state, node) + " is registered with boot " + std::to_string(member.boot) +
                    " and this is boot " + std::to_string(registration.boot) +
                    ": the data directory is a copy or was restored. Stop one of the two; a copy "
                    "joins with an empty directory");
}

// The fewest nodes of a list that may hold an acknowledged write of a bucket with `n` replicas.
std::size_t least_writes(const State& state, unsigned n, std::size_t list) {
  const auto needed = [list](const BucketProperties& properties) -> std::size_t {
    return properties.w == 0 ? list / 2 + 1 : std::min<std::size_t>(properties.w, list);
  };
  std::size_t least = list;
  if (state.defaults.n == n) least = std::min(least, needed(state.defaults));
  for (const auto& [name, bucket] : state.buckets)
    if (!bucket.dropped && bucket.properties.n == n)
      least = std::min(least, needed(bucket.properties));
  return least;
}

// Error denied if acknowledged writes may be on lost nodes alone.
Status check_survivors(const State& state, const std::vector<NodeId>& giving_up) {
  const ArcLists lists(state);
  const auto gone = [&](NodeId node) {
    return std::ranges::binary_search(giving_up, node) || state.members.at(node).lost;
  };
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc) {
    for (const unsigned n : lists.counts()) {
      const ListPair pair = lists.lists(arc, n);
      const auto lost = static_cast<std::size_t>(std::ranges::count_if(pair.reads(), gone));
      if (lost == 0 || lost < least_writes(state, n, pair.reads().size())) continue;
      return refuse(ErrorCode::denied,
                    "writes that were acknowledged may be on the lost nodes alone: " +
                        std::to_string(lost) + " of the " + std::to_string(pair.reads().size()) +
                        " replicas of arc " + std::to_string(arc) + " (n=" + std::to_string(n) +
                        "). Bring one of them back, or accept the loss of data by name");
    }
  }
  return {};
}

Status check_lost(const State& state, const ForgetLost& lost) {
  if (lost.nodes.empty())
    return refuse(ErrorCode::invalid_argument, "no node is named: say which ones are lost");
  if (std::ranges::adjacent_find(lost.nodes, std::ranges::greater_equal()) != lost.nodes.end())
    return refuse(ErrorCode::invalid_argument, "the lost nodes are not in order, or one twice");
  for (const NodeId node : lost.nodes)
    if (const Status checked = check_member(state, node); !checked) return checked;
  const auto remains = [&](const auto& seat) {
    return !std::ranges::binary_search(lost.nodes, seat.first) &&
           !state.members.at(seat.first).lost;
  };
  if (std::ranges::none_of(state.table.seats, remains))
    return refuse(ErrorCode::invalid_argument,
                  "no node with data would be left: found a new cluster instead");
  if (state.change && std::ranges::none_of(state.change->target.seats, remains))
    return refuse(ErrorCode::invalid_argument,
                  "no node that the running change leaves would be left: abort it first");
  return {};
}

}  // namespace

Result<Applied> carry_out(State& state, const Join& join, const Origin& origin) {
  if (const Status checked = check_registration(join.registration); !checked)
    return checked.error();
  if (const auto known = member_with_instance(state, join.registration.instance)) {
    if (state.members.at(*known).lost) return gave_up(state, *known);
    return already(state, "this data directory is that of " + title(state, *known), *known);
  }
  if (const Status checked = check_instance(state, join.registration.instance); !checked)
    return checked.error();
  if (const Status checked = check_new(state, join); !checked) return checked.error();

  const std::string name = join.name.empty() ? given_name(state) : join.name;
  const Epoch epoch = begin(state);
  const NodeId node = state.next_node;
  state.next_node = NodeId(to_integer(node) + 1);
  Member& member = state.members[node];
  member.name = name;
  take_over(member, join.registration, epoch);
  state.staged.emplace(node, Action{ActionKind::join, NodeId{}, join.seat, origin});
  state.staged_at = epoch;
  Applied applied = told(state, origin, title(state, node) + " asks to join, at " + member.host);
  applied.node = node;
  return applied;
}

Result<Applied> carry_out(State& state, const Register& begun, const Origin& origin) {
  const Registration& registration = begun.registration;
  if (const Status checked = check_member(state, begun.node); !checked) return checked.error();
  if (const Status checked = check_registration(registration); !checked) return checked.error();
  if (const Status checked = check_identity(state, begun.node, registration); !checked)
    return checked.error();
  if (const Status checked = check_features(registration.features, state.feature_level); !checked)
    return checked.error();
  Member& member = state.members.at(begun.node);
  if (same(member, registration))
    return already(state, title(state, begun.node) + " is registered", begun.node);

  const Epoch epoch = begin(state);
  take_over(member, registration, epoch);
  Applied applied = told(state, origin,
                         title(state, begun.node) + " began run " + std::to_string(member.boot) +
                             " at " + member.host + ":" + std::to_string(member.peer_port));
  applied.node = begun.node;
  return applied;
}

Result<Applied> carry_out(State& state, const ForgetLost& lost, const Origin& origin) {
  if (const Status checked = check_lost(state, lost); !checked) return checked.error();
  const auto given_up = [&](NodeId node) { return state.members.at(node).lost; };
  if (std::ranges::all_of(lost.nodes, given_up)) return already(state, "they are given up already");
  if (!lost.accept_data_loss)
    if (const Status checked = check_survivors(state, lost.nodes); !checked) return checked.error();

  begin(state);
  std::string what = "declared lost:";
  for (const NodeId node : lost.nodes) {
    state.members.at(node).lost = true;
    what += " " + title(state, node);
  }
  if (lost.accept_data_loss) what += ", accepting loss of data";
  Applied applied = told(state, origin, std::move(what));
  applied.change_ended = settle(state);
  return applied;
}

Result<Applied> carry_out(State& state, const SetFeatureLevel& feature, const Origin& origin) {
  if (feature.level == state.feature_level)
    return already(state, "the feature level is " + std::to_string(feature.level));
  if (feature.level < state.feature_level)
    return refuse(ErrorCode::invalid_argument,
                  "the feature level is " + std::to_string(state.feature_level) +
                      " and cannot be lowered: older builds could not read what is stored");
  for (const auto& [node, member] : state.members)
    if (!member.lost && member.features.max < feature.level)
      return refuse(ErrorCode::unsupported, title(state, node) + " speaks feature levels up to " +
                                                std::to_string(member.features.max) +
                                                ": upgrade it first");
  begin(state);
  state.feature_level = feature.level;
  return told(state, origin, "the feature level is now " + std::to_string(feature.level));
}

}  // namespace ouro::cluster::apply_parts
