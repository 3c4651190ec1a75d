#include "cluster/replicated_metadata.hpp"

#include "base/check.hpp"
#include "base/published.hpp"
#include "cluster/command_codec.hpp"
#include "cluster/state_codec.hpp"
#include "cluster/state_view.hpp"
#include "cluster/voters.hpp"
#include "runtime/coroutine.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace ouro::cluster {
namespace {

using namespace std::chrono_literals;

/// Between two attempts to find a leader.
constexpr Duration look_again = 50ms;
/// A leader that does not answer for so long is asked no more; the next one may be elected by then.
constexpr Duration forward_time = 3s;
constexpr Duration asking_time = 1s;
/// Outcomes are looked up right after their entry was applied.
constexpr std::size_t outcomes_max = 4096;

Error no_leader() {
  return {
      ErrorCode::timeout,
      "the metadata group has no leader: are a majority of its voters up? (see GET /v1/cluster)"};
}

/// What an error of the road means for a command. One that was under way when time ran out may be
/// carried out all the same; one for which there was no room was not. (busy is left to the log: a
/// change runs, and asking again at once would not help.)
Error on_the_way(Error error) {
  if (error.code == ErrorCode::timeout) error.code = ErrorCode::connection_lost;
  if (error.code == ErrorCode::busy) error.code = ErrorCode::unreachable;
  return error;
}

bool is_raft(const Message& message) {
  return message.kind >= raft::message_kind_min && message.kind <= raft::message_kind_max;
}

/// Certainly not carried out, and somebody else may do it.
bool ask_again(ErrorCode code) {
  return code == ErrorCode::not_leader || code == ErrorCode::unreachable;
}

}  // namespace

struct ReplicatedMetadata::Impl final : raft::StateMachine {
  explicit Impl(Parts given)
      : parts(given), group({given.db, given.raft_table, given.loop, given.self, *this}, {}) {}

  void apply(raft::Index index, raft::Term, std::string_view bytes) override {
    if (!health) return;  // going on without the entry would make another cluster of it
    const Result<Command> command = decode_command(bytes);
    if (!command) {
      health = Error{command.error().code,
                     "the metadata log has an entry that this build cannot "
                     "read: start a newer ouro (" +
                         command.error().message + ")"};
      if (changed) changed();
      return;
    }
    check(current != nullptr);
    auto next = std::make_shared<State>(*current);
    Result<Applied> outcome = cluster::apply(*next, *command);
    const bool news = outcome && outcome->changed;
    outcomes.emplace_back(index, std::move(outcome));
    if (outcomes.size() > outcomes_max) outcomes.pop_front();
    if (news) publish(std::move(next));
  }

  std::string snapshot() override { return encode_state(*current); }

  Status restore(std::string_view bytes, raft::Index) override {
    Result<State> state = decode_state(bytes);
    if (!state) return state.error();
    publish(std::make_shared<State>(std::move(*state)));
    return {};
  }

  void publish(std::shared_ptr<const State> next) {
    const std::shared_ptr<const View> before = view.share();
    current = next;
    view.publish(std::make_shared<const View>(view_of(*next, before.get())));
    state.publish(std::move(next));
    if (changed) changed();
  }

  Result<Applied> outcome_at(raft::Index index) const {
    const auto at = std::ranges::find(outcomes, index, [](const auto& pair) { return pair.first; });
    if (at != outcomes.end()) return at->second;
    return Error{ErrorCode::connection_lost,
                 "the command is in the log, but what came of it is not known here any more"};
  }

  Task<Result<Applied>> propose_here(const Command& command, Instant deadline) {
    // As leader at first this node may not have applied all that was committed before.
    const Result<raft::Index> ready = co_await group.read_barrier(deadline);
    if (!ready) co_return no_leader();
    if (current == nullptr) co_return no_leader();
    State trial = *current;
    Result<Applied> expected = cluster::apply(trial, command);
    if (!expected || !expected->changed) co_return expected;
    if (const auto* const begins = std::get_if<Register>(&command.body)) {
      const Status alone = co_await check_alone(*begins);
      if (!alone) co_return alone.error();
    }
    std::string bytes = encode_command(command);
    const Result<raft::Index> index = co_await group.propose(std::move(bytes), deadline);
    if (!index) co_return on_the_way(index.error());
    co_return outcome_at(*index);
  }

  /// A copied data directory and its original look alike: so the run that is registered is asked
  /// for at its address before another takes its place.
  Task<Status> check_alone(const Register& begins) {
    const Member* const known = member(*current, begins.node);
    const bool another = known != nullptr && known->run != 0 &&
                         known->run != begins.registration.run && begins.node != parts.self;
    if (!another) co_return Status();
    const ProcessName before{begins.node, known->run};
    const std::string where = known->host + ":" + std::to_string(known->peer_port);
    const Instant end = parts.loop.clock().now() + asking_time;
    const auto reply =
        co_await parts.loop.peers().introduce(known->host, known->peer_port, encode_who(), end);
    if (!reply) co_return Status();
    const Result<ProcessName> found = decode_me(*reply);
    if (found && *found == before)
      co_return Error{ErrorCode::denied, title(*current, begins.node) + " runs already, at " +
                                             where +
                                             ": was its data directory copied? Stop one of the "
                                             "two; a copy must join with an empty --data-dir"};
    co_return Status();
  }

  Task<Result<Applied>> forward(NodeId to, MessageKind kind, const Command& command,
                                Instant deadline) {
    Message request = encode_request(kind, command);
    const Instant end = std::min(deadline, parts.loop.clock().now() + forward_time);
    const auto reply =
        co_await parts.loop.peers().call(to, PeerLane::control, std::move(request), end);
    if (!reply) co_return on_the_way(reply.error());
    Result<Applied> outcome = decode_outcome(*reply);
    // What the caller looks at next is this node's state.
    if (outcome) co_await reach(outcome->epoch, deadline);
    co_return outcome;
  }

  /// One attempt, wherever the leader is. Who has moved is not found by the leader before it has
  /// told its new address, so any member may carry that over.
  Task<Result<Applied>> propose_once(const Command& command, Instant deadline, bool may_relay) {
    const raft::GroupStatus status = group.status();
    if (status.role == raft::Role::leader) co_return co_await propose_here(command, deadline);
    if (status.leader != raft::no_node)
      co_return co_await forward(status.leader, MessageKind::propose, command, deadline);
    if (may_relay && current != nullptr) {
      const std::shared_ptr<const State> state = current;
      for (const auto& [id, other] : state->members) {
        if (id == parts.self || !parts.loop.peers().reachable(id)) continue;
        Result<Applied> outcome = co_await forward(id, MessageKind::relay, command, deadline);
        if (outcome || !ask_again(outcome.error().code)) co_return outcome;
      }
    }
    co_return Error{ErrorCode::not_leader, "no leader is known"};
  }

  Task<Result<Applied>> propose(Command command, Instant deadline, bool may_relay) {
    Clock& clock = parts.loop.clock();
    while (clock.now() < deadline) {
      Result<Applied> outcome = co_await propose_once(command, deadline, may_relay);
      if (outcome || !ask_again(outcome.error().code)) co_return outcome;
      if (!may_relay) co_return outcome;
      co_await sleep_until(clock, std::min(deadline, clock.now() + look_again));
    }
    co_return no_leader();
  }

  Task<void> reach(Epoch epoch, Instant deadline) {
    Clock& clock = parts.loop.clock();
    while ((current == nullptr || current->epoch < epoch) && clock.now() < deadline)
      co_await sleep_until(clock, std::min(deadline, clock.now() + look_again / 10));
  }

  Welcome welcome_for(NodeId node) const {
    Welcome welcome;
    welcome.cluster = current->cluster;
    welcome.hash_seed = current->hash_seed;
    welcome.node = node;
    welcome.next_node = current->next_node;
    for (const auto& [id, member] : current->members) {
      if (id != node) welcome.members.push_back({id, member.host, member.peer_port});
      if (member.instance != 0) welcome.begun.push_back(id);
    }
    return welcome;
  }

  Task<Message> answer_join(Message request, Instant deadline) {
    const Result<Command> command = decode_request(request);
    const bool joins = command && std::holds_alternative<Join>(command->body);
    if (!joins || current == nullptr) co_return refused_message();
    const Result<Applied> joined = co_await propose(*command, deadline, true);
    if (!joined) co_return encode_welcome(joined.error());
    co_return encode_welcome(welcome_for(joined->node));
  }

  Task<Message> answer_propose(Message request, Instant deadline) {
    const Result<Command> command = decode_request(request);
    if (!command) co_return encode_outcome(command.error());
    if (group.status().role != raft::Role::leader)
      co_return encode_outcome(
          Error{ErrorCode::not_leader, "this node does not lead the metadata group"});
    const Result<Applied> outcome = co_await propose_here(*command, deadline);
    co_return encode_outcome(outcome);
  }

  Task<Message> answer_relay(Message request, Instant deadline) {
    const Result<Command> command = decode_request(request);
    if (!command) co_return encode_outcome(command.error());
    const Result<Applied> outcome = co_await propose(*command, deadline, false);
    co_return encode_outcome(outcome);
  }

  Task<Message> answer_reach(Message request, Instant deadline) {
    const Result<Epoch> epoch = decode_epoch(MessageKind::reach, request);
    if (!epoch) co_return refused_message();
    co_await reach(*epoch, deadline);
    co_return encode_epoch(MessageKind::reached, current != nullptr ? current->epoch : 0);
  }

  Parts parts;
  Published<View> view;
  Published<State> state;
  std::shared_ptr<const State> current;  // the control loop's
  std::deque<std::pair<raft::Index, Result<Applied>>> outcomes;
  std::function<void()> changed;
  Status health;
  raft::Group group;
};

ReplicatedMetadata::ReplicatedMetadata(Parts parts) : impl_(std::make_unique<Impl>(parts)) {}
ReplicatedMetadata::~ReplicatedMetadata() = default;

Status ReplicatedMetadata::open(const std::optional<State>& founding) {
  raft::Initial initial;
  if (founding) {
    initial.group = founding->cluster;
    initial.foundation.emplace();
    initial.foundation->members = first_members(*founding);
    initial.foundation->state = encode_state(*founding);
  }
  return impl_->group.open(initial);
}

void ReplicatedMetadata::start(std::function<void()> changed) {
  impl_->changed = std::move(changed);
  impl_->group.start();
  if (impl_->current != nullptr) impl_->changed();
}

Task<void> ReplicatedMetadata::close() { return impl_->group.close(); }

std::shared_ptr<const View> ReplicatedMetadata::view() const { return impl_->view.share(); }
std::shared_ptr<const State> ReplicatedMetadata::state() const { return impl_->state.share(); }
Status ReplicatedMetadata::health() const { return impl_->health; }
raft::Group& ReplicatedMetadata::group() { return impl_->group; }
const raft::Group& ReplicatedMetadata::group() const { return impl_->group; }

Task<Result<Applied>> ReplicatedMetadata::propose(Command command, Instant deadline) {
  return impl_->propose(std::move(command), deadline, true);
}

Task<Status> ReplicatedMetadata::catch_up(Instant deadline) {
  const Result<raft::Index> index = co_await impl_->group.read_barrier(deadline);
  if (!index) co_return no_leader();
  co_return Status();
}

Task<Message> ReplicatedMetadata::answer(NodeId from, Message request, Instant deadline) {
  const bool stranger = from == NodeId{};
  if (is_raft(request) && !stranger)
    co_return co_await impl_->group.answer(from, std::move(request), deadline);
  const auto kind = static_cast<MessageKind>(request.kind);
  if (kind == MessageKind::join)
    co_return co_await impl_->answer_join(std::move(request), deadline);
  if (kind == MessageKind::propose && !stranger)
    co_return co_await impl_->answer_propose(std::move(request), deadline);
  if (kind == MessageKind::relay && !stranger)
    co_return co_await impl_->answer_relay(std::move(request), deadline);
  if (kind == MessageKind::who) co_return encode_me({impl_->parts.self, impl_->parts.run});
  if (kind == MessageKind::roster && impl_->current != nullptr)
    co_return encode_welcome(impl_->welcome_for(NodeId{}));
  if (kind == MessageKind::reach && !stranger)
    co_return co_await impl_->answer_reach(std::move(request), deadline);
  co_return refused_message();
}

Task<Result<Epoch>> ReplicatedMetadata::ask_applied(NodeId node, Epoch epoch, Instant deadline) {
  Message request = encode_epoch(MessageKind::reach, epoch);
  const auto reply = co_await impl_->parts.loop.peers().call(node, PeerLane::control,
                                                             std::move(request), deadline);
  if (!reply) co_return reply.error();
  const Result<Epoch> applied = decode_epoch(MessageKind::reached, *reply);
  if (!applied) co_return applied.error();
  if (*applied < epoch)
    co_return Error{ErrorCode::timeout, "the node is behind with the metadata log"};
  co_return *applied;
}

raft::Members first_members(const State& founding) {
  std::vector<VoterCandidate> candidates;
  for (const auto& [id, member] : founding.members) {
    const Seat* const place = seat(founding, id);
    candidates.push_back({id, place != nullptr ? place->zone : std::string(), {}, false});
  }
  raft::Members members;
  members.voters = choose_voters(std::move(candidates));
  for (const auto& [id, member] : founding.members)
    if (!std::ranges::binary_search(members.voters, id)) members.learners.push_back(id);
  return members;
}

}  // namespace ouro::cluster
