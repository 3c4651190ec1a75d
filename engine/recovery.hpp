// What an earlier run left in its log, brought back.
#pragma once

#include "base/result.hpp"
#include "engine/file_meta.hpp"
#include "engine/manifest.hpp"
#include "engine/table_store.hpp"

#include <cstdint>
#include <vector>

namespace ouro::engine {

struct Recovered {
  VersionEdit tables;          ///< New level 0 files with all that the log held; synced.
  Sequence last_sequence = 0;  ///< Of the last recovered change.
  std::uint64_t changes = 0;
};

/// Replays the log segments `log_numbers` (ascending; those before state.log_number are passed
/// over) into table files. Changes nothing else, so it can be interrupted and repeated at any time.
///
/// A torn tail of the last segment is cut off. Error corruption, naming file and offset, if
/// something that had been durable is missing or damaged: a segment, a part of one, the end of one
/// that has a successor, or anything before what a later frame promises.
Result<Recovered> recover_logs(const TableStore& store, const ManifestState& state,
                               const std::vector<std::uint64_t>& log_numbers);

}  // namespace ouro::engine
