// How a batch's changes lie in the payload of a log frame.
#pragma once

#include "base/function.hpp"
#include "base/result.hpp"
#include "engine/batch.hpp"
#include "engine/entry.hpp"
#include "engine/wal_format.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ouro::engine {

/// The most one batch may hold, in bytes of keys and values.
constexpr std::size_t batch_size_max = std::size_t{256} << 20;

/// invalid_argument, naming the limit, unless tables, keys and sizes are in range.
Status check_batch(const Batch& batch, std::size_t table_count);

/// Appends a batch's changes. `table_ids[i]` is what table i of the batch is called on disk.
void encode_changes(std::string& out, const Batch& batch, std::span<const TableId> table_ids);

/// A change as recovered; views of the frame's payload.
struct LoggedChange {
  TableId table;
  EntryKind kind;
  Sequence sequence;
  std::string_view key;
  std::string_view value;
};

/// Calls `take` for each change of a frame. False if the payload is not what encode_changes() makes
/// with `table_count` tables, perhaps after some calls.
bool decode_changes(const LogFrame& frame, std::size_t table_count,
                    UniqueFunction<void(const LoggedChange&)>& take);

}  // namespace ouro::engine
