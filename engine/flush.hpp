// From memtable to table files.
#pragma once

#include "base/result.hpp"
#include "engine/file_meta.hpp"
#include "engine/memtable.hpp"
#include "engine/table_job.hpp"
#include "engine/table_store.hpp"

namespace ouro::engine {

/// Writes one level 0 file for each table that has entries, synced (the directory is not), and adds
/// them to `edit`. After an error the files written so far are removed and `edit` is as before.
Status write_tables(const TableStore& store, const Memtable& memtable, const Retention& retention,
                    VersionEdit& edit);

/// Removes files that were written but are not going to be installed; what cannot be removed is
/// left to the next open.
void remove_tables(const TableStore& store, const VersionEdit& edit);

}  // namespace ouro::engine
