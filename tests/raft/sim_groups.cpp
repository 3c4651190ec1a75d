#include "tests/raft/sim_groups.hpp"

#include "base/coding.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ouro::raft {

using namespace std::chrono_literals;

void History::apply(Index, Term, std::string_view command) { commands_.emplace_back(command); }

std::string History::snapshot() {
  std::string bytes;
  put_varint(bytes, commands_.size());
  for (const std::string& command : commands_) put_sized(bytes, command);
  return bytes;
}

Status History::restore(std::string_view snapshot, Index) {
  Reader reader(snapshot);
  commands_.clear();
  for (std::uint64_t left = reader.varint(); left > 0 && reader.ok(); --left)
    commands_.emplace_back(reader.sized());
  if (!reader.finished()) return Error{ErrorCode::corruption, "the snapshot is damaged"};
  ++restored_;
  return {};
}

bool History::knows(const std::string& command) const {
  return std::find(commands_.begin(), commands_.end(), command) != commands_.end();
}

class SimGroups::Handler final : public PeerHandler {
 public:
  explicit Handler(Group& group) : group_(group) {}
  Task<Message> answer(NodeId from, Message request, Instant deadline) override {
    return group_.answer(from, std::move(request), deadline);
  }

 private:
  Group& group_;
};

SimGroups::SimGroups(std::uint64_t seed, unsigned founders, unsigned nodes, GroupOptions options)
    : scheduler_(seed), network_(scheduler_, seed + 1), options_(options), founders_(founders) {
  for (unsigned i = 1; i <= nodes; ++i) {
    const NodeId id{i};
    ids_.push_back(id);
    hosts_[id].machine = std::make_unique<sim::Machine>(scheduler_, network_, id, seed * 100 + i,
                                                        sim::MachineOptions{});
  }
  for (const NodeId id : ids_) start(id);
}

SimGroups::~SimGroups() {
  for (const NodeId id : ids_)
    if (running(id)) kill(id);
}

void SimGroups::end(Host& host) {
  host.db.reset();
  host.group.reset();
  host.handler.reset();
  host.history.reset();
  host.commit_lane.reset();
  host.other_lane.reset();
}

void SimGroups::kill(NodeId node) {
  machine(node).kill();
  end(hosts_.at(node));
}

void SimGroups::power_loss(NodeId node, sim::CrashPolicy policy) {
  machine(node).power_loss(policy);
  end(hosts_.at(node));
}

void SimGroups::shut_down(NodeId node) {
  const bool closed = sim::run(scheduler_, machine(node).world().life(), group(node).close(), 60s);
  if (!closed) throw std::runtime_error("a group does not close");
  kill(node);
}

std::unique_ptr<engine::Db> SimGroups::open_db(NodeId node, sim::SimWorld& world) {
  Host& host = hosts_.at(node);
  host.commit_lane = world.make_lane("commit");
  host.other_lane = world.make_lane("other");
  engine::Options options;
  options.directory = "/meta";
  options.identity = to_integer(node);
  options.tables = {{"system", false}, {"raft", false}};
  options.memtable_bytes = 16 << 10;  // small, so that tables are written and merged often
  options.memory_bytes = 256 << 10;
  auto opened = engine::Db::open(std::move(options), world.files(),
                                 {*host.commit_lane, *host.other_lane, *host.other_lane});
  if (!opened) throw std::runtime_error(to_string(opened.error()));
  return std::move(*opened);
}

void SimGroups::start(NodeId node) {
  Host& host = hosts_.at(node);
  sim::SimWorld& world = host.machine->boot();
  world.start_now({7, node, host.machine->boots()});
  Loop& loop = world.control();
  host.db = open_db(node, world);
  host.history = std::make_unique<History>();
  host.group = std::make_unique<Group>(
      Group::Parts{*host.db, engine::TableId{1}, loop, node, *host.history}, options_);
  Initial initial;
  initial.group = 99;
  if (to_integer(node) <= founders_) {
    Members members;
    for (unsigned i = 1; i <= founders_; ++i) members.voters.push_back(NodeId{i});
    initial.foundation = Initial::Foundation{members, History().snapshot()};
  }
  if (const Status opened = host.group->open(initial); !opened)
    throw std::runtime_error(to_string(opened.error()));
  host.handler = std::make_unique<Handler>(*host.group);
  loop.peers().serve(*host.handler);
  std::vector<PeerAddress> others;
  for (const NodeId id : ids_)
    if (id != node) others.push_back({id, "m" + std::to_string(to_integer(id)), 1});
  loop.peers().set_addresses(std::move(others));
  host.group->start();
}

NodeId SimGroups::wait_for_leader() {
  NodeId found = no_node;
  const auto led = [this, &found] {
    for (const NodeId id : ids_)
      if (running(id) && group(id).status().role == Role::leader) found = id;
    return found != no_node;
  };
  scheduler_.run_until(led, 30s);
  return found;
}

Instant SimGroups::deadline(NodeId node, Duration time) {
  return machine(node).world().control().clock().now() + time;
}

std::optional<Result<Index>> SimGroups::propose(NodeId node, std::string command, Duration time) {
  return answer(node, group(node).propose(std::move(command), deadline(node, time)));
}

}  // namespace ouro::raft
