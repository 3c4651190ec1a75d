// What this node durably holds of a key.
#pragma once

#include "base/lane.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"
#include "kv/dot_set.hpp"
#include "kv/object.hpp"
#include "kv/storage_key.hpp"
#include "runtime/task.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

namespace ouro::kv {

/// An object and the clock of its arc, from one and the same durable state: the clock never covers
/// a dot whose effect the object lacks (rule R7).
struct LocalObject {
  Object object;  ///< Its rest also has what streams of the arc passed over (kv/passed.hpp).
  DotSet seen;
  DotSet passed;  ///< That part of the rest.
};

/// Reads at any loop's request. Safe to use from every loop; memory and page cache answer on the
/// caller's thread, the disk on `lane`.
class LocalReader {
 public:
  LocalReader(engine::Db& db, Lane& lane) : db_(db), lane_(lane) {}

  /// Error busy when too many reads wait for the disk; corruption and io as the engine tells them.
  Task<Result<LocalObject>> read(ArcId arc, std::string data_key);

  /// More (or fewer) arcs have a stream row from now on: reads look for it while there are any.
  /// Told before the first row of an arc is written and after the last is gone.
  void stream_rows_changed(int by) { stream_rows_.fetch_add(by); }

 private:
  Result<LocalObject> read_now(ArcId arc, const std::string& data_key, ReadMode mode);

  engine::Db& db_;
  Lane& lane_;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<int> stream_rows_ = 0;
};

}  // namespace ouro::kv
