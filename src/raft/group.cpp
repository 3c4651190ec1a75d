#include "raft/group.hpp"

#include "base/check.hpp"
#include "raft/core.hpp"
#include "raft/storage.hpp"
#include "raft/waiters.hpp"
#include "raft/wire.hpp"
#include "runtime/nursery.hpp"
#include "runtime/reply.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace ouro::raft {
namespace {

/// A snapshot may take that long to arrive.
constexpr Duration snapshot_time = std::chrono::seconds(60);

CoreOptions core_options(NodeId self, const GroupOptions& options) {
  CoreOptions core;
  core.self = self;
  core.heartbeat_ticks = options.heartbeat_ticks;
  core.election_ticks = options.election_ticks;
  core.append_bytes_max = options.append_bytes_max;
  core.window.bytes = options.in_flight_bytes_max;
  core.pending_bytes_max = options.pending_bytes_max;
  return core;
}

Result<Stored> first_state(const Initial& initial) {
  Stored stored;
  stored.hard.group = initial.group;
  if (!initial.foundation) return stored;
  const Members& members = initial.foundation->members;
  if (const Status sound = check_members(members); !sound) return sound.error();
  if (initial.group == 0)
    return Error{ErrorCode::invalid_argument, "a new Raft group needs an id other than 0"};
  stored.hard.term = 1;
  stored.hard.commit = 1;
  stored.snapshot = {
      1, 1, {members.voters, {}, members.learners}, SharedBytes(initial.foundation->state)};
  return stored;
}

}  // namespace

struct Group::Impl {
  using Committed = Result<engine::Sequence>;

  Impl(Parts parts_, GroupOptions options_)
      : parts(parts_),
        options(options_),
        clock(parts_.loop.clock()),
        storage(parts_.db, parts_.table),
        waiters(clock),
        nursery(parts_.loop.executor(), clock),
        ticker(clock.make_timer()),
        last_read(parts_.loop.random().next()) {}

  Status open(const Initial& initial);
  Task<void> run();
  void pump();
  void apply();
  void compact();
  Task<void> save(Ready ready);
  Task<Committed> commit(const Ready& ready);
  Task<void> send(Packet packet);
  void stop(const Error& error);
  bool is_over() const { return closing || !stopped_by.empty() || !core->problem().empty(); }
  Error over() const;
  Status applied_all(const raft::Committed& committed);

  Parts parts;
  GroupOptions options;
  Clock& clock;
  Storage storage;
  std::optional<Core> core;
  Waiters waiters;
  Nursery nursery;
  std::unique_ptr<Timer> ticker;
  std::uint64_t last_read;  // random at first: an answer may be meant for an earlier run
  bool started = false, closing = false;
  std::string stopped_by, not_compacted;
  std::size_t bytes_since_snapshot = 0;
  std::tuple<Role, Term, NodeId, Index, Index, Index> seen{};
};

Status Group::Impl::open(const Initial& initial) {
  auto loaded = storage.load();
  if (!loaded) return loaded.error();
  if (!*loaded) {
    auto first = first_state(initial);
    if (!first) return first.error();
    if (initial.foundation)
      if (const Status founded = storage.found(*first); !founded) return founded;
    *loaded = std::move(*first);
  }
  core.emplace(core_options(parts.self, options), parts.loop.random(), std::move(**loaded));
  apply();
  if (!stopped_by.empty()) return Error{ErrorCode::corruption, stopped_by};
  return {};
}

Task<void> Group::Impl::run() {
  Instant next = clock.now() + options.tick;
  while (!closing) {
    if (clock.now() >= next) {
      core->tick();
      pump();
      // A process that stood still has not heard its leader either: it gets its time anew.
      next = std::max(next, clock.now() - options.tick) + options.tick;
    }
    co_await ticker->wait_until(next);
  }
}

// After each change of the core: lets everything out that it wants.
void Group::Impl::pump() {
  if (is_over()) return waiters.end(over());
  apply();
  compact();
  if (auto ready = core->take_ready()) nursery.spawn(save(std::move(*ready)));
  for (Packet& packet : core->take_packets()) nursery.spawn(send(std::move(packet)));
  for (const ReadResult& result : core->take_reads()) waiters.read(result);
  const auto now = std::tuple(core->role(), core->term(), core->leader(), core->commit(),
                              core->applied(), core->log().configuration_index());
  if (std::exchange(seen, now) != now) waiters.something_changed();
}

void Group::Impl::apply() {
  const Status applied = applied_all(core->take_committed(SIZE_MAX));
  if (!applied) stop(applied.error());
}

Status Group::Impl::applied_all(const raft::Committed& committed) {
  if (committed.snapshot) {
    const Snapshot& snapshot = *committed.snapshot;
    if (const Status done = parts.machine.restore(snapshot.state, snapshot.index); !done)
      return done;
    waiters.skipped(snapshot.index);
    bytes_since_snapshot = 0;
  }
  for (const Entry& entry : committed.entries) {
    if (entry.kind == EntryKind::command)
      parts.machine.apply(entry.index, entry.term, entry.data.view());
    bytes_since_snapshot += cost(entry);
    waiters.applied(entry.index, entry.term);
  }
  return {};
}

void Group::Impl::compact() {
  if (bytes_since_snapshot <= options.log_bytes_kept || is_over()) return;
  bytes_since_snapshot = 0;
  const Status done = core->compact(SharedBytes(parts.machine.snapshot()), options.log_bytes_kept);
  not_compacted = done ? std::string() : done.error().message;
}

Task<void> Group::Impl::save(Ready ready) {
  for (;;) {
    Committed written = co_await commit(ready);
    if (closing) co_return;
    if (written) break;
    const ErrorCode code = written.error().code;
    if (code != ErrorCode::busy && code != ErrorCode::no_space) {
      stop(written.error());
      pump();
      co_return;
    }
    // Nothing was queued, so nothing is promised. Others can lead meanwhile.
    core->resign();
    pump();
    co_await sleep_until(clock, clock.now() + options.tick);
    if (closing) co_return;
  }
  storage.saved(ready);
  core->persisted();
  pump();
}

Task<Group::Impl::Committed> Group::Impl::commit(const Ready& ready) {
  auto start = [this, &ready](Reply<Committed> reply) {
    const auto done = std::make_shared<Reply<Committed>>(std::move(reply));
    const auto durability = ready.must_sync ? engine::Durability::disk : engine::Durability::os;
    const Status queued =
        parts.db.commit(storage.batch(ready), durability,
                        [done](Committed committed) { (*done)(std::move(committed)); });
    if (!queued) (*done)(queued.error());
  };
  auto waiting = await_reply<Committed>(start);
  co_return co_await std::move(waiting);
}

Task<void> Group::Impl::send(Packet packet) {
  const NodeId to = packet.to;
  const bool is_snapshot = packet.kind == PacketKind::install_snapshot;
  const Duration time = is_snapshot ? snapshot_time : options.tick * options.election_ticks;
  auto call =
      parts.loop.peers().call(to, PeerLane::control, encode_packet(packet), clock.now() + time);
  const Result<Message> answer = co_await std::move(call);
  if (closing || (answer && !is_snapshot)) co_return;
  if (is_snapshot) core->snapshot_ended(to, answer.has_value());
  if (!answer) core->unreachable(to);
  pump();
}

void Group::Impl::stop(const Error& error) { stopped_by = "Raft stopped: " + error.message; }

Error Group::Impl::over() const {
  if (closing) return {ErrorCode::connection_lost, "the node shuts down: the outcome is not known"};
  return {ErrorCode::connection_lost, stopped_by.empty() ? core->problem() : stopped_by};
}

Group::Group(Parts parts, GroupOptions options) : impl_(std::make_unique<Impl>(parts, options)) {}

Group::~Group() = default;

Status Group::open(const Initial& initial) { return impl_->open(initial); }

void Group::start() {
  check(impl_->core.has_value());
  impl_->started = true;
  impl_->nursery.spawn(impl_->run());
}

Task<void> Group::close() {
  Impl& impl = *impl_;
  impl.closing = true;
  impl.ticker->wake();
  impl.waiters.end(impl.over());
  co_await impl.waiters.all_gone();
  co_await impl.nursery.close();
}

Task<Message> Group::answer(NodeId from, Message message, Instant) {
  Impl& impl = *impl_;
  if (impl.started && !impl.is_over()) {
    if (auto packet = decode_packet(from, impl.parts.self, message)) {
      impl.core->step(std::move(*packet));
      impl.pump();
    }
  }
  Message taken;
  taken.kind = message.kind;
  co_return taken;
}

GroupStatus Group::status() const {
  GroupStatus status;
  if (!impl_->core) return status;
  status = impl_->core->status();
  if (status.problem.empty()) status.problem = impl_->stopped_by;
  status.stopped = !status.problem.empty();
  if (status.stopped) status.role = Role::follower;
  if (status.problem.empty()) status.problem = impl_->not_compacted;
  return status;
}

Task<Result<Index>> Group::propose(std::string command, Instant deadline) {
  Impl& impl = *impl_;
  if (impl.is_over()) co_return Error{ErrorCode::closed, impl.over().message};
  const Waiters::Visit visit(impl.waiters);
  Result<Index> placed = impl.core->propose(SharedBytes(std::move(command)));
  if (!placed) co_return placed;
  const auto outcome = impl.waiters.expect(*placed, impl.core->term());
  impl.pump();
  const auto told = co_await outcome->next(deadline);
  impl.waiters.forget(*placed, outcome);
  if (told) co_return *told;
  co_return Error{ErrorCode::timeout, "the proposal at index " + std::to_string(*placed) +
                                          " was not committed in time; it may still be"};
}

Task<bool> Group::wait_applied(Index index, Instant deadline) {
  Impl& impl = *impl_;
  const Waiters::Visit visit(impl.waiters);
  while (impl.core->applied() < index) {
    if (impl.is_over() || impl.clock.now() >= deadline) co_return false;
    co_await impl.waiters.change(deadline);
  }
  co_return true;
}

Task<Result<Index>> Group::read_barrier(Instant deadline) {
  Impl& impl = *impl_;
  const Waiters::Visit visit(impl.waiters);
  const Duration patience = impl.options.tick * impl.options.election_ticks;
  while (!impl.is_over() && impl.clock.now() < deadline) {
    const std::uint64_t id = ++impl.last_read;
    const auto inbox = impl.waiters.ask(id);
    impl.core->read(id);
    impl.pump();
    const auto told = co_await inbox->next(std::min(deadline, impl.clock.now() + patience));
    impl.waiters.forget_read(id);
    if (told && told->index) {
      const bool reached = co_await wait_applied(*told->index, deadline);
      if (reached) co_return *told->index;
    } else if (told) {  // no leader: look again when that changes, or soon
      const Instant soon = std::min(deadline, impl.clock.now() + impl.options.tick);
      co_await impl.waiters.change(soon);
    }
  }
  if (impl.is_over()) co_return impl.over();
  co_return Error{ErrorCode::timeout,
                  "no leader of the metadata group confirmed the read in time: is a majority up?"};
}

Task<Status> Group::change_members(Members members, Instant deadline) {
  Impl& impl = *impl_;
  if (impl.is_over()) co_return Error{ErrorCode::closed, impl.over().message};
  const Waiters::Visit visit(impl.waiters);
  const Result<Index> begun = impl.core->change_members(members);
  if (!begun) co_return begun.error();
  impl.pump();
  const Configuration wanted{members.voters, {}, members.learners};
  while (!impl.is_over()) {
    const Log& log = impl.core->log();
    if (log.configuration() == wanted && log.configuration_index() <= impl.core->commit())
      co_return Status();
    if (impl.core->role() != Role::leader)
      co_return Error{ErrorCode::connection_lost,
                      "leadership was lost while the members changed: see who they are and repeat"};
    if (impl.clock.now() >= deadline)
      co_return Error{ErrorCode::timeout, "the change of members goes on: no majority yet"};
    co_await impl.waiters.change(deadline);
  }
  co_return impl.over();
}

Task<Status> Group::transfer_leadership(NodeId to, Instant deadline) {
  Impl& impl = *impl_;
  if (impl.is_over()) co_return Error{ErrorCode::closed, impl.over().message};
  const Waiters::Visit visit(impl.waiters);
  const Status begun = impl.core->transfer(to);
  if (!begun) co_return begun;
  impl.pump();
  while (!impl.is_over() && impl.clock.now() < deadline) {
    const NodeId leader = impl.core->leader();
    if (leader == to || (leader != no_node && leader != impl.parts.self)) co_return Status();
    co_await impl.waiters.change(deadline);
  }
  if (impl.is_over()) co_return impl.over();
  co_return Error{ErrorCode::timeout, "nobody took over in time: is the other node up to date?"};
}

}  // namespace ouro::raft
