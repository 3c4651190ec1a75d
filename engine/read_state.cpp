#include "engine/read_state.hpp"

namespace ouro::engine {

std::vector<std::unique_ptr<EntryIterator>> sources_of(const ReadState& state, TableId table,
                                                       const Range& range,
                                                       const IterateOptions& options) {
  std::vector<std::unique_ptr<EntryIterator>> sources;
  const auto add = [&](const Generation& generation) {
    if (generation.memtable->has_entries(table))
      sources.push_back(generation.memtable->iterator(table));
  };
  add(*state.active);
  for (const auto& generation : state.waiting) add(*generation);
  state.version->add_iterators(table, range, options, sources);
  return sources;
}

}  // namespace ouro::engine
