// A few cores and a network that does what the test says: nothing is lost unless it is cut.
#pragma once

#include "raft/core.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ouro::raft {

inline constexpr GroupId test_group = 7;
inline NodeId id(unsigned number) { return NodeId{number}; }

/// Hard state and a log with entries of these terms, from index 2 on, behind a snapshot at 1.
inline Stored stored(Members members, std::vector<Term> terms = {}, Term term = 1,
                     Index commit = 1) {
  Stored found;
  found.snapshot = {1, 1, {members.voters, {}, members.learners}, SharedBytes(std::string("s"))};
  Index index = 1;
  for (const Term each : terms)
    found.entries.push_back({++index, each, EntryKind::command,
                             SharedBytes(std::to_string(index) + "@" + std::to_string(each))});
  found.hard = {test_group, term, no_node, commit};
  return found;
}

/// The terms of all entries behind index 1.
inline std::vector<Term> terms(const Core& core) {
  std::vector<Term> found;
  for (Index index = std::max<Index>(2, core.log().first()); index <= core.log().last(); ++index)
    found.push_back(*core.log().term(index));
  return found;
}

inline Packet packet(PacketKind kind, unsigned from, Term term) {
  Packet made;
  made.kind = kind;
  made.from = id(from);
  made.to = id(1);
  made.group = test_group;
  made.term = term;
  return made;
}

/// Makes all that is to be written durable, and returns what may be sent then.
inline std::vector<Packet> settle(Core& core) {
  while (core.take_ready()) core.persisted();
  return core.take_packets();
}

class Cores {
 public:
  explicit Cores(Members members, CoreOptions options = {}) {
    for (const NodeId node : Configuration{members.voters, {}, members.learners}.members())
      add(node, stored(members), options);
  }
  Cores() = default;

  void add(NodeId node, Stored state, CoreOptions options = {}) {
    options.self = node;
    if (nodes_.size() < to_integer(node)) nodes_.resize(to_integer(node));
    Node& added = nodes_[to_integer(node) - 1];
    added.random = std::make_unique<SeededRandom>(to_integer(node));
    added.core = std::make_unique<Core>(options, *added.random, std::move(state));
    settle(*added.core);
  }
  Core& operator[](unsigned number) { return *nodes_.at(number - 1).core; }

  void cut(unsigned node) { cut_.insert(id(node)); }
  void mend() { cut_.clear(); }

  /// Carries packets until none is left. Commands that were applied are in applied().
  void exchange() {
    for (bool moved = true; moved;) {
      moved = false;
      for (Node& node : nodes_) {
        if (!node.core) continue;
        std::vector<Packet> packets = settle(*node.core);
        for (Packet& each : packets) {
          moved = true;
          pass(node, std::move(each));
        }
        take_applied(node);
      }
    }
  }
  /// Time passes for all, or for one.
  void tick(unsigned times = 1) {
    for (unsigned i = 0; i < times; ++i)
      for (Node& node : nodes_)
        if (node.core) {
          node.core->tick();
          exchange();
        }
  }
  void tick_one(unsigned number, unsigned times) {
    for (unsigned i = 0; i < times; ++i) {
      (*this)[number].tick();
      exchange();
    }
  }
  /// Lets `number` stand for election, alone with its impatience.
  void elect(unsigned number) {
    tick_one(number, 20);
    REQUIRE((*this)[number].role() == Role::leader);
    exchange();
  }
  void propose(unsigned number, std::string command) {
    REQUIRE((*this)[number].propose(SharedBytes(std::move(command))));
    exchange();
  }
  const std::vector<std::string>& applied(unsigned number) { return nodes_[number - 1].applied; }
  /// How many packets of a kind were carried or lost so far.
  std::size_t sent(PacketKind kind) const {
    std::size_t count = 0;
    for (const PacketKind each : kinds_) count += each == kind ? 1u : 0u;
    return count;
  }

 private:
  struct Node {
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<Core> core;
    std::vector<std::string> applied;
  };
  void pass(Node& from, Packet each) {
    kinds_.push_back(each.kind);
    const NodeId to = each.to;
    const bool there = to_integer(to) <= nodes_.size() && nodes_[to_integer(to) - 1].core;
    const bool arrives = there && !cut_.contains(to) && !cut_.contains(each.from);
    const bool is_snapshot = each.kind == PacketKind::install_snapshot;
    if (arrives) (*this)[to_integer(to)].step(std::move(each));
    if (is_snapshot) from.core->snapshot_ended(to, arrives);
  }
  static void take_applied(Node& node) {
    const Committed committed = node.core->take_committed(SIZE_MAX);
    if (committed.snapshot) node.applied = {std::string(committed.snapshot->state)};
    for (const Entry& entry : committed.entries)
      if (entry.kind == EntryKind::command) node.applied.emplace_back(entry.data.view());
  }

  std::vector<Node> nodes_;
  std::set<NodeId> cut_;
  std::vector<PacketKind> kinds_;
};

}  // namespace ouro::raft
