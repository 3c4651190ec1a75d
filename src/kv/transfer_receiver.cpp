#include "kv/transfer_receiver.hpp"

#include "kv/on_lane.hpp"
#include "kv/tables.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

constexpr Duration answer_within = 20s;
constexpr Duration pause = 200ms;
/// A source that answers nothing for so long is given up: its caller knows whom else to ask.
constexpr Duration patience = 3s;
constexpr unsigned attempts_for_a_chunk = 3;
constexpr unsigned rounds_max = 16;

/// May the same question get another answer later?
bool passes(ErrorCode code) {
  return code == ErrorCode::busy || code == ErrorCode::unreachable ||
         code == ErrorCode::connection_lost || code == ErrorCode::timeout ||
         code == ErrorCode::not_found;
}

Error malformed(std::string_view what) {
  return {ErrorCode::corruption, "a chunk of an arc's stream: " + std::string(what)};
}

/// The frames of a chunk. `context`: what holds for each of its keys.
Result<std::vector<KeyFrame>> frames_of(const Chunk& chunk, const DotSet& context) {
  std::vector<KeyFrame> frames;
  frames.reserve(chunk.entries.size());
  std::size_t at = 0;
  for (const ChunkEntry& entry : chunk.entries) {
    KeyFrame key;
    key.data_key = entry.data_key;
    key.frame.context = context;
    if (entry.size > 0) {
      Result<Object> object = decode_record(chunk.records.part(at, entry.size));
      if (!object) return object.error();
      key.frame.live = std::move(object->live);
      key.frame.context.add(object->rest);
    }
    key.frame.context.add(entry.names);
    for (const Interval& interval : entry.names.intervals())
      for (std::uint64_t counter = interval.first; counter <= interval.last; ++counter)
        key.frame.names.push_back({interval.actor, counter});
    at += entry.size;
    frames.push_back(std::move(key));
  }
  return frames;
}

/// A chunk must lie in its arc and behind its start, whatever its sender believes.
Status check_chunk(const Chunk& chunk, const engine::Range& arc, const std::string& start,
                   const DotSet& missing) {
  if (!chunk.end.empty() && chunk.end <= start) return malformed("it leads backwards");
  if (!chunk.end.empty() && !arc.end.empty() && chunk.end > arc.end)
    return malformed("it leads out of the arc");
  for (const ChunkEntry& entry : chunk.entries) {
    const bool inside = entry.data_key >= arc.start && entry.data_key >= start &&
                        (arc.end.empty() || entry.data_key < arc.end);
    if (!inside) return malformed("a key does not belong in it");
    if (!missing.covers(entry.names)) return malformed("it names dots that were not asked for");
  }
  return {};
}

}  // namespace

/// A pull under way.
struct TransferReceiver::Pull {
  PullOrder order;
  Pulled pulled;
  std::uint64_t session = 0;
  Instant heard;  // when the source answered last, or was asked first
};

TransferReceiver::Exclusive::Exclusive(TransferReceiver& receiver, ArcId arc)
    : receiver_(receiver), arc_(arc), alone_(receiver.under_way_.insert(arc).second) {}

TransferReceiver::Exclusive::~Exclusive() {
  if (alone_) receiver_.under_way_.erase(arc_);
}

Status TransferReceiver::Exclusive::status() const {
  if (alone_) return {};
  return Error{ErrorCode::busy, "the arc is already being moved or removed here"};
}

Task<Result<Pulled>> TransferReceiver::pull(PullOrder order) {
  const Exclusive exclusive(*this, order.arc);
  if (const Status alone = exclusive.status(); !alone) co_return alone.error();
  Pull pull{std::move(order), {}, 0, parts_.clock.now()};
  while (true) {
    const Status ended = co_await attempt(pull);
    if (ended) break;
    if (!passes(ended.error().code)) co_return ended.error();
    const Instant again = parts_.clock.now() + pause;
    if (again >= pull.order.deadline || again - pull.heard >= patience)
      co_return Error{ErrorCode::timeout,
                      "the arc did not come in time; at last: " + ended.error().message};
    co_await sleep_until(parts_.clock, again);
  }
  // Not waited for long: a session that is not closed ends by itself.
  const CloseOrder close{pull.order.arc, pull.session};
  pull.order.deadline = std::min(pull.order.deadline, parts_.clock.now() + 1s);
  co_await ask(pull, encode(close));
  co_return std::move(pull.pulled);
}

// One session: rounds until the source's clock as of its fence is durably covered here.
Task<Status> TransferReceiver::attempt(Pull& pull) {
  const ArcId arc = pull.order.arc;
  const OpenOrder order{arc, parts_.metadata.view()->ring().arc_count(), pull.order.epoch};
  const Result<Message> reply = co_await ask(pull, encode(order));
  if (!reply) co_return reply.error();
  Result<Opened> opened = decode_open_reply(*reply);
  if (!opened) co_return opened.error();
  pull.session = opened->session;
  pull.pulled.fence_clock = std::move(opened->clock);
  ++pull.pulled.sessions;

  bool full = false;
  for (unsigned round = 0; round < rounds_max; ++round) {
    Result<DotSet> mine = co_await parts_.home.durable_clock(arc);
    if (!mine) co_return mine.error();
    pull.pulled.clock = *mine;
    const bool streaming = parts_.home.passed(arc).begun();
    if (!streaming && mine->covers(pull.pulled.fence_clock)) co_return Status();
    full = full || streaming || mine->empty();
    bool full_needed = false;
    const Status done = co_await run_round(pull, full, std::move(*mine), &full_needed);
    if (!done) co_return done;
    full = full_needed;
  }
  co_return Error{ErrorCode::busy, "the source's clock is not covered after many rounds"};
}

Task<Status> TransferReceiver::run_round(Pull& pull, bool full, DotSet mine, bool* full_needed) {
  const ArcId arc = pull.order.arc;
  const RoundOrder order{arc, pull.session, full, mine};
  const Result<Message> reply = co_await ask(pull, encode(order));
  if (!reply) co_return reply.error();
  Result<Round> round = decode_round_reply(*reply);
  if (!round) co_return round.error();
  *full_needed = round->full_needed;
  if (round->full_needed) co_return Status();
  ++pull.pulled.rounds;
  if (full) co_return co_await stream(pull, std::move(round->clock));
  co_return co_await take_differences(pull, std::move(round->clock), std::move(mine));
}

// R13. Where an earlier stream was cut off this one goes on.
Task<Status> TransferReceiver::stream(Pull& pull, DotSet clock) {
  const ArcId arc = pull.order.arc;
  const engine::Range range = arc_range(arc.arc, parts_.metadata.view()->ring().arc_count());
  std::string start = parts_.home.passed(arc).next();
  do {
    Result<Chunk> chunk = co_await fetch(pull, start);
    if (!chunk) co_return chunk.error();
    if (const Status valid = check_chunk(*chunk, range, start, {}); !valid) co_return valid;
    std::string end = chunk->end;
    const Status taken = co_await take_chunk(pull, std::move(start), std::move(*chunk), clock);
    if (!taken) co_return taken;
    start = std::move(end);
  } while (!start.empty());
  co_return Status();
}

// In pieces, if this node has too many keys there to look at together.
Task<Status> TransferReceiver::take_chunk(Pull& pull, std::string start, Chunk chunk,
                                          const DotSet& clock) {
  const ArcId arc = pull.order.arc;
  Result<std::vector<KeyFrame>> frames = frames_of(chunk, {});
  if (!frames) co_return frames.error();
  auto next = frames->begin();
  while (true) {
    const HomeStore::Watch watch(parts_.home, arc, start, chunk.end);
    auto work = [at = latest(arc), start, end = chunk.end, limits = parts_.limits] {
      return keys_between(at, start, end, limits);
    };
    auto scanning = on_lane<FoundKeys>(parts_.lane, std::move(work));
    Result<FoundKeys> found = co_await std::move(scanning);
    if (!found) co_return found.error();
    std::string end = std::move(found->end);
    const auto behind = std::find_if(next, frames->end(), [&end](const KeyFrame& frame) {
      return !end.empty() && frame.data_key >= end;
    });
    StreamPart part;
    part.arc = arc;
    part.frames.assign(std::make_move_iterator(next), std::make_move_iterator(behind));
    part.passed = Stretch{start, end, clock};
    part.local_keys = std::move(found->keys);
    const Status merged = co_await parts_.home.merge_part(std::move(part), &watch);
    if (!merged) co_return merged;
    if (end == chunk.end) co_return Status();
    next = behind;
    start = std::move(end);
  }
}

// R12. The dot log says of every missing dot whose it is, so each key's context leaves out the
// missing dots of the others: they would wait in its rest for nothing.
Task<Status> TransferReceiver::take_differences(Pull& pull, DotSet clock, DotSet mine) {
  const ArcId arc = pull.order.arc;
  const engine::Range range = arc_range(arc.arc, parts_.metadata.view()->ring().arc_count());
  const DotSet missing = clock.difference(mine);
  const DotSet known = clock.intersection(mine);
  std::string start;
  do {
    Result<Chunk> chunk = co_await fetch(pull, start);
    if (!chunk) co_return chunk.error();
    if (const Status valid = check_chunk(*chunk, range, start, missing); !valid) co_return valid;
    Result<std::vector<KeyFrame>> frames = frames_of(*chunk, known);
    if (!frames) co_return frames.error();
    StreamPart part;
    part.arc = arc;
    part.frames = std::move(*frames);
    const Status merged = co_await parts_.home.merge_part(std::move(part), nullptr);
    if (!merged) co_return merged;
    start = chunk->end;
  } while (!start.empty());
  co_return Status();
}

Task<Result<Chunk>> TransferReceiver::fetch(Pull& pull, std::string start) {
  const ChunkOrder order{pull.order.arc, pull.session, std::move(start)};
  Error last{ErrorCode::timeout, "no chunk came"};
  for (unsigned attempt = 0; attempt < attempts_for_a_chunk; ++attempt) {
    const Result<Message> reply = co_await ask(pull, encode(order));
    Result<Chunk> chunk = reply ? decode_chunk_reply(*reply) : Result<Chunk>(reply.error());
    if (chunk) {
      std::size_t bytes = chunk->records.size();
      for (const ChunkEntry& entry : chunk->entries) bytes += entry.data_key.size();
      pull.pulled.keys += chunk->entries.size();
      pull.pulled.bytes += bytes;
      ++pull.pulled.chunks;
      co_await parts_.governor.admit(bytes);
      co_return chunk;
    }
    last = chunk.error();
    const bool damaged = last.code == ErrorCode::corruption;  // perhaps on its way
    if (last.code == ErrorCode::not_found || (!damaged && !passes(last.code))) break;
    co_await sleep_until(parts_.clock, parts_.clock.now() + pause);
  }
  co_return last;
}

// Nobody may wait for an arc's data any more, while its source is asked again and again.
Status TransferReceiver::check_wanted(const PullOrder& order) const {
  if (ending_) return Error{ErrorCode::closed, "this node ends"};
  if (parts_.metadata.view()->changed_at(order.arc.arc) > order.epoch)
    return Error{ErrorCode::stale_epoch, "the arc has changed since the transfer began"};
  return {};
}

Task<Result<Message>> TransferReceiver::ask(Pull& pull, Message request) {
  const Status wanted = check_wanted(pull.order);
  if (!wanted) co_return wanted.error();
  const Instant deadline = std::min(pull.order.deadline, parts_.clock.now() + answer_within);
  if (parts_.clock.now() >= deadline)
    co_return Error{ErrorCode::timeout, "the time for the transfer is over"};
  Result<Message> reply =
      co_await parts_.peers.call(pull.order.source, PeerLane::bulk, std::move(request), deadline);
  if (reply) pull.heard = parts_.clock.now();
  co_return reply;
}

Task<void> TransferReceiver::end() {
  ending_ = true;
  co_return;
}

ArcSnapshot TransferReceiver::latest(ArcId arc) const {
  return {&parts_.db, nullptr, parts_.metadata.view(), arc};
}

Task<Result<Content>> TransferReceiver::content(ArcId arc) {
  const Result<DotSet> durable = co_await parts_.home.durable_clock(arc);
  if (!durable) co_return durable.error();
  ArcSnapshot at = latest(arc);
  at.snapshot = parts_.db.snapshot();
  auto clock_work = [at] { return clock_in(at); };
  auto clock_read = on_lane<DotSet>(parts_.lane, std::move(clock_work));
  Result<DotSet> clock = co_await std::move(clock_read);
  if (!clock) co_return clock.error();
  Content content{std::move(*clock), {}};
  do {
    auto work = [at, sum = content.sum, limits = parts_.limits] {
      return add_content(at, sum, limits);
    };
    auto adding = on_lane<ContentSum>(parts_.lane, std::move(work));
    Result<ContentSum> sum = co_await std::move(adding);
    if (!sum) co_return sum.error();
    if (ending_) co_return Error{ErrorCode::closed, "this node ends"};
    co_await parts_.governor.admit(sum->bytes - content.sum.bytes);
    content.sum = std::move(*sum);
  } while (!content.sum.next.empty());
  if (parts_.home.dropping(arc))
    co_return Error{ErrorCode::busy, "the arc was removed from this node meanwhile"};
  co_return content;
}

}  // namespace ouro::kv
