#include "raft/storage.hpp"

#include "base/check.hpp"
#include "raft/format.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ouro::raft {
namespace {

Error broken(const std::string& what) {
  return Error{ErrorCode::corruption,
               "the Raft table contradicts itself: " + what +
                   ". What this node has promised is not known any more: replace it by a new node"};
}

// What no Ready leaves behind.
Status check_stored(const Stored& stored) {
  const Index snapshot = stored.snapshot.index;
  const bool none = stored.entries.empty();
  const Index first = none ? snapshot + 1 : stored.entries.front().index;
  const Index last = none ? snapshot : stored.entries.back().index;
  if (first > snapshot + 1)
    return broken("entries between the snapshot at " + std::to_string(snapshot) + " and entry " +
                  std::to_string(first) + " are missing");
  if (last < snapshot)
    return broken("the log ends at " + std::to_string(last) + ", before the snapshot at " +
                  std::to_string(snapshot));
  if (stored.hard.commit > last)
    return broken("entries up to " + std::to_string(stored.hard.commit) +
                  " were committed, but the log ends at " + std::to_string(last));
  const Term last_term = none ? stored.snapshot.term : stored.entries.back().term;
  if (stored.hard.term < last_term)
    return broken("the hard state is of term " + std::to_string(stored.hard.term) +
                  ", the log of term " + std::to_string(last_term));
  if (!none && first <= snapshot && stored.entries[snapshot - first].term != stored.snapshot.term)
    return broken("entry " + std::to_string(snapshot) + " and the snapshot are of different terms");
  return {};
}

}  // namespace

Result<std::optional<Stored>> Storage::load() {
  Stored stored;
  std::array<engine::Lookup, 2> lookups{
      {{table_, hard_state_key, std::nullopt}, {table_, snapshot_key, std::nullopt}}};
  if (const Status read = db_.get(lookups); !read) return read.error();
  const auto& [hard, snapshot] = lookups;
  if (hard.value) {
    auto state = decode_hard_state(*hard.value);
    if (!state) return state.error();
    stored.hard = *state;
  }
  if (snapshot.value) {
    auto found = decode_snapshot(*snapshot.value);
    if (!found) return found.error();
    stored.snapshot = std::move(*found);
  }
  if (const Status read = read_entries(stored); !read) return read.error();
  if (!hard.value) {
    if (snapshot.value || !stored.entries.empty()) return broken("there is no hard state");
    return std::optional<Stored>();
  }
  if (const Status sound = check_stored(stored); !sound) return sound.error();
  first_ = stored.entries.empty() ? stored.snapshot.index + 1 : stored.entries.front().index;
  last_ = stored.entries.empty() ? stored.snapshot.index : stored.entries.back().index;
  return std::optional<Stored>(std::move(stored));
}

Status Storage::read_entries(Stored& stored) {
  const auto entries = db_.scan(table_, {std::string(entry_prefix), std::string("f")});
  Term term = 0;
  for (entries->seek_to_first(); entries->valid(); entries->next()) {
    const auto index = entry_index(entries->key());
    if (!index) return broken("it has a key that is none of Raft's");
    if (!stored.entries.empty() && *index != stored.entries.back().index + 1)
      return broken("entries between " + std::to_string(stored.entries.back().index) + " and " +
                    std::to_string(*index) + " are missing");
    auto entry = decode_entry(*index, SharedBytes(std::string(entries->value())));
    if (!entry) return entry.error();
    if (entry->term < term)
      return broken("the term of entry " + std::to_string(*index) + " is below the one before");
    term = entry->term;
    stored.entries.push_back(std::move(*entry));
  }
  return entries->status();
}

engine::Batch Storage::batch(const Ready& ready) const {
  engine::Batch batch;
  if (ready.hard) batch.put(table_, hard_state_key, encode_hard_state(*ready.hard));
  if (ready.snapshot) batch.put(table_, snapshot_key, encode_snapshot(*ready.snapshot));
  for (const Entry& entry : ready.entries)
    batch.put(table_, entry_key(entry.index), encode_entry(entry));
  for (Index index = first_; index <= std::min(last_, ready.first - 1); ++index)
    batch.remove(table_, entry_key(index));
  for (Index index = std::max(first_, ready.last + 1); index <= last_; ++index)
    batch.remove(table_, entry_key(index));
  return batch;
}

void Storage::saved(const Ready& ready) {
  first_ = ready.first;
  last_ = ready.last;
}

Status Storage::found(const Stored& stored) {
  check(stored.entries.empty());
  Ready ready;
  ready.hard = stored.hard;
  if (stored.snapshot.index > 0) ready.snapshot = stored.snapshot;
  ready.first = stored.snapshot.index + 1;
  ready.last = stored.snapshot.index;
  const auto written = db_.commit_sync(batch(ready), engine::Durability::disk);
  if (!written) return written.error();
  saved(ready);
  return {};
}

Status Storage::begin_anew(GroupId group) {
  engine::Batch batch;
  const auto all = db_.scan(table_, {});
  for (all->seek_to_first(); all->valid(); all->next()) batch.remove(table_, all->key());
  if (!all->status()) return all->status();
  HardState waiting;
  waiting.group = group;
  batch.put(table_, hard_state_key, encode_hard_state(waiting));
  const auto written = db_.commit_sync(std::move(batch), engine::Durability::disk);
  if (!written) return written.error();
  first_ = 1;
  last_ = 0;
  return {};
}

}  // namespace ouro::raft
