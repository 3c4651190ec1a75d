#include "engine/flush.hpp"

#include "engine/file_names.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {

Status write_tables(const TableStore& store, const Memtable& memtable, const Retention& retention,
                    VersionEdit& edit) {
  VersionEdit written;
  for (std::size_t table = 0; table < store.options.tables.size(); ++table) {
    const auto id = static_cast<TableId>(table);
    if (!memtable.has_entries(id)) continue;
    const auto entries = memtable.iterator(id);
    auto file = build_table(store, id, *entries, retention);
    if (!file) {
      remove_tables(store, written);
      return file.error();
    }
    if (*file) written.added.push_back(std::move(**file));
  }
  for (FileMeta& file : written.added) edit.added.push_back(std::move(file));
  return {};
}

void remove_tables(const TableStore& store, const VersionEdit& edit) {
  for (const FileMeta& file : edit.added) {
    // One that only changes its level is in use.
    if (std::find(edit.removed.begin(), edit.removed.end(), file.number) != edit.removed.end())
      continue;
    static_cast<void>(store.files.remove(table_path(store.directory, file.number)));
  }
}

}  // namespace ouro::engine
