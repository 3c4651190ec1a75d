#include "engine/db_impl.hpp"
#include "engine/db_iterator.hpp"
#include "engine/merging_iterator.hpp"
#include "engine/point_lookup.hpp"

#include <string>
#include <utility>

namespace ouro::engine {
namespace {

Error unknown_table(TableId table) {
  return {ErrorCode::invalid_argument, "table " + std::to_string(table) + " was not opened"};
}

}  // namespace

Status DbImpl::get(std::span<Lookup> lookups, ReadOptions options) {
  for (Lookup& lookup : lookups) {
    lookup.value.reset();
    if (lookup.table >= disk_ids_.size()) return unknown_table(lookup.table);
  }
  // The state first: compaction may drop what is older than the sequence it saw, so a sequence
  // older than the state could miss keys.
  const auto look = [&](const ReadState& present) {
    const Sequence at_most = options.snapshot != nullptr ? options.snapshot->sequence()
                                                         : visible_.load(std::memory_order_acquire);
    return look_up({present, disk_ids_, at_most, options.mode}, lookups);
  };
  // Whoever may wait for the disk keeps the state by itself.
  if (options.mode == ReadMode::blocking) return look(*state());
  const auto present = state_.read();
  return look(*present);
}

std::unique_ptr<Iterator> DbImpl::scan(TableId table, Range range, ReadOptions options) {
  if (table >= disk_ids_.size()) return make_failed_iterator(unknown_table(table));
  table = disk_ids_[table];
  std::shared_ptr<const ReadState> present = state();
  const Sequence at_most = options.snapshot != nullptr ? options.snapshot->sequence()
                                                       : visible_.load(std::memory_order_acquire);
  auto sources = sources_of(*present, table, range, {.mode = options.mode, .fill_cache = true});
  return make_iterator(merge(std::move(sources)),
                       {.range = std::move(range), .at_most = at_most, .pin = std::move(present)});
}

}  // namespace ouro::engine
