#include "tests/raft/fake_cluster.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <stdexcept>

namespace ouro::raft {
namespace {

constexpr GroupId group = 77;

std::string number(std::uint64_t value) { return std::to_string(value); }
std::string name(NodeId id) { return "n" + number(to_integer(id)); }

std::uint64_t after(std::uint64_t state, std::string_view command) {
  return hash64(command, state);
}

std::string state_bytes(std::uint64_t state) {
  std::string bytes;
  put_fixed(bytes, state);
  return bytes;
}

}  // namespace

void FakeCluster::Disk::write(const Ready& ready) {
  if (ready.hard) hard = *ready.hard;
  if (ready.snapshot) snapshot = *ready.snapshot;
  for (const Entry& entry : ready.entries) entries[entry.index] = entry;
  entries.erase(entries.begin(), entries.lower_bound(ready.first));
  entries.erase(entries.upper_bound(ready.last), entries.end());
}

Stored FakeCluster::Disk::load() const {
  Stored stored{hard, snapshot, {}};
  for (const auto& [index, entry] : entries) stored.entries.push_back(entry);
  return stored;
}

FakeCluster::FakeCluster(std::uint64_t seed, unsigned founders, unsigned nodes) : random_(seed) {
  options_.append_bytes_max = 100 + random_.below(1000);
  options_.window.messages = 1 + random_.below(8);
  options_.window.bytes = 200 + random_.below(4000);
  options_.election_ticks = 5 + static_cast<unsigned>(random_.below(10));
  Configuration first;
  for (unsigned i = 1; i <= founders; ++i) first.voters.push_back(NodeId{i});
  states_[1] = 0;
  committed_[1] = {1, 1};
  for (unsigned i = 1; i <= nodes; ++i) {
    Node node;
    node.id = NodeId{i};
    if (i <= founders) {
      node.durable.hard = {group, 1, no_node, 1};
      node.durable.snapshot = {1, 1, first, SharedBytes(state_bytes(0))};
    }
    node.cached = node.durable;
    node.rate = 60 + static_cast<unsigned>(random_.below(80));
    nodes_.push_back(std::move(node));
  }
  for (Node& node : nodes_) boot(node);
}

void FakeCluster::boot(Node& node) {
  CoreOptions options = options_;
  options.self = node.id;
  node.random = std::make_unique<SeededRandom>(random_.next());
  node.core = std::make_unique<Core>(options, *node.random, node.cached.load());
  node.state = 0;
  node.commit_seen = node.core->commit();
  pump(node);
}

// What was being written is there or not; what did not ask for the disk may be gone.
void FakeCluster::crash(Node& node) {
  if (node.saving && random_.one_in(2)) {
    write(node);
  }
  if (random_.one_in(2)) node.cached = node.durable;
  node.durable = node.cached;
  node.saving.reset();
  node.core.reset();
  node.reads.clear();
  node.down_for = 1 + static_cast<unsigned>(random_.below(100));
}

void FakeCluster::run(unsigned steps, const Weather& weather) {
  weather_ = weather;
  for (unsigned i = 0; i < steps; ++i) step(weather);
}

void FakeCluster::step(const Weather& weather) {
  ++now_;
  trouble(weather);
  for (Node& node : nodes_) {
    if (!node.core) {
      if (--node.down_for == 0) boot(node);
      continue;
    }
    node.clock += node.rate;
    if (node.clock >= 100) {
      node.clock -= 100;
      node.core->tick();
      pump(node);
    }
    if (node.saving && node.saved_in-- == 0) save(node);
  }
  deliver(weather);
  work(weather);
}

void FakeCluster::trouble(const Weather& weather) {
  if (chance(weather.crash)) {
    Node& node = nodes_[random_.below(nodes_.size())];
    if (node.core) crash(node);
  }
  if (!chance(weather.partition)) return;
  if (random_.one_in(3)) return cuts_.clear();
  std::set<NodeId> side;
  for (const Node& node : nodes_)
    if (random_.one_in(2)) side.insert(node.id);
  const bool one_way = random_.one_in(3);
  for (const Node& from : nodes_)
    for (const Node& to : nodes_)
      if (side.contains(from.id) && !side.contains(to.id)) {
        cuts_.insert({from.id, to.id});
        if (!one_way) cuts_.insert({to.id, from.id});
      }
}

void FakeCluster::deliver(const Weather& weather) {
  std::vector<Flying> due, later;
  for (Flying& flying : flying_) (flying.due <= now_ ? due : later).push_back(std::move(flying));
  flying_ = std::move(later);
  while (!due.empty()) {  // in any order
    std::swap(due.back(), due[random_.below(due.size())]);
    Flying flying = std::move(due.back());
    due.pop_back();
    const bool lost = chance(weather.loss) || !reached(flying.packet.from, flying.packet.to);
    if (!lost && chance(weather.duplicate))
      flying_.push_back(
          {now_ + 1 + static_cast<unsigned>(random_.below(30)), flying.packet, false});
    arrive(std::move(flying), lost);
  }
}

void FakeCluster::arrive(Flying flying, bool lost) {
  Node& to = nodes_[to_integer(flying.packet.to) - 1];
  Node& from = nodes_[to_integer(flying.packet.from) - 1];
  const bool delivered = !lost && to.core;
  const NodeId target = to.id;
  if (delivered) {
    to.core->step(std::move(flying.packet));
    pump(to);
  }
  if (!from.core) return;
  const bool answered = delivered && !random_.one_in(50);
  if (flying.reports) from.core->snapshot_ended(target, answered);
  if (!answered && random_.one_in(2)) from.core->unreachable(target);
  pump(from);
}

void FakeCluster::write(Node& node) {
  node.cached.write(*node.saving);
  if (node.saving->must_sync) node.durable = node.cached;
  const auto& entries = node.cached.entries;
  for (const Entry& entry : node.saving->entries) {
    const auto before = entries.find(entry.index - 1);
    if (before != entries.end()) check_written(entry.index, before->second.term, entry);
  }
  node.saving.reset();
}

void FakeCluster::save(Node& node) {
  write(node);
  node.core->persisted();
  pump(node);
}

void FakeCluster::pump(Node& node) {
  check_node(node);
  apply(node);
  if (auto ready = node.core->take_ready()) {
    node.saving = std::move(ready);
    node.saved_in = static_cast<unsigned>(random_.below(4));
  }
  for (Packet& packet : node.core->take_packets()) {
    check_packet(node, packet);
    launch(node, std::move(packet));
  }
  for (const ReadResult& result : node.core->take_reads()) {
    const auto asked = node.reads.find(result.id);
    if (asked == node.reads.end()) continue;
    if (result.index) {
      if (*result.index < asked->second)
        fail("a read at " + name(node.id) + " would see " + number(*result.index) + ", but " +
             number(asked->second) + " was committed before");
      ++confirmed_reads_;
    }
    node.reads.erase(asked);
  }
}

void FakeCluster::launch(Node& node, Packet packet) {
  const bool reports = packet.kind == PacketKind::install_snapshot;
  const unsigned delay = chance(weather_.late) ? static_cast<unsigned>(random_.below(25)) : 0;
  if (node.id == packet.to) fail(name(node.id) + " sends to itself");
  flying_.push_back(
      {now_ + delay + static_cast<unsigned>(random_.below(2)), std::move(packet), reports});
}

void FakeCluster::apply(Node& node) {
  for (;;) {
    const Committed committed = node.core->take_committed(500);
    if (committed.snapshot) {
      const Snapshot& snapshot = *committed.snapshot;
      Reader reader(snapshot.state.view());
      node.state = reader.fixed<std::uint64_t>();
      const auto known = states_.find(snapshot.index);
      if (known == states_.end() || known->second != node.state)
        fail(name(node.id) + " restores a state at " + number(snapshot.index) +
             " that nobody had there");
      if (snapshot.index > 1) ++snapshots_installed_;
    }
    for (const Entry& entry : committed.entries) {
      if (entry.kind == EntryKind::command) node.state = after(node.state, entry.data);
      const auto [known, is_new] = states_.emplace(entry.index, node.state);
      if (known->second != node.state)
        fail(name(node.id) + " applies another entry at " + number(entry.index));
      if (entry.kind == EntryKind::configuration && is_new) ++changes_done_;
    }
    if (!committed.snapshot && committed.entries.empty()) return;
  }
}

void FakeCluster::work(const Weather& weather) {
  Node& node = nodes_[random_.below(nodes_.size())];
  if (!node.core) return;
  if (random_.one_in(3)) {
    std::string command = number(++last_command_);
    command.append(random_.below(120), 'x');
    static_cast<void>(node.core->propose(SharedBytes(std::move(command))));
  }
  if (random_.one_in(4)) {
    node.reads.emplace(++last_read_, highest_commit());
    node.core->read(last_read_);
  }
  if (chance(weather.compact))
    static_cast<void>(
        node.core->compact(SharedBytes(state_bytes(node.state)), random_.below(2000)));
  if (chance(weather.transfer))
    static_cast<void>(node.core->transfer(nodes_[random_.below(nodes_.size())].id));
  if (node.core->role() == Role::leader && chance(weather.change)) {
    Members members;
    for (const Node& each : nodes_) {
      const auto draw = random_.below(4);
      if (draw <= 1 && members.voters.size() < 5) members.voters.push_back(each.id);
      if (draw == 2) members.learners.push_back(each.id);
    }
    static_cast<void>(node.core->change_members(members));
  }
  pump(node);
}

void FakeCluster::check_node(Node& node) {
  const Core& core = *node.core;
  if (!core.problem().empty()) fail(name(node.id) + ": " + core.problem());
  if (core.commit() < node.commit_seen) fail(name(node.id) + " takes a commit back");
  for (Index index = std::max(node.commit_seen + 1, core.log().first()); index <= core.commit();
       ++index) {
    const Term term = *core.log().term(index);
    if (committed_.emplace(index, Decision{term, core.term()}).first->second.term != term)
      fail(name(node.id) + " commits another entry at " + number(index));
  }
  node.commit_seen = core.commit();
  // One whose election is not durable has told nobody, and may forget it in a crash.
  if (core.role() == Role::leader && node.durable.hard.term == core.term()) check_leader(node);
}

// Election safety and leader completeness (figure 3.2).
void FakeCluster::check_leader(const Node& node) {
  const Core& core = *node.core;
  const auto [known, is_new] = leaders_.emplace(core.term(), node.id);
  if (known->second != node.id)
    fail(name(node.id) + " and " + name(known->second) + " lead term " + number(core.term()) +
         describe());
  if (!is_new) return;
  for (const auto& [index, decision] : committed_) {
    // A candidate of an older term may win late, after a newer one went on: harmless.
    if (index < core.log().first() || decision.leader > core.term()) continue;
    if (core.log().term(index) != decision.term)
      fail(name(node.id) + " leads term " + number(core.term()) + " without entry " +
           number(index) + describe());
  }
}

// Log matching: an index and a term name one entry and everything before it.
void FakeCluster::check_written(Index index, Term before, const Entry& entry) {
  const auto [known, is_new] =
      written_.emplace(std::pair(index, entry.term), Written{std::string(entry.data), before});
  if (is_new) return;
  if (known->second.data != entry.data.view() || known->second.before != before)
    fail("entry " + number(index) + " of term " + number(entry.term) +
         " is not everywhere equal: before " + number(known->second.before) + " and " +
         number(before) + describe());
}

// What is promised is durable; nobody votes twice.
void FakeCluster::check_packet(const Node& node, const Packet& packet) {
  const HardState& durable = node.durable.hard;
  if (packet.kind != PacketKind::pre_vote && packet.kind != PacketKind::pre_vote_answer &&
      durable.term < packet.term)
    fail(name(node.id) + " speaks in a term that is not durable");
  const bool votes =
      packet.kind == PacketKind::vote || (packet.kind == PacketKind::vote_answer && packet.granted);
  if (votes) {
    const NodeId choice = packet.kind == PacketKind::vote ? node.id : packet.to;
    const auto known = votes_.emplace(std::pair(node.id, packet.term), choice).first;
    if (known->second != choice)
      fail(name(node.id) + " votes for " + name(known->second) + " and " + name(choice));
    if (durable.term == packet.term && durable.vote != choice)
      fail(name(node.id) + " tells a vote that is not durable");
  }
  if (packet.kind == PacketKind::append_answer && packet.granted && durable.term == packet.term) {
    const Index last = node.durable.entries.empty() ? node.durable.snapshot.index
                                                    : node.durable.entries.rbegin()->first;
    if (packet.index > last) fail(name(node.id) + " acknowledges entries that are not durable");
  }
  Term before = packet.index_term;
  for (const Entry& entry : packet.entries) {
    check_written(entry.index, before, entry);
    before = entry.term;
  }
}

FakeCluster::Node* FakeCluster::leader() {
  Node* found = nullptr;
  for (Node& node : nodes_)
    if (node.core && node.core->role() == Role::leader &&
        (found == nullptr || node.core->term() > found->core->term()))
      found = &node;
  return found;
}

Index FakeCluster::highest_commit() const {
  Index highest = 0;
  for (const Node& node : nodes_)
    if (node.core) highest = std::max(highest, node.core->commit());
  return highest;
}

bool FakeCluster::settled() {
  Node* first = leader();
  if (first == nullptr) return false;
  const Log& log = first->core->log();
  if (log.configuration().is_joint() || first->core->commit() != log.last()) return false;
  for (const NodeId id : log.configuration().members()) {
    const Node& node = nodes_[to_integer(id) - 1];
    if (!node.core || node.core->applied() != log.last() || node.state != first->state)
      return false;
  }
  return true;
}

void FakeCluster::heal_and_settle() {
  weather_ = {0, 0, 0, 0, 0, 0, 0, 0};
  cuts_.clear();
  const auto quiet = [this](unsigned steps) {
    for (unsigned i = 0; i < steps; ++i) {
      ++now_;
      for (Node& node : nodes_) {
        if (!node.core) {
          boot(node);
          continue;
        }
        node.core->tick();
        pump(node);
        if (node.saving && node.saved_in-- == 0) save(node);
      }
      deliver(weather_);
    }
  };
  quiet(40 + 2 * options_.election_ticks);  // what was begun comes to its end
  for (int round = 0; round < 40 && !settled(); ++round) quiet(20);
  if (!settled())
    fail("no leader, or members that stay behind, after everything was healed" + describe());
  Node* first = leader();
  const Term term = first->core->term();
  const auto placed = first->core->propose(SharedBytes(std::string("last")));
  if (!placed) fail("the leader refuses: " + placed.error().message);
  pump(*first);
  quiet(60);
  if (!settled()) fail("a command does not reach all members of a healthy group");
  if (leader()->core->term() != term) fail("a healthy group changes its leader" + describe());
}

std::string FakeCluster::describe() const {
  const auto list = [](const std::vector<NodeId>& nodes) {
    std::string text;
    for (const NodeId id : nodes) text += " " + name(id);
    return text;
  };
  std::string text;
  for (const Node& node : nodes_) {
    if (!node.core) continue;
    const GroupStatus status = node.core->status();
    text += "\n" + name(node.id) + " role " + number(static_cast<unsigned>(status.role)) +
            " term " + number(status.term) + " leader " + name(status.leader) + " log " +
            number(status.first) + ".." + number(status.last) + " of " +
            number(node.core->log().last_term()) + " commit " + number(status.commit) +
            " applied " + number(status.applied) + " voters" + list(status.configuration.voters) +
            " outgoing" + list(status.configuration.outgoing) + " learners" +
            list(status.configuration.learners);
    for (const FollowerStatus& follower : status.followers)
      text += "; " + name(follower.node) + " match " + number(follower.match) + " state " +
              number(static_cast<unsigned>(follower.state));
  }
  return text;
}

void FakeCluster::fail(const std::string& what) const {
  throw std::runtime_error("at step " + number(now_) + ": " + what);
}

}  // namespace ouro::raft
