#include "kv/home_store.hpp"

#include "base/check.hpp"
#include "kv/home_state.hpp"
#include "kv/request.hpp"
#include "kv/tables.hpp"
#include "runtime/reply.hpp"

#include <memory>
#include <utility>

namespace ouro::kv {
namespace {

constexpr std::size_t under_way_max = 8192;
constexpr std::size_t recent_max = 128;

using Committed = Result<engine::Sequence>;

std::size_t size_of(const Object& object) {
  std::size_t size = 0;
  for (const Sibling& sibling : object.live) size += sibling.value.size();
  return size;
}

Error not_registered() {
  return {ErrorCode::unreachable,
          "this run of the node is not registered yet: another replica must coordinate"};
}

Error too_busy() {
  return {ErrorCode::busy, "too many writes are under way on this node: try again later"};
}

}  // namespace

HomeStore::HomeStore(Parts parts) : parts_(parts) { check(parts_.loop < parts_.loop_count); }

Status HomeStore::load() {
  const std::string clocks = clock_prefix();
  const auto rows = parts_.db.scan(clocks_table, {clocks, prefix_end(clocks)});
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    const Result<ArcId> id = parse_clock_key(rows->key());
    if (!id) return id.error();
    if (id->arc % parts_.loop_count != parts_.loop) continue;
    Result<DotSet> seen = decode_clock(rows->value());
    if (!seen) return seen.error();
    // Whether keys of the arc are unsettled is found out by the first settle().
    ArcState& arc = arcs_[*id];
    arc.seen = std::move(*seen);
    arc.clock_row = arc.unsettled = arc.grown = true;
  }
  if (const Status status = rows->status(); !status) return status;
  return load_streams();
}

Task<Result<Coordinated>> HomeStore::coordinate(LocalWrite write) {
  if (under_way_ >= under_way_max) co_return too_busy();
  const UnderWay counted(*this);
  const Hold hold(*this, write.arc, write.data_key);
  const Status loaded = co_await load_key(write.arc, hold.key());
  if (!loaded) co_return loaded.error();
  if (const Status in = admit(write.arc, write.epoch); !in) co_return in.error();
  if (parts_.fence != nullptr && !parts_.fence->may_mint()) co_return not_registered();

  // From here to the commit nothing is awaited: the newest state cannot change under the decision.
  ArcState& arc = arcs_[write.arc];
  Coordinated result;
  result.dot = {parts_.self, arc.counter + 1};
  result.existed = !hold.key()->second.object.live.empty();

  Draft draft;
  draft.object = hold.key()->second.object;
  draft.seen = arc.seen;
  draft.learned.push_back(result.dot);
  const DotSet passed = fold_passed(arc, write.data_key, draft.object);
  if (write.value) {
    write.value->dot = result.dot;
    write.value->stamp = stamps_.tick(parts_.clock.wall());
    coordinate_put(draft.object, draft.seen, std::move(*write.value), write.context);
    if (draft.object.live.size() > siblings_max || size_of(draft.object) > siblings_size_max)
      co_return Error{ErrorCode::invalid_argument,
                      "the key has too many concurrent values: read it and write with its context"};
  } else {
    coordinate_remove(draft.object, draft.seen, result.dot, write.context);
  }
  ++arc.counter;  // even if the commit is refused: a counter is never used twice
  arc.recent.emplace_back(result.dot, write.data_key);
  if (arc.recent.size() > recent_max) arc.recent.pop_front();

  std::vector<Dot> names;
  names.push_back(result.dot);
  result.siblings = draft.object.live.size();
  result.frame = frame_of(draft.object, draft.seen, std::move(names));
  result.frame.context = without_others(arc, write.data_key, std::move(result.frame.context));
  result.context = filled_context(draft.object, draft.seen);
  draft.object.rest.subtract(passed);

  const Status committed = co_await commit(write.arc, hold.key(), std::move(draft));
  if (!committed) co_return committed.error();
  co_return result;
}

Task<Status> HomeStore::apply(ArcId arc_id, std::string data_key, Frame frame, Epoch epoch) {
  if (under_way_ >= under_way_max) co_return too_busy();
  const UnderWay counted(*this);
  const Hold hold(*this, arc_id, std::move(data_key));
  const Status loaded = co_await load_key(arc_id, hold.key());
  if (!loaded) co_return loaded.error();
  // Here and not before: what a clock read on this loop does not show is let in no more.
  if (const Status in = admit(arc_id, epoch); !in) co_return in.error();

  // A stamp far ahead of this clock is merged like any other; it only does not pull this clock
  // along.
  for (const Sibling& sibling : frame.live)
    static_cast<void>(stamps_.observe(sibling.stamp, parts_.clock.wall()));
  const KeyState& state = hold.key()->second;
  Draft draft;
  draft.object = state.object;
  draft.seen = arcs_[arc_id].seen;
  const DotSet passed = fold_passed(arcs_[arc_id], hold.key()->first, draft.object);
  Change merged = merge(draft.object, draft.seen, frame);
  draft.learned = std::move(merged.learned);
  draft.object.rest.subtract(passed);
  // Nothing new, and what is known is durable. (While changes of the key are under way the commit
  // below is the wait for them: log order makes it durable after them.)
  if (!merged.object_changed && draft.learned.empty() && state.pending == 0 &&
      arcs_[arc_id].parts == 0)
    co_return Status();
  co_return co_await commit(arc_id, hold.key(), std::move(draft));
}

Task<Status> HomeStore::load_key(ArcId arc, Keys::iterator key) {
  if (key->second.loaded) co_return Status();
  const std::uint64_t drops = arcs_[arc].drops;
  Result<LocalObject> local = co_await parts_.reader.read(arc, key->first);
  if (!local) co_return local.error();
  if (arcs_[arc].drops != drops)
    co_return Error{ErrorCode::busy, "the key's arc was removed from this node meanwhile"};
  // Another change of the key may have loaded it, and changed it, meanwhile.
  if (key->second.loaded) co_return Status();
  key->second.object = std::move(local->object);
  key->second.object.rest.subtract(local->passed);
  key->second.unsettled = !key->second.object.rest.empty();
  key->second.loaded = true;
  co_return Status();
}

Task<Status> HomeStore::commit(ArcId arc_id, Keys::iterator key, Draft draft) {
  engine::Batch batch = batch_of(arc_id, key, draft);
  Status queued;
  auto start = [&](Reply<Committed> reply) {
    const auto done = std::make_shared<Reply<Committed>>(std::move(reply));
    queued = parts_.db.commit(std::move(batch), engine::Durability::disk,
                              [done](Committed committed) { (*done)(std::move(committed)); });
    if (!queued) {
      (*done)(queued.error());
      return;
    }
    ArcState& arc = arcs_[arc_id];
    KeyState& state = key->second;
    arc.grown = arc.grown || !draft.learned.empty();
    arc.seen = std::move(draft.seen);
    state.object = std::move(draft.object);
    state.unsettled = !state.object.rest.empty();
    arc.unsettled = arc.unsettled || state.unsettled;
    arc.clock_row = true;
    ++state.pending;
    ++arc.pending;
    if (arc.watch != nullptr) arc.watch->note(key->first);
  };
  auto waiting = await_reply<Committed>(start);
  const Committed committed = co_await std::move(waiting);
  if (queued) --key->second.pending;
  if (queued) --arcs_[arc_id].pending;
  if (!committed) co_return committed.error();
  co_return Status();
}

engine::Batch HomeStore::batch_of(ArcId arc, const Keys::iterator& key, const Draft& draft) const {
  engine::Batch batch;
  put_key(batch, arc, key, draft.object);
  batch.put(clocks_table, clock_key(arc), encode_clock(draft.seen));
  for (const Dot& dot : draft.learned) batch.put(changes_table, change_key(arc, dot), key->first);
  return batch;
}

void HomeStore::put_key(engine::Batch& batch, ArcId arc, const Keys::iterator& key,
                        const Object& object) {
  if (object.empty()) {
    batch.remove(data_table, key->first);
  } else {
    batch.put(data_table, key->first, encode_record(object));
  }
  const bool unsettled = !object.rest.empty();
  if (unsettled && !key->second.unsettled)
    batch.put(clocks_table, rest_key(arc, key->first), std::string());
  if (!unsettled && key->second.unsettled) batch.remove(clocks_table, rest_key(arc, key->first));
}

// Dots that are known to belong to other keys say nothing about this one: a frame that leaves them
// out has the same effect on the key and does not make the receiver remember dots that it never
// needs.
DotSet HomeStore::without_others(const ArcState& arc, const std::string& key, DotSet dots) const {
  DotSet others;
  for (const auto& [dot, owner] : arc.recent)
    if (owner != key) others.add(dot);
  dots.subtract(others);
  return dots;
}

Task<void> HomeStore::settle() {
  constexpr std::size_t arcs_at_once = 16;
  std::vector<ArcId> due;
  for (auto& [id, arc] : arcs_) {
    if (!arc.grown || (!arc.unsettled && arc.passed.empty()) || due.size() == arcs_at_once)
      continue;
    arc.grown = false;
    due.push_back(id);
  }
  for (const ArcId id : due) {
    co_await settle_streams(id);
    Result<std::vector<std::string>> keys = unsettled_keys(id);
    if (!keys) continue;  // the disk failed: reads and writes will say so
    if (keys->empty()) arcs_[id].unsettled = false;
    for (std::string& key : *keys) co_await settle_key(id, std::move(key));
  }
}

Result<std::vector<std::string>> HomeStore::unsettled_keys(ArcId arc) const {
  constexpr std::size_t keys_at_once = 256;
  std::vector<std::string> keys;
  const std::string prefix = rest_prefix(arc);
  const auto rows = parts_.db.scan(clocks_table, {prefix, prefix_end(prefix)});
  for (rows->seek_to_first(); rows->valid() && keys.size() < keys_at_once; rows->next()) {
    const Result<std::string_view> key = parse_rest_key(rows->key());
    if (!key) return key.error();
    keys.emplace_back(*key);
  }
  if (const Status status = rows->status(); !status) return status.error();
  return keys;
}

Task<void> HomeStore::settle_key(ArcId arc, std::string data_key) {
  if (under_way_ >= under_way_max) co_return;
  const UnderWay counted(*this);
  const Hold hold(*this, arc, std::move(data_key));
  const Status loaded = co_await load_key(arc, hold.key());
  if (!loaded || arcs_[arc].dropping) co_return;
  Draft draft;
  draft.object = hold.key()->second.object;
  draft.seen = arcs_[arc].seen;
  const bool settled = ouro::kv::settle(draft.object, draft.seen);
  if (!settled && hold.key()->second.unsettled) co_return;
  hold.key()->second.unsettled = true;  // the index named it, whatever the object says
  co_await commit(arc, hold.key(), std::move(draft));
}

}  // namespace ouro::kv
