// Many sorted streams of entries as one.
#pragma once

#include "engine/entry.hpp"

#include <memory>
#include <vector>

namespace ouro::engine {

/// All entries of `sources` in order: key ascending, newest version first; of two with equal key
/// and sequence the one of the earlier source comes first. Stops at the first source that fails: it
/// is then not valid and has that source's status.
std::unique_ptr<EntryIterator> merge(std::vector<std::unique_ptr<EntryIterator>> sources);

}  // namespace ouro::engine
