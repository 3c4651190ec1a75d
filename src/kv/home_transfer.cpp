// The parts of HomeStore that an arc's move needs.
#include "kv/home_state.hpp"
#include "kv/tables.hpp"
#include "runtime/reply.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace ouro::kv {
namespace {

using Committed = Result<engine::Sequence>;

std::string named(ArcId arc) {
  return "arc " + std::to_string(arc.arc) + " (n = " + std::to_string(unsigned{arc.n}) + ")";
}

Error being_dropped(ArcId arc) {
  return {ErrorCode::busy, named(arc) + " is being removed from this node: try again later"};
}

bool same(const Object& a, const Object& b) {
  const auto same_dot = [](const Sibling& x, const Sibling& y) { return x.dot == y.dot; };
  return a.rest == b.rest && std::ranges::equal(a.live, b.live, same_dot);
}

void put_passed(engine::Batch& batch, ArcId arc, const Passed& passed) {
  if (passed.empty()) {
    batch.remove(clocks_table, stream_key(arc));
  } else {
    batch.put(clocks_table, stream_key(arc), passed.encode());
  }
}

const Frame* frame_for(const std::vector<KeyFrame>& frames, std::string_view key) {
  const auto at = std::ranges::lower_bound(frames, key, {}, &KeyFrame::data_key);
  return at != frames.end() && at->data_key == key ? &at->frame : nullptr;
}

}  // namespace

/// What a part leaves behind, not installed yet.
struct HomeStore::PartDraft {
  DotSet seen;
  Passed passed;
  std::vector<std::pair<Keys::iterator, Object>> changed;
  std::vector<std::pair<Dot, std::string_view>> learned;
};

HomeStore::Watch::Watch(HomeStore& store, ArcId arc, std::string start, std::string end)
    : store_(store), arc_(arc), stretch_{std::move(start), std::move(end), {}} {
  Watch*& place = store_.arcs_[arc_].watch;
  check(place == nullptr);
  place = this;
}

HomeStore::Watch::~Watch() { store_.arcs_[arc_].watch = nullptr; }

void HomeStore::Watch::note(const std::string& key) {
  if (stretch_.contains(key)) changed_.insert(key);
}

Status HomeStore::load_streams() {
  const std::string streams = stream_prefix();
  const auto rows = parts_.db.scan(clocks_table, {streams, prefix_end(streams)});
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    const Result<ArcId> id = parse_stream_key(rows->key());
    if (!id) return id.error();
    if (id->arc % parts_.loop_count != parts_.loop) continue;
    Result<Passed> passed = Passed::decode(rows->value());
    if (!passed) return passed.error();
    expect_stream_row(arcs_[*id]);
    arcs_[*id].passed = std::move(*passed);
  }
  if (const Status status = rows->status(); !status) return status;

  const std::string drops = drop_prefix();
  const auto marks = parts_.db.scan(clocks_table, {drops, prefix_end(drops)});
  for (marks->seek_to_first(); marks->valid(); marks->next()) {
    const Result<ArcId> id = parse_drop_key(marks->key());
    if (!id) return id.error();
    if (id->arc % parts_.loop_count == parts_.loop) arcs_[*id].dropping = true;
  }
  return marks->status();
}

Status HomeStore::admit(ArcId arc, Epoch epoch) const {
  if (dropping(arc)) return being_dropped(arc);
  if (parts_.fence == nullptr) return {};
  const Epoch changed = parts_.fence->changed_at(arc.arc);
  if (epoch >= changed) return {};
  return Error{ErrorCode::stale_epoch, "the request is of epoch " + std::to_string(epoch) +
                                           ", but " + named(arc) + " changed at epoch " +
                                           std::to_string(changed)};
}

/// Makes a key's rest complete, and answers what to take out of it again before it is stored.
DotSet HomeStore::fold_passed(const ArcState& arc, const std::string& key, Object& object) {
  if (arc.passed.empty()) return {};
  DotSet passed = arc.passed.dead_for(key);
  object.rest.add(passed.difference(arc.seen));
  return passed;
}

Task<Status> HomeStore::queue(ArcId id, engine::Batch batch, UniqueFunction<void()> install) {
  Status queued;
  auto start = [&](Reply<Committed> reply) {
    const auto done = std::make_shared<Reply<Committed>>(std::move(reply));
    queued = parts_.db.commit(std::move(batch), engine::Durability::disk,
                              [done](Committed committed) { (*done)(std::move(committed)); });
    if (!queued) {
      (*done)(queued.error());
      return;
    }
    install();
    ++arcs_[id].pending;
    ++arcs_[id].parts;
  };
  auto waiting = await_reply<Committed>(start);
  const Committed committed = co_await std::move(waiting);
  if (queued) {
    --arcs_[id].pending;
    --arcs_[id].parts;
  }
  if (!committed) co_return committed.error();
  co_return Status();
}

Task<Result<DotSet>> HomeStore::durable_clock(ArcId id, Epoch fence) {
  if (dropping(id)) co_return being_dropped(id);
  const Epoch changed = parts_.fence != nullptr ? parts_.fence->changed_at(id.arc) : fence;
  if (fence != 0 && changed < fence)
    co_return Error{ErrorCode::busy, "this node has not yet heard that " + named(id) +
                                         " changed at epoch " + std::to_string(fence)};
  if (fence != 0 && changed > fence)
    co_return Error{ErrorCode::stale_epoch,
                    named(id) + " has changed again at epoch " + std::to_string(changed)};
  // All that was let in is in this clock, and the log keeps the order: what is queued now is
  // durable after all of it.
  const DotSet seen = arcs_[id].seen;
  if (arcs_[id].pending == 0) co_return seen;
  engine::Batch batch;
  batch.put(clocks_table, clock_key(id), encode_clock(seen));
  const Status durable = co_await queue(id, std::move(batch), nothing_to_install);
  if (!durable) co_return durable.error();
  co_return seen;
}

Task<Status> HomeStore::merge_part(StreamPart part, const Watch* watch) {
  Holds holds;
  const Status held = co_await hold_changed(part, watch, holds);
  if (!held) co_return held;
  co_return co_await commit_part(std::move(part), holds);
}

// Every key that the part may change, in its newest state: those it names, those that were there,
// and those that came or changed since. When this returns none is missing, until the next await.
Task<Status> HomeStore::hold_changed(const StreamPart& part, const Watch* watch, Holds& holds) {
  std::set<std::string> names(part.local_keys.begin(), part.local_keys.end());
  for (const KeyFrame& frame : part.frames) names.insert(frame.data_key);
  if (watch != nullptr) names.insert(watch->changed_.begin(), watch->changed_.end());
  while (holds.size() < names.size()) {
    for (const std::string& name : names) {
      if (holds.contains(name)) continue;
      auto hold = std::make_unique<Hold>(*this, part.arc, name);
      const Status loaded = co_await load_key(part.arc, hold->key());
      if (!loaded) co_return loaded;
      const std::string_view held = hold->key()->first;
      holds.emplace(held, std::move(hold));
    }
    if (watch != nullptr) names.insert(watch->changed_.begin(), watch->changed_.end());
  }
  co_return Status();
}

// Rule R6 for each key, over one clock that grows with them.
HomeStore::PartDraft HomeStore::merge_frames(const ArcState& arc, const StreamPart& part,
                                             const Holds& holds) {
  PartDraft draft{arc.seen, arc.passed, {}, {}};
  const DotSet clock = part.passed ? part.passed->clock : DotSet();
  for (const auto& [name, hold] : holds) {
    const Keys::iterator key = hold->key();
    const Frame* told = frame_for(part.frames, name);
    Frame frame = told != nullptr ? *told : Frame();
    frame.context.add(clock);
    for (const Sibling& sibling : frame.live)
      static_cast<void>(stamps_.observe(sibling.stamp, parts_.clock.wall()));
    Object object = key->second.object;
    const DotSet passed = fold_passed(arc, key->first, object);
    const Change change = merge(object, draft.seen, frame);
    object.rest.subtract(passed);
    object.rest.subtract(clock);  // the stretch says it from now on
    for (const Dot& dot : change.learned) draft.learned.emplace_back(dot, name);
    draft.changed.emplace_back(key, std::move(object));
  }
  return draft;
}

Task<Status> HomeStore::commit_part(StreamPart part, Holds& holds) {
  ArcState& arc = arcs_[part.arc];
  if (arc.dropping) co_return being_dropped(part.arc);
  if (parts_.fence != nullptr && !parts_.fence->writable(part.arc))
    co_return Error{ErrorCode::stale_epoch, "this node is in no list of " + named(part.arc)};
  if (part.passed && part.passed->start != arc.passed.next())
    co_return Error{ErrorCode::busy, "the stream of " + named(part.arc) + " was begun anew"};
  if (part.passed && !arc.passed.room())
    co_return Error{ErrorCode::busy, "the stream of " + named(part.arc) +
                                         " was broken off too often: bring its sources back"};
  const bool had_row = !arc.passed.empty();
  PartDraft draft = merge_frames(arc, part, holds);
  if (part.passed) {
    draft.passed.add(std::move(*part.passed));
    // Only now is every effect of the clock here, whatever its key.
    if (draft.passed.complete()) draft.seen.add(draft.passed.adopt());
  }
  draft.passed.forget(draft.seen);
  for (auto& [key, object] : draft.changed) ouro::kv::settle(object, draft.seen);
  std::erase_if(draft.changed,
                [](const auto& entry) { return same(entry.first->second.object, entry.second); });

  engine::Batch batch;
  for (const auto& [key, object] : draft.changed) put_key(batch, part.arc, key, object);
  for (const auto& [dot, name] : draft.learned)
    batch.put(changes_table, change_key(part.arc, dot), name);
  if (draft.seen != arc.seen)
    batch.put(clocks_table, clock_key(part.arc), encode_clock(draft.seen));
  if (draft.passed != arc.passed) put_passed(batch, part.arc, draft.passed);
  if (batch.empty()) co_return Status();
  if (!draft.passed.empty()) expect_stream_row(arc);
  UniqueFunction<void()> install([&arc, &draft] { install_part(arc, draft); });
  const Status durable = co_await queue(part.arc, std::move(batch), std::move(install));
  if (durable && had_row) release_stream_row(arc);
  co_return durable;
}

void HomeStore::install_part(ArcState& arc, PartDraft& draft) {
  arc.grown = arc.grown || draft.seen != arc.seen;
  arc.clock_row = arc.clock_row || draft.seen != arc.seen;
  arc.seen = std::move(draft.seen);
  arc.passed = std::move(draft.passed);
  for (auto& [key, object] : draft.changed) {
    KeyState& state = key->second;
    state.object = std::move(object);
    state.unsettled = !state.object.rest.empty();
    arc.unsettled = arc.unsettled || state.unsettled;
    if (arc.watch != nullptr) arc.watch->note(key->first);
  }
}

void HomeStore::expect_stream_row(ArcState& arc) {
  if (std::exchange(arc.stream_row, true)) return;
  parts_.reader.stream_rows_changed(1);
}

// After a change that may have removed the row is durable.
void HomeStore::release_stream_row(ArcState& arc) {
  if (!arc.passed.empty() || !std::exchange(arc.stream_row, false)) return;
  parts_.reader.stream_rows_changed(-1);
}

const Passed& HomeStore::passed(ArcId arc) { return arcs_[arc].passed; }

Task<void> HomeStore::settle_streams(ArcId id) {
  Passed passed = arcs_[id].passed;
  if (!arcs_[id].dropping && passed.forget(arcs_[id].seen))
    co_await replace_passed(id, std::move(passed));
}

Task<Status> HomeStore::replace_passed(ArcId id, Passed passed) {
  ArcState& arc = arcs_[id];
  if (arc.passed == passed) co_return Status();
  engine::Batch batch;
  put_passed(batch, id, passed);
  UniqueFunction<void()> install([&arc, &passed] { arc.passed = std::move(passed); });
  const Status durable = co_await queue(id, std::move(batch), std::move(install));
  if (durable) release_stream_row(arc);
  co_return durable;
}

// An empty clock stays, as a sign that there may be objects.
Task<Status> HomeStore::forget_clock(ArcId id) {
  ArcState& arc = arcs_[id];
  if (arc.dropping) co_return being_dropped(id);
  engine::Batch batch;
  batch.put(clocks_table, clock_key(id), encode_clock(DotSet()));
  batch.remove(clocks_table, stream_key(id));
  UniqueFunction<void()> install([&arc] { forget(arc, true); });
  const Status durable = co_await queue(id, std::move(batch), std::move(install));
  if (durable) release_stream_row(arc);
  co_return durable;
}

/// All but the counter: what this run minted it must not mint again.
void HomeStore::forget(ArcState& arc, bool clock_row) {
  arc.seen = DotSet();
  arc.passed = Passed();
  arc.clock_row = clock_row;
}

Task<Status> HomeStore::begin_drop(ArcId id) {
  ArcState& arc = arcs_[id];
  if (!arc.dropping && parts_.fence != nullptr && parts_.fence->writable(id))
    co_return Error{ErrorCode::invalid_argument,
                    named(id) + " is not removed: this node may still be written to"};
  arc.dropping = true;
  // The clock goes before the first object: what a crash leaves has no clock that claims more.
  engine::Batch batch;
  batch.remove(clocks_table, clock_key(id));
  batch.remove(clocks_table, stream_key(id));
  batch.put(clocks_table, drop_key(id), std::string());
  UniqueFunction<void()> install([&arc] { forget(arc, false); });
  const Status durable = co_await queue(id, std::move(batch), std::move(install));
  if (durable) release_stream_row(arc);
  co_return durable;
}

Task<Status> HomeStore::remove_rows(ArcId id, engine::TableId table,
                                    std::vector<std::string> keys) {
  check(dropping(id));
  engine::Batch batch;
  for (const std::string& key : keys) batch.remove(table, key);
  if (batch.empty()) co_return Status();
  co_return co_await queue(id, std::move(batch), nothing_to_install);
}

Task<Status> HomeStore::finish_drop(ArcId id) {
  ArcState& arc = arcs_[id];
  check(arc.dropping);
  engine::Batch batch;
  batch.remove(clocks_table, drop_key(id));
  const Status durable = co_await queue(id, std::move(batch), nothing_to_install);
  if (!durable) co_return durable;
  ++arc.drops;
  arc.dropping = arc.unsettled = arc.grown = false;
  for (auto& [name, state] : keys_) {
    if (state.arc != id) continue;
    state.object = Object();
    state.loaded = state.unsettled = false;
  }
  co_return Status();
}

bool HomeStore::dropping(ArcId arc) const {
  const auto at = arcs_.find(arc);
  return at != arcs_.end() && at->second.dropping;
}

std::vector<ArcId> HomeStore::drops() const {
  std::vector<ArcId> ids;
  for (const auto& [id, arc] : arcs_)
    if (arc.dropping) ids.push_back(id);
  return ids;
}

std::vector<ArcId> HomeStore::arcs() const {
  std::vector<ArcId> ids;
  for (const auto& [id, arc] : arcs_)
    if (arc.clock_row || !arc.passed.empty() || arc.dropping) ids.push_back(id);
  return ids;
}

}  // namespace ouro::kv
