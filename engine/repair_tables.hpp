// Which table files does a repaired database get beside those that stay?
#pragma once

#include "base/result.hpp"
#include "engine/file_meta.hpp"
#include "engine/survey.hpp"

namespace ouro::engine {

/// Writes them, synced (the directory is not), and adds them to `edit`. Where the manifest decides:
/// a file in place of each damaged one, and level 0 files of what the logs hold. Where it does not:
/// per table, one merge of everything, newest first, into the last level. `survey.store` hands out
/// the numbers. After an error files may be left behind.
Status write_repaired(const Survey& survey, VersionEdit& edit);

}  // namespace ouro::engine
