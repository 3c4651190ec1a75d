// Where do the files go that a repair replaces?
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"

#include <string>
#include <vector>

namespace ouro::engine {

/// Gives each file a second name in `directory`/lost, durably. One that is there already with the
/// same bytes is left as it is; with other bytes the new one gets ".1" and so on behind its name.
Status keep_lost(FileSystem& files, const std::string& directory,
                 const std::vector<std::string>& names);

}  // namespace ouro::engine
