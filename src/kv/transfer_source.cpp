#include "kv/transfer_source.hpp"

#include "kv/on_lane.hpp"

#include <optional>
#include <utility>

namespace ouro::kv {

/// Shared with the jobs on the lane that read for it.
struct TransferSource::Session {
  NodeId receiver{};
  ArcId arc;
  Epoch epoch = 0;
  Instant used;
  Instant snapshot_taken;
  ArcSnapshot at;                        // of the present round
  std::optional<Difference> difference;  // absent: the round streams the whole arc
};

namespace {

Error gone(std::uint64_t session) {
  return {ErrorCode::not_found, "this node knows no transfer session " + std::to_string(session) +
                                    " (any more): open another"};
}

Message not_understood() {
  Message message;
  message.kind = 7;  // MessageKind::refused
  return message;
}

/// What a round reads before its first chunk.
struct Prepared {
  DotSet clock;
  bool streaming = false;  // this replica itself has not all of the arc
  std::optional<Difference> difference;
};

Result<Prepared> prepare(const ArcSnapshot& at, bool full, const DotSet& theirs,
                         const ScanLimits& limits) {
  Prepared prepared;
  Result<DotSet> clock = clock_in(at);
  if (!clock) return clock.error();
  prepared.clock = std::move(*clock);
  const Result<Passed> passed = passed_in(at);
  if (!passed) return passed.error();
  prepared.streaming = !passed->covered_by(prepared.clock);
  if (full) return prepared;
  auto difference = find_difference(at, prepared.clock.difference(theirs), limits);
  if (!difference) return difference.error();
  prepared.difference = std::move(*difference);
  return prepared;
}

}  // namespace

Task<Message> TransferSource::answer(NodeId from, Message request, Instant) {
  expire();
  switch (static_cast<TransferKind>(request.kind)) {
    case TransferKind::open: {
      const Result<OpenOrder> order = decode_open(request);
      if (!order) co_return not_understood();
      const Result<Opened> opened = co_await open(from, *order);
      co_return encode_reply(opened);
    }
    case TransferKind::round: {
      Result<RoundOrder> order = decode_round(request);
      if (!order) co_return not_understood();
      const Result<Round> round = co_await begin_round(from, std::move(*order));
      co_return encode_reply(round);
    }
    case TransferKind::chunk: {
      Result<ChunkOrder> order = decode_chunk(request);
      if (!order) co_return not_understood();
      const Result<Chunk> chunk = co_await read_chunk(from, std::move(*order));
      co_return encode_reply(chunk);
    }
    case TransferKind::close: {
      const Result<CloseOrder> order = decode_close(request);
      if (!order) co_return not_understood();
      if (find(from, order->arc, order->session)) sessions_.erase(order->session);
      co_return encode_close_reply();
    }
    default:
      co_return not_understood();
  }
}

Task<Result<Opened>> TransferSource::open(NodeId from, OpenOrder order) {
  if (order.arc_count != parts_.metadata.view()->ring().arc_count())
    co_return Error{ErrorCode::busy, "the nodes do not agree on the number of arcs yet"};
  // A receiver has one session of an arc: what it forgot, or never heard of, is not kept for it.
  std::erase_if(sessions_, [&](const auto& entry) {
    return entry.second->receiver == from && entry.second->arc == order.arc;
  });
  if (sessions_.size() >= parts_.limits.sessions)
    co_return Error{ErrorCode::busy, "this node serves as many transfers as it may"};
  const auto session = std::make_shared<Session>();
  session->receiver = from;
  session->arc = order.arc;
  session->epoch = order.epoch;
  session->used = parts_.clock.now();
  // The boot makes it another number in every run.
  const std::uint64_t id = (std::uint64_t{parts_.self.boot} << 32) + ++last_session_;
  sessions_.emplace(id, session);
  Result<DotSet> clock = co_await parts_.home.durable_clock(order.arc, order.epoch);
  if (!clock) {
    sessions_.erase(id);
    co_return clock.error();
  }
  co_return Opened{id, std::move(*clock)};
}

Task<Result<Round>> TransferSource::begin_round(NodeId from, RoundOrder order) {
  const Result<SessionPointer> found = find(from, order.arc, order.session);
  if (!found) co_return found.error();
  const SessionPointer session = *found;
  session->at = ArcSnapshot();
  session->difference.reset();
  // Only what is durable is shown (R7), and the clock is the one in the snapshot: one in memory
  // would name changes that are not in it.
  const Result<DotSet> durable = co_await parts_.home.durable_clock(order.arc);
  if (!durable) co_return durable.error();
  const ArcSnapshot at{&parts_.db, parts_.db.snapshot(), parts_.metadata.view(), order.arc};
  auto work = [at, full = order.full, theirs = std::move(order.clock),
               limits = parts_.limits.scan] { return prepare(at, full, theirs, limits); };
  auto prepared = on_lane<Prepared>(parts_.lane, std::move(work));
  Result<Prepared> ready = co_await std::move(prepared);
  if (!ready) co_return ready.error();
  if (const Result<SessionPointer> still = find(from, order.arc, order.session); !still)
    co_return still.error();
  if (order.full && ready->streaming)
    co_return Error{ErrorCode::busy, "this node itself still waits for a part of the arc"};
  Round round;
  round.full_needed = !order.full && !ready->difference;
  round.clock = std::move(ready->clock);
  if (round.full_needed) co_return round;
  session->at = at;
  session->difference = std::move(ready->difference);
  session->snapshot_taken = parts_.clock.now();
  co_return round;
}

Task<Result<Chunk>> TransferSource::read_chunk(NodeId from, ChunkOrder order) {
  const Result<SessionPointer> found = find(from, order.arc, order.session);
  if (!found) co_return found.error();
  const SessionPointer session = *found;
  if (session->at.db == nullptr) co_return gone(order.session);
  const ArcSnapshot at = session->at;
  auto work = [session, at, start = std::move(order.start), limits = parts_.limits.scan] {
    return session->difference ? read_difference(at, *session->difference, start, limits)
                               : read_stream(at, start, limits);
  };
  auto reading = on_lane<Chunk>(parts_.lane, std::move(work));
  Result<Chunk> chunk = co_await std::move(reading);
  // A removal of the arc empties snapshots too, and what it empties must not look like absence.
  if (const Result<SessionPointer> still = find(from, order.arc, order.session); !still)
    co_return still.error();
  co_return chunk;
}

Result<TransferSource::SessionPointer> TransferSource::find(NodeId from, ArcId arc,
                                                            std::uint64_t session) {
  const auto at = sessions_.find(session);
  if (at == sessions_.end() || at->second->receiver != from || at->second->arc != arc)
    return gone(session);
  if (const Status valid = still_valid(*at->second); !valid) {
    sessions_.erase(at);
    return valid.error();
  }
  at->second->used = parts_.clock.now();
  return at->second;
}

Status TransferSource::still_valid(const Session& session) const {
  if (parts_.home.dropping(session.arc))
    return Error{ErrorCode::stale_epoch, "the arc is being removed from this node"};
  if (parts_.fence.changed_at(session.arc.arc) != session.epoch)
    return Error{ErrorCode::stale_epoch, "the arc has changed since the transfer began"};
  return {};
}

void TransferSource::expire() {
  const Instant now = parts_.clock.now();
  std::erase_if(sessions_, [&](const auto& entry) {
    const Session& session = *entry.second;
    const bool old =
        session.at.db != nullptr && now - session.snapshot_taken > parts_.limits.snapshot_age;
    return old || now - session.used > parts_.limits.idle;
  });
}

}  // namespace ouro::kv
