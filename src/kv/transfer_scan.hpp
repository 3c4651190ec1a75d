// What a snapshot says of an arc: chunks of objects, differences, sums.
//
// Blocking reads of the engine, each of bounded work, for a lane. No state, no coroutines.
#pragma once

#include "cluster/view.hpp"
#include "engine/db.hpp"
#include "kv/passed.hpp"
#include "kv/storage_key.hpp"
#include "kv/transfer_wire.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::kv {

/// The `n` of the bucket that a data key belongs to: which (arc, N) it is counted in.
unsigned n_of(const cluster::View& view, const DataKey& key);

/// An arc's keys of all N in the `data` table.
engine::Range arc_range(ring::Arc arc, std::uint32_t arc_count);

/// One state of the engine to read. Borrows the database.
struct ArcSnapshot {
  engine::Db* db = nullptr;
  std::shared_ptr<const engine::Snapshot> snapshot;  ///< Null: the latest state.
  std::shared_ptr<const cluster::View> view;         ///< Says which bucket has which N.
  ArcId arc;
};

/// Bounds of one call.
struct ScanLimits {
  std::size_t bytes = 768 << 10;           ///< Keys and records; one larger object comes alone.
  std::size_t keys = 4096;                 ///< Entries of the answer.
  std::size_t visited_bytes = 8u << 20;    ///< Including what belongs to other N.
  std::uint64_t difference_dots = 65'536;  ///< More are cheaper to stream.
};

/// The clock in the snapshot: exactly what the objects in it have seen.
Result<DotSet> clock_in(const ArcSnapshot& at);
/// What the streams of the arc have passed over in the snapshot.
Result<Passed> passed_in(const ArcSnapshot& at);

/// Objects in key order, from `start` on.
Result<Chunk> read_stream(const ArcSnapshot& at, const std::string& start,
                          const ScanLimits& limits);

/// Keys with the dots that the receiver lacks of each.
using Difference = std::map<std::string, DotSet>;

/// The keys that `missing` is about, by the dot log, and every key with a rest; nothing if the log
/// cannot name them all or they are too many.
Result<std::optional<Difference>> find_difference(const ArcSnapshot& at, const DotSet& missing,
                                                  const ScanLimits& limits);
/// The present objects of those keys, from `start` on.
Result<Chunk> read_difference(const ArcSnapshot& at, const Difference& difference,
                              const std::string& start, const ScanLimits& limits);

/// Keys found in a stretch, in order.
struct FoundKeys {
  std::vector<std::string> keys;
  std::string end;  ///< They are all there are before it: the end that was asked for, or nearer.
};
/// The arc's keys in [start, end); end empty: to the arc's end.
Result<FoundKeys> keys_between(const ArcSnapshot& at, const std::string& start,
                               const std::string& end, const ScanLimits& limits);
/// The keys of any table.
Result<FoundKeys> rows_between(engine::Db& db, engine::TableId table, const engine::Range& range,
                               const ScanLimits& limits);

/// A sum over objects that two replicas with equal clocks and no rests agree on.
struct ContentSum {
  std::uint64_t hash = 0;  ///< Of each key with the dots and bytes of its live values, added up.
  std::uint64_t keys = 0;  ///< With live values.
  std::uint64_t bytes = 0;
  std::string next;  ///< Where the keys go on that are not in it yet; empty: nowhere.

  bool operator==(const ContentSum&) const = default;
};
/// `sum` with more keys in it, from its `next` on.
Result<ContentSum> add_content(const ArcSnapshot& at, ContentSum sum, const ScanLimits& limits);

}  // namespace ouro::kv
