#include "cluster/state.hpp"

#include "base/check.hpp"
#include "cluster/rules.hpp"
#include "ring/placement.hpp"

#include <bit>
#include <utility>

namespace ouro::cluster {
namespace {

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

Status check_founders(const Founding& founding) {
  if (founding.founders.empty()) return invalid("the cluster has no nodes: name at least one");
  if (founding.founders.size() > founding.arcs)
    return invalid("there are more nodes than arcs: use at least " +
                   std::to_string(std::bit_ceil(founding.founders.size())) + " arcs");
  std::set<NodeId> ids;
  std::set<std::string_view> names;
  std::set<std::uint64_t> instances;
  for (const Founder& founder : founding.founders) {
    const Member& member = founder.member;
    if (const Status named = check_node_name(member.name); !named) return named;
    if (const Status seated = check_seat(founder.seat); !seated) return seated;
    if (const Status found = check_address(member.host, member.http_port, member.peer_port); !found)
      return found;
    if (const Status able = check_features(member.features, founding.feature_level); !able)
      return able;
    if (founder.id == NodeId{} || to_integer(founder.id) == UINT32_MAX)
      return invalid("node " + member.name + " has an id out of 1 to 4294967294");
    if (!ids.insert(founder.id).second)
      return invalid("node " + member.name + " repeats the id " +
                     std::to_string(to_integer(founder.id)));
    if (!names.insert(member.name).second) return invalid("two nodes are named " + member.name);
    if (member.instance != 0 && !instances.insert(member.instance).second)
      return invalid("node " + member.name + " has the data directory of another");
  }
  return {};
}

Table found_table(const Founding& founding) {
  std::vector<ring::Member> members;
  Table table;
  for (const Founder& founder : founding.founders) {
    members.push_back({founder.id, founder.seat.zone, founder.seat.weight});
    table.seats.emplace(founder.id, founder.seat);
  }
  const ring::Ring ring = ring::place(1, founding.arcs, std::move(members));
  table.owners.assign(ring.owners().begin(), ring.owners().end());
  return table;
}

}  // namespace

std::string_view name(MemberStatus status) {
  switch (status) {
    case MemberStatus::staged:
      return "staged";
    case MemberStatus::joining:
      return "joining";
    case MemberStatus::active:
      return "active";
    case MemberStatus::leaving:
      return "leaving";
    case MemberStatus::removed:
      return "removed";
  }
  return "unknown";
}

ring::Ring ring_of(const Table& table, Epoch epoch) {
  std::vector<ring::Member> members;
  members.reserve(table.seats.size());
  for (const auto& [node, seat] : table.seats) members.push_back({node, seat.zone, seat.weight});
  return {epoch, table.owners, std::move(members)};
}

Result<State> found(const Founding& founding) {
  if (founding.cluster == 0) return invalid("the cluster id is 0: choose another");
  if (!std::has_single_bit(founding.arcs) || founding.arcs > ring::arc_count_max)
    return invalid("the number of arcs is " + std::to_string(founding.arcs) +
                   ": it must be a power of two up to " + std::to_string(ring::arc_count_max));
  if (const Status checked = check_founders(founding); !checked) return checked.error();
  if (const Status checked = check_properties(founding.defaults); !checked) return checked.error();
  if (const Status checked = check_origin(founding.origin); !checked) return checked.error();

  State state;
  state.cluster = founding.cluster;
  state.hash_seed = founding.hash_seed;
  state.epoch = 1;
  state.table = found_table(founding);
  state.changed_at.assign(founding.arcs, 1);
  state.staged_at = 1;
  state.defaults = founding.defaults;
  state.defaults.generation = 1;
  state.feature_level = founding.feature_level;
  for (const Founder& founder : founding.founders) {
    Member member = founder.member;
    member.registered = member.instance == 0 ? 0 : 1;
    member.lost = false;
    state.members.emplace(founder.id, std::move(member));
    state.next_node = std::max(state.next_node, NodeId(to_integer(founder.id) + 1));
  }
  state.audit.push_back({1, "the cluster was founded", founding.origin});
  return state;
}

Result<MemberStatus> status(const State& state, NodeId node) {
  if (state.removed.contains(node)) return MemberStatus::removed;
  if (!state.members.contains(node))
    return Error{ErrorCode::not_found, "there is no " + title(state, node)};
  const bool now = state.table.seats.contains(node);
  const bool then = state.change ? state.change->target.seats.contains(node) : now;
  if (now) return then ? MemberStatus::active : MemberStatus::leaving;
  return then ? MemberStatus::joining : MemberStatus::staged;
}

const Member* member(const State& state, NodeId node) {
  const auto at = state.members.find(node);
  return at == state.members.end() ? nullptr : &at->second;
}

std::optional<NodeId> member_named(const State& state, std::string_view name) {
  for (const auto& [id, member] : state.members)
    if (member.name == name) return id;
  return std::nullopt;
}

std::optional<NodeId> member_with_instance(const State& state, std::uint64_t instance) {
  for (const auto& [id, member] : state.members)
    if (member.instance == instance && instance != 0) return id;
  return std::nullopt;
}

std::string title(const State& state, NodeId node) {
  const std::string number = "node " + std::to_string(to_integer(node));
  if (const auto at = state.members.find(node); at != state.members.end())
    return at->second.name + " (" + number + ")";
  if (const auto at = state.removed.find(node); at != state.removed.end())
    return at->second.name + " (" + number + ")";
  return number;
}

const Seat* seat(const State& state, NodeId node) {
  if (const auto at = state.table.seats.find(node); at != state.table.seats.end())
    return &at->second;
  const auto staged = state.staged.find(node);
  if (staged != state.staged.end()) return &staged->second.seat;
  if (!state.change) return nullptr;
  const auto target = state.change->target.seats.find(node);
  return target == state.change->target.seats.end() ? nullptr : &target->second;
}

std::map<NodeId, Seat> seats_with(std::map<NodeId, Seat> seats, const Actions& actions) {
  for (const auto& [node, action] : actions) {
    if (action.kind == ActionKind::leave) {
      seats.erase(node);
      continue;
    }
    if (action.kind == ActionKind::replace) seats.erase(action.replaces);
    seats[node] = action.seat;
  }
  return seats;
}

std::map<NodeId, Seat> seats_after(const State& state) {
  return seats_with(state.change ? state.change->target.seats : state.table.seats, state.staged);
}

namespace {

const Action* find_action(const Actions& actions, NodeId node) {
  if (const auto at = actions.find(node); at != actions.end()) return &at->second;
  for (const auto& [by, action] : actions)
    if (action.kind == ActionKind::replace && action.replaces == node) return &action;
  return nullptr;
}

}  // namespace

const Action* staged_action(const State& state, NodeId node) {
  return find_action(state.staged, node);
}

const Action* running_action(const State& state, NodeId node) {
  return state.change ? find_action(state.change->actions, node) : nullptr;
}

BucketProperties bucket(const State& state, std::string_view name) {
  const auto at = state.buckets.find(name);
  if (at == state.buckets.end()) return state.defaults;
  if (!at->second.dropped) return at->second.properties;
  BucketProperties properties = state.defaults;
  properties.generation = at->second.properties.generation;
  return properties;
}

std::map<std::string, BucketProperties, std::less<>> bucket_properties(const State& state) {
  std::map<std::string, BucketProperties, std::less<>> all;
  for (const auto& [name, ignored] : state.buckets) all.emplace(name, bucket(state, name));
  return all;
}

std::set<unsigned> replica_counts(const State& state) {
  std::set<unsigned> counts{state.defaults.n};
  for (const auto& [name, bucket] : state.buckets)
    if (!bucket.dropped) counts.insert(bucket.properties.n);
  return counts;
}

}  // namespace ouro::cluster
