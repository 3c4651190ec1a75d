#include "cluster/state_check.hpp"

#include "cluster/arc_lists.hpp"
#include "cluster/rules.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace ouro::cluster {
namespace {

class Checker {
 public:
  explicit Checker(const State& state) : state_(state) {}

  std::vector<std::string> run() {
    check_members();
    check_removed();
    check_table(state_.table, "the table");
    if (state_.change) check_table(state_.change->target, "the target");
    check_epochs();
    check_staged();
    check_buckets();
    // A ring can be made of sound tables only.
    if (state_.change && found_.empty()) check_change();
    return std::move(found_);
  }

 private:
  void expect(bool holds, const std::string& otherwise) {
    if (!holds) found_.push_back(otherwise);
  }
  void expect(const Status& status, const std::string& whose) {
    if (!status) found_.push_back(whose + ": " + status.error().message);
  }
  std::string who(NodeId node) const { return title(state_, node); }

  void check_members() {
    std::set<std::string> names;
    std::set<std::uint64_t> instances;
    for (const auto& [node, member] : state_.members) {
      expect(node > NodeId{} && node < state_.next_node, who(node) + " has an id never given");
      expect(check_node_name(member.name), who(node));
      expect(check_address(member.host, member.http_port, member.peer_port), who(node));
      expect(check_features(member.features, state_.feature_level), who(node));
      expect(names.insert(member.name).second, who(node) + " has the name of another");
      expect(member.instance == 0 || instances.insert(member.instance).second,
             who(node) + " has the data directory of another");
      expect(member.registered <= state_.epoch, who(node) + " registered in the future");
      expect((member.registered == 0) == (member.instance == 0),
             who(node) + " is registered by half");
    }
  }

  void check_removed() {
    for (const auto& [node, removed] : state_.removed) {
      expect(node > NodeId{} && node < state_.next_node, who(node) + " has an id never given");
      expect(!state_.members.contains(node), who(node) + " is removed and a member");
      expect(removed.removed <= state_.epoch, who(node) + " is removed in the future");
      expect(removed.instance == 0 || !member_with_instance(state_, removed.instance),
             who(node) + " is removed, its data directory is a member's");
    }
  }

  void check_table(const Table& table, const std::string& name) {
    expect(std::has_single_bit(table.owners.size()) && table.owners.size() <= ring::arc_count_max,
           name + " has no power of two of arcs");
    expect(table.owners.size() == state_.changed_at.size(), name + " has another number of arcs");
    expect(!table.seats.empty() && table.seats.size() <= table.owners.size(),
           name + " has no seats, or more than arcs");
    const bool owned = std::ranges::all_of(
        table.owners, [&](NodeId owner) { return table.seats.contains(owner); });
    expect(owned, name + " has an owner without a seat");
    bool anybody = false;
    for (const auto& [node, seat] : table.seats) {
      expect(check_seat(seat), who(node));
      const auto at = state_.members.find(node);
      expect(at != state_.members.end(), name + " has a seat for " + who(node) + ", no member");
      anybody = anybody || (at != state_.members.end() && !at->second.lost);
    }
    expect(anybody, name + " has lost nodes only");
  }

  void check_epochs() {
    expect(state_.cluster != 0 && state_.epoch >= 1, "the cluster was never founded");
    expect(state_.staged_at >= 1 && state_.staged_at <= state_.epoch,
           "actions were staged in the future");
    for (const Epoch epoch : state_.changed_at)
      if (epoch < 1 || epoch > state_.epoch) return expect(false, "an arc changed in the future");
    expect(state_.audit.size() <= StateLimits::audit, "the audit is too long");
    expect(std::ranges::is_sorted(state_.audit, {}, &AuditEntry::epoch) &&
               (state_.audit.empty() || state_.audit.back().epoch <= state_.epoch),
           "the audit is out of order");
  }

  bool seated(NodeId node) const {
    return state_.table.seats.contains(node) ||
           (state_.change && state_.change->target.seats.contains(node));
  }

  void check_staged() {
    std::set<NodeId> named;
    for (const auto& [node, action] : state_.staged) {
      const bool joins = action.kind == ActionKind::join || action.kind == ActionKind::replace;
      expect(action.kind >= ActionKind::join && action.kind <= ActionKind::adjust,
             who(node) + " has an unknown action");
      expect(state_.members.contains(node), who(node) + " is staged and no member");
      expect(seated(node) != joins, who(node) + " is staged for what it is");
      expect(named.insert(node).second, who(node) + " is staged twice");
      expect(running_action(state_, node) == nullptr, who(node) + " is staged and in the change");
      expect(check_seat(action.seat), who(node));
      expect((action.replaces != NodeId{}) == (action.kind == ActionKind::replace),
             who(node) + " replaces nobody, or should not");
      if (action.kind != ActionKind::replace) continue;
      expect(named.insert(action.replaces).second, who(action.replaces) + " is staged twice");
      expect(seated(action.replaces), who(action.replaces) + " has no seat to be replaced in");
      expect(running_action(state_, action.replaces) == nullptr,
             who(action.replaces) + " is staged and in the change");
    }
    for (const auto& [node, member] : state_.members)
      expect(seated(node) || state_.staged.contains(node), who(node) + " waits for nothing");
  }

  void check_buckets() {
    std::set<std::uint64_t> generations;
    expect(check_properties(state_.defaults), "the defaults");
    expect(state_.defaults.generation == 1, "the defaults have another generation");
    for (const auto& [name, bucket] : state_.buckets) {
      const std::uint64_t generation = bucket.properties.generation;
      expect(check_bucket_name(name), "bucket " + name);
      expect(check_properties(bucket.properties), "bucket " + name);
      expect(generation >= (bucket.dropped ? 2u : 1u) && generation < state_.next_generation,
             "bucket " + name + " has a generation never given");
      expect(generation == 1 || generations.insert(generation).second,
             "bucket " + name + " has the generation of another");
    }
  }

  void check_change() {
    const Change& change = *state_.change;
    const Table& before = change.aborting ? change.target : state_.table;
    const Table& after = change.aborting ? state_.table : change.target;
    expect(change.began >= 1 && change.began <= change.id && change.id <= state_.epoch,
           "the change began in the future");
    expect(seats_with(before.seats, change.actions) == after.seats,
           "the change's tables are not what its actions make of each other");
    expect(change.arcs.size() == state_.table.owners.size(), "the change has other arcs");
    if (change.arcs.size() != state_.table.owners.size()) return;
    expect(std::ranges::any_of(change.arcs,
                               [](const ArcMove& m) { return m.phase != ArcPhase::after; }),
           "the change is over");
    const ArcLists lists(state_);
    for (ring::Arc arc = 0; arc < change.arcs.size(); ++arc) check_move(lists, arc);
  }

  void check_move(const ArcLists& lists, ring::Arc arc) {
    const ArcMove& move = state_.change->arcs[arc];
    const std::string name = "arc " + std::to_string(arc);
    expect(move.session <= state_.epoch, name + " moves in the future");
    expect(move.session == 0 || move.session >= state_.change->id,
           name + " moves in a session of the past");
    if (move.phase == ArcPhase::before)
      expect(move.session == 0 && move.covered.empty(), name + " moves before it begins");
    if (move.phase == ArcPhase::write_both || move.phase == ArcPhase::read_new)
      expect(move.session != 0, name + " moves without a session");
    if (move.phase == ArcPhase::write_both)
      expect(!uncovered(state_, lists, arc).empty(), name + " waits for nobody");
    for (const auto& [node, hash] : move.covered)
      expect(state_.change->target.seats.contains(node), name + " is covered by " + who(node));
  }

  const State& state_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> problems(const State& state) { return Checker(state).run(); }

}  // namespace ouro::cluster
