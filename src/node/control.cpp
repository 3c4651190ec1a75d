#include "node/control.hpp"

#include "cluster/state_view.hpp"
#include "node/join.hpp"
#include "runtime/reply.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <set>
#include <utility>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_again = 1s;
constexpr Duration first_look = 20ms;
constexpr Duration registering_time = 5s;
constexpr Duration catching_up_max = 5s;
constexpr Duration asking_time = 2s;
/// So long removed nodes are still talked to, so that they hear of it.
constexpr Duration farewell = 15s;

Error removed() {
  return {ErrorCode::denied,
          "this node was removed from the cluster: to bring the machine back, start it with an "
          "empty --data-dir and --join"};
}

}  // namespace

Control::Control(Parts parts, std::function<void(Error)> failed)
    : parts_(parts),
      failed_(std::move(failed)),
      metadata_(
          {*parts.storage.meta, raft_table, parts.world.control(), parts.identity.node, parts.run}),
      liveness_(parts.world.control(), {parts.identity.node, parts.identity.boot, parts.run}),
      steward_({metadata_, liveness_, parts.world.control(), parts.identity.node}),
      fence_(metadata_, parts.identity.node, false),
      timer_(parts.world.control().clock().make_timer()),
      nursery_(parts.world.control().executor(), parts.world.control().clock()) {}

Control::~Control() = default;

std::optional<cluster::State> Control::founding_state() const {
  if (!parts_.config.founding) return std::nullopt;
  cluster::Settings settings = *parts_.config.founding;
  settings.cluster = parts_.identity.cluster;
  settings.hash_seed = parts_.identity.hash_seed;
  Result<cluster::State> state = cluster::found(settings);
  if (!state) return std::nullopt;  // checked when the node was opened
  return std::move(*state);
}

Task<Status> Control::begin(const bool& closing) {
  const auto contacts = cluster::read_contacts(*parts_.storage.meta, system_table);
  if (!contacts) co_return contacts.error();
  const Status opened = metadata_.open(founding_state());
  if (!opened) co_return opened.error();

  Loop& loop = parts_.world.control();
  std::vector<PeerAddress> known;
  for (const cluster::Contact& contact : *contacts)
    known.push_back({contact.node, contact.host, contact.port});
  take_hearsay(known);
  if (!metadata_.view()) loop.peers().set_addresses(std::move(known));
  loop.peers().serve(*this);
  liveness_.on_change([this](const cluster::swim::Event&) { steward_.wake(); });
  liveness_.start();
  metadata_.start([this] { state_changed(); });
  while (!metadata_.view() && !closing)
    co_await sleep_until(loop.clock(), loop.clock().now() + first_look);
  if (!metadata_.view()) co_return Error{ErrorCode::closed, "the node ends before it was let in"};
  // After a restart the log on disk may end before what this node had shown to others. It serves
  // with what it has only if nobody can tell it more.
  const Instant enough = loop.clock().now() + catching_up_max;
  static_cast<void>(co_await metadata_.catch_up(enough));
  steward_.start();
  nursery_.spawn(look_regularly());
  co_return Status();
}

void Control::serve(kv::Homes& homes) {
  mover_ = std::make_unique<kv::Mover>(
      kv::Mover::Parts{metadata_, liveness_, parts_.world.control(), parts_.identity.node, homes});
  mover_->start();
  nursery_.spawn(register_run());
}

Task<void> Control::close() {
  closing_ = true;
  timer_->wake();
  if (mover_) co_await mover_->close();
  co_await steward_.close();
  co_await liveness_.close();
  co_await metadata_.close();
  co_await nursery_.close();
}

Task<Message> Control::answer(NodeId from, Message request, Instant deadline) {
  if (from != NodeId{} && cluster::Liveness::takes(request.kind))
    return liveness_.answer(from, std::move(request), deadline);
  return metadata_.answer(from, std::move(request), deadline);
}

void Control::state_changed() {
  const std::shared_ptr<const cluster::State> state = metadata_.state();
  if (!state) return;
  std::vector<NodeId> members;
  for (const auto& [id, member] : state->members) members.push_back(id);
  liveness_.set_members(std::move(members));
  liveness_.set_applied(state->epoch);
  std::erase_if(hearsay_, [&](const auto& entry) {
    return state->members.contains(entry.first) || state->removed.contains(entry.first);
  });
  set_addresses();
  look_at_own_fate();
  steward_.wake();
  if (mover_) mover_->wake();
}

// Every loop talks to all members, and for a moment to those that are none any more, so that they
// hear of it.
void Control::set_addresses() {
  const std::shared_ptr<const cluster::State> state = metadata_.state();
  const Instant now = parts_.world.control().clock().now();
  std::map<NodeId, PeerAddress> members;
  for (const auto& [id, member] : state->members)
    if (!member.lost) members[id] = {id, member.host, member.peer_port};
  for (const auto& [id, address] : present_)
    if (!members.contains(id)) departed_.try_emplace(id, Departed{address, now});
  std::erase_if(departed_, [&](const auto& entry) {
    return members.contains(entry.first) || now - entry.second.since >= farewell;
  });
  present_ = members;
  std::vector<PeerAddress> peers;
  for (const auto& [id, departed] : departed_) members[id] = departed.address;
  for (const auto& [id, address] : hearsay_) members.try_emplace(id, address);
  for (const auto& [id, address] : members)
    if (id != parts_.identity.node) peers.push_back(address);

  parts_.world.control().peers().set_addresses(peers);
  for (std::size_t i = 0; i < parts_.world.loop_count(); ++i) {
    Loop& loop = parts_.world.loop(i);
    asio::post(loop.executor(), [&loop, peers] { loop.peers().set_addresses(peers); });
  }
}

void Control::look_at_own_fate() {
  if (const Status health = metadata_.health(); !health) return failed_(health.error());
  const std::shared_ptr<const cluster::State> state = metadata_.state();
  const NodeId self = parts_.identity.node;
  if (state->removed.contains(self)) return failed_(removed());
  const cluster::Member* const own = member(*state, self);
  if (own == nullptr) return;  // the log it has read does not reach that far yet
  if (own->lost)
    return failed_({ErrorCode::denied,
                    "this node was declared lost, so others took over what it had: start it with "
                    "an empty --data-dir and --join"});
  if (own->run == parts_.run) {
    fence_.open();
  } else if (fence_.may_mint()) {
    failed_({ErrorCode::denied,
             "another process took over the identity of this node: is its data directory in use "
             "twice, or was it copied?"});
  }
}

Task<void> Control::register_run() {
  Loop& loop = parts_.world.control();
  while (!closing_ && !fence_.may_mint()) {
    cluster::Command command;
    command.body = cluster::Register{parts_.identity.node,
                                     registration_of(parts_.config, parts_.identity, parts_.run)};
    command.origin = {"the node itself", loop.clock().wall()};
    const Instant deadline = loop.clock().now() + registering_time;
    const auto done = co_await metadata_.propose(std::move(command), deadline);
    if (!done && done.error().code == ErrorCode::denied) {
      failed_(done.error());
      co_return;
    }
    if (!done)
      spdlog::warn(
          "msg=\"this run is not registered yet, so other nodes coordinate its writes\" "
          "why=\"{}\"",
          to_string(done.error()));
  }
}

Task<void> Control::look_regularly() {
  Loop& loop = parts_.world.control();
  while (!closing_) {
    co_await timer_->wait_until(loop.clock().now() + look_again);
    if (closing_) break;
    if (!departed_.empty()) set_addresses();
    if (cut_off()) co_await ask_for_members();
  }
}

bool Control::cut_off() const {
  return !fence_.may_mint() || metadata_.group().status().leader == raft::no_node;
}

// A node that was away, or that joins, has a log that names members of long ago: it lets only those
// in and talks only to those. Whoever it still knows, or was told of by its user, knows more. It
// asks as a stranger, for it may have been removed meanwhile.
Task<void> Control::ask_for_members() {
  std::vector<Seed> places = parts_.config.seeds;
  for (const auto& [id, address] : present_)
    if (id != parts_.identity.node) places.push_back({address.host, address.port});
  Loop& loop = parts_.world.control();
  for (const Seed& place : places) {
    const Instant deadline = loop.clock().now() + asking_time;
    const auto reply = co_await loop.peers().introduce(place.host, place.port,
                                                       cluster::encode_roster_request(), deadline);
    if (closing_) co_return;
    if (!reply) continue;
    const auto roster = cluster::decode_welcome(*reply);
    if (!roster || roster->cluster != parts_.identity.cluster) continue;
    if (was_removed(*roster, parts_.identity.node)) co_return failed_(removed());
    co_return take_hearsay(roster->members);
  }
}

void Control::take_hearsay(const std::vector<PeerAddress>& members) {
  const std::shared_ptr<const cluster::State> state = metadata_.state();
  hearsay_.clear();
  for (const PeerAddress& member : members)
    if (member.node != parts_.identity.node && !(state && state->removed.contains(member.node)))
      hearsay_[member.node] = member;
  if (state) set_addresses();
}

}  // namespace ouro::node
