#include "engine/db_impl.hpp"
#include "engine/db_iterator.hpp"
#include "engine/merging_iterator.hpp"

#include <string>
#include <utility>

namespace ouro::engine {
namespace {

bool find_in_memtables(const ReadState& state, TableId table, const PointRead& read,
                       std::optional<SharedBytes>& value) {
  const auto look = [&](const Generation& generation) {
    auto found = generation.memtable->get(table, read.prefix, read.key, read.at_most);
    if (!found) return false;
    if (found->kind == EntryKind::put) value = std::move(found->value);
    return true;
  };
  if (look(*state.active)) return true;
  for (const auto& generation : state.waiting)
    if (look(*generation)) return true;
  return false;
}

Error unknown_table(TableId table) {
  return {ErrorCode::invalid_argument, "table " + std::to_string(table) + " was not opened"};
}

}  // namespace

Status DbImpl::get(std::span<Lookup> lookups, ReadOptions options) {
  // The state first: compaction may drop what is older than the sequence it saw, so a sequence
  // older than the state could miss keys.
  const std::shared_ptr<const ReadState> present = state();
  const Sequence at_most = options.snapshot != nullptr ? options.snapshot->sequence()
                                                       : visible_.load(std::memory_order_acquire);
  for (Lookup& lookup : lookups) {
    lookup.value.reset();
    if (lookup.table >= disk_ids_.size()) return unknown_table(lookup.table);
    const TableId table = disk_ids_[lookup.table];
    const PointRead read(lookup.key, at_most, options.mode);
    if (find_in_memtables(*present, table, read, lookup.value)) continue;
    Found found;
    if (Status status = present->version->get(table, read, found); !status) return status;
    if (found.kind == Found::Kind::put) lookup.value = std::move(found.value);
  }
  return {};
}

std::unique_ptr<Iterator> DbImpl::scan(TableId table, Range range, ReadOptions options) {
  if (table >= disk_ids_.size()) return make_failed_iterator(unknown_table(table));
  table = disk_ids_[table];
  std::shared_ptr<const ReadState> present = state();
  const Sequence at_most = options.snapshot != nullptr ? options.snapshot->sequence()
                                                       : visible_.load(std::memory_order_acquire);
  std::vector<std::unique_ptr<EntryIterator>> sources;
  sources.push_back(present->active->memtable->iterator(table));
  for (const auto& generation : present->waiting)
    sources.push_back(generation->memtable->iterator(table));
  present->version->add_iterators(table, range, {.mode = options.mode, .fill_cache = true},
                                  sources);
  return make_iterator(merge(std::move(sources)),
                       {.range = std::move(range), .at_most = at_most, .pin = std::move(present)});
}

}  // namespace ouro::engine
