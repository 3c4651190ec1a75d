#include "kv/transfer_scan.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"
#include "kv/object.hpp"
#include "kv/tables.hpp"

#include <algorithm>
#include <utility>

namespace ouro::kv {
namespace {

engine::ReadOptions reading(const ArcSnapshot& at) {
  engine::ReadOptions options;
  options.snapshot = at.snapshot.get();
  return options;
}

/// The arc's keys from `start` on.
engine::Range from(const ArcSnapshot& at, const std::string& start) {
  engine::Range range = arc_range(at.arc.arc, at.view->ring().arc_count());
  if (start > range.start) range.start = start;
  return range;
}

std::string after(std::string_view key) { return std::string(key) + '\0'; }

/// Is the key counted in this (arc, N)? The range sees to the arc.
Result<bool> belongs(const ArcSnapshot& at, std::string_view key) {
  const Result<DataKey> parsed = parse_data_key(key);
  if (!parsed) return parsed.error();
  return n_of(*at.view, *parsed) == at.arc.n;
}

Result<std::string> record_with_passed(const ArcSnapshot& at, const std::string& key,
                                       const Passed& passed, const DotSet& seen) {
  const auto record = at.db->get(data_table, key, reading(at));
  if (!record) return record.error();
  const DotSet dead = passed.dead_for(key).difference(seen);
  if (dead.empty()) return *record ? std::string((*record)->view()) : std::string();
  Result<Object> object = *record ? decode_record(**record) : Result<Object>(Object());
  if (!object) return object.error();
  object->rest.add(dead);
  std::string bytes;
  for (const SharedBytes& piece : encode_record(*object)) bytes.append(piece.view());
  return bytes;
}

/// The keys of the dots of one interval; false if the log has not got them all.
Result<bool> find_logged(const ArcSnapshot& at, const Interval& interval, Difference& difference) {
  const std::string last = change_key(at.arc, {interval.actor, interval.last});
  const engine::Range range{change_key(at.arc, {interval.actor, interval.first}), after(last)};
  const auto rows = at.db->scan(changes_table, range, reading(at));
  std::uint64_t next = interval.first;
  for (rows->seek_to_first(); rows->valid(); rows->next(), ++next) {
    const Result<ChangeKey> change = parse_change_key(rows->key());
    if (!change) return change.error();
    if (change->dot.counter != next) return false;
    difference[std::string(rows->value())].add(change->dot);
  }
  if (const Status status = rows->status(); !status) return status.error();
  return next == interval.last + 1;
}

std::uint64_t content_hash(std::string_view key, const Object& object) {
  std::uint64_t hash = hash64(key);
  for (const Sibling& sibling : object.live) {
    std::string dot;
    put_fixed(dot, to_integer(sibling.dot.actor.node));
    put_fixed(dot, sibling.dot.actor.boot);
    put_fixed(dot, sibling.dot.counter);
    hash = hash64(sibling.value, hash64(dot, hash));
  }
  return hash;
}

}  // namespace

unsigned n_of(const cluster::View& view, const DataKey& key) { return view.bucket(key.bucket).n; }

engine::Range arc_range(ring::Arc arc, std::uint32_t arc_count) {
  engine::Range range;
  put_big64(range.start, ring::first_token(arc, arc_count));
  if (arc + 1 < arc_count) put_big64(range.end, ring::first_token(arc + 1, arc_count));
  return range;
}

Result<DotSet> clock_in(const ArcSnapshot& at) {
  const auto row = at.db->get(clocks_table, clock_key(at.arc), reading(at));
  if (!row) return row.error();
  return *row ? decode_clock((*row)->view()) : Result<DotSet>(DotSet());
}

Result<Passed> passed_in(const ArcSnapshot& at) {
  const auto row = at.db->get(clocks_table, stream_key(at.arc), reading(at));
  if (!row) return row.error();
  return *row ? Passed::decode((*row)->view()) : Result<Passed>(Passed());
}

Result<Chunk> read_stream(const ArcSnapshot& at, const std::string& start,
                          const ScanLimits& limits) {
  Chunk chunk;
  std::string records;
  std::size_t bytes = 0, visited = 0;
  const auto rows = at.db->scan(data_table, from(at, start), reading(at));
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    const std::size_t size = rows->key().size() + rows->value().size();
    const Result<bool> ours = belongs(at, rows->key());
    if (!ours) return ours.error();
    const bool full = chunk.entries.size() >= limits.keys ||
                      (!chunk.entries.empty() && *ours && bytes + size > limits.bytes);
    if (full || visited >= limits.visited_bytes) {
      chunk.end = rows->key();
      break;
    }
    visited += size;
    if (!*ours) continue;
    bytes += size;
    chunk.entries.push_back({std::string(rows->key()), {}, rows->value().size()});
    records.append(rows->value());
  }
  if (const Status status = rows->status(); !status) return status.error();
  chunk.records = SharedBytes(std::move(records));
  return chunk;
}

Result<std::optional<Difference>> find_difference(const ArcSnapshot& at, const DotSet& missing,
                                                  const ScanLimits& limits) {
  if (missing.dot_count() > limits.difference_dots) return std::optional<Difference>();
  Difference difference;
  for (const Interval& interval : missing.intervals()) {
    const Result<bool> whole = find_logged(at, interval, difference);
    if (!whole) return whole.error();
    if (!*whole) return std::optional<Difference>();
  }
  const std::string prefix = rest_prefix(at.arc);
  const auto rows = at.db->scan(clocks_table, {prefix, prefix_end(prefix)}, reading(at));
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    const Result<std::string_view> key = parse_rest_key(rows->key());
    if (!key) return key.error();
    difference.try_emplace(std::string(*key));
    if (difference.size() > limits.difference_dots) return std::optional<Difference>();
  }
  if (const Status status = rows->status(); !status) return status.error();
  return std::optional<Difference>(std::move(difference));
}

Result<Chunk> read_difference(const ArcSnapshot& at, const Difference& difference,
                              const std::string& start, const ScanLimits& limits) {
  const Result<DotSet> seen = clock_in(at);
  if (!seen) return seen.error();
  const Result<Passed> passed = passed_in(at);
  if (!passed) return passed.error();
  Chunk chunk;
  std::string records;
  std::size_t bytes = 0;
  for (auto entry = difference.lower_bound(start); entry != difference.end(); ++entry) {
    const auto& [key, names] = *entry;
    Result<std::string> record = record_with_passed(at, key, *passed, *seen);
    if (!record) return record.error();
    const std::size_t names_size = names.interval_count() * 20;  // at most, but for actors
    const std::size_t size = key.size() + names_size + record->size();
    const bool full = chunk.entries.size() >= limits.keys || bytes + size > limits.bytes;
    if (full && !chunk.entries.empty()) {
      chunk.end = key;
      break;
    }
    bytes += size;
    chunk.entries.push_back({key, names, record->size()});
    records.append(*record);
  }
  chunk.records = SharedBytes(std::move(records));
  return chunk;
}

Result<FoundKeys> keys_between(const ArcSnapshot& at, const std::string& start,
                               const std::string& end, const ScanLimits& limits) {
  engine::Range range = from(at, start);
  if (!end.empty()) range.end = end;
  FoundKeys found{{}, end};
  std::size_t visited = 0;
  const auto rows = at.db->scan(data_table, range, reading(at));
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    if (found.keys.size() >= limits.keys || visited >= limits.visited_bytes) {
      found.end = rows->key();
      break;
    }
    visited += rows->key().size() + rows->value().size();
    const Result<bool> ours = belongs(at, rows->key());
    if (!ours) return ours.error();
    if (*ours) found.keys.emplace_back(rows->key());
  }
  if (const Status status = rows->status(); !status) return status.error();
  return found;
}

Result<FoundKeys> rows_between(engine::Db& db, engine::TableId table, const engine::Range& range,
                               const ScanLimits& limits) {
  FoundKeys found{{}, range.end};
  const auto rows = db.scan(table, range);
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    if (found.keys.size() >= limits.keys) {
      found.end = rows->key();
      break;
    }
    found.keys.emplace_back(rows->key());
  }
  if (const Status status = rows->status(); !status) return status.error();
  return found;
}

Result<ContentSum> add_content(const ArcSnapshot& at, ContentSum sum, const ScanLimits& limits) {
  std::size_t visited = 0;
  const auto rows = at.db->scan(data_table, from(at, sum.next), reading(at));
  sum.next.clear();
  for (rows->seek_to_first(); rows->valid(); rows->next()) {
    if (visited >= limits.visited_bytes) {
      sum.next = rows->key();
      break;
    }
    const std::size_t size = rows->key().size() + rows->value().size();
    visited += size;
    const Result<bool> ours = belongs(at, rows->key());
    if (!ours) return ours.error();
    if (!*ours) continue;
    const Result<Object> object = decode_record(SharedBytes(nullptr, rows->value()));
    if (!object) return object.error();
    if (object->live.empty()) continue;
    sum.hash += content_hash(rows->key(), *object);
    ++sum.keys;
    sum.bytes += size;
  }
  if (const Status status = rows->status(); !status) return status.error();
  return sum;
}

}  // namespace ouro::kv
