// Opening: whose directory it is, what is in it, and what must be brought back.
#include "engine/db_impl.hpp"
#include "engine/file_names.hpp"
#include "engine/recovery.hpp"
#include "engine/wal_batch.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::size_t tables_max = 16;
constexpr std::size_t memtable_bytes_min = 4096;
constexpr std::size_t table_name_max = 32;

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

Status check_options(const Options& options) {
  if (options.directory.empty()) return invalid("engine options: no directory");
  if (options.tables.empty() || options.tables.size() > tables_max)
    return invalid("engine options: " + std::to_string(options.tables.size()) +
                   " tables; allowed are 1 to " + std::to_string(tables_max));
  std::set<std::string> names;
  for (const TableSpec& table : options.tables) {
    if (table.name.empty() || table.name.size() > table_name_max)
      return invalid("engine options: the table name \"" + table.name +
                     "\" must have 1 to 32 bytes");
    if (!names.insert(table.name).second)
      return invalid("engine options: two tables are called \"" + table.name + "\"");
  }
  if (options.memtable_bytes == 0 || options.memtables_max == 0 || options.block_bytes == 0 ||
      options.wal_segment_bytes == 0 || options.commit_group_bytes == 0 ||
      options.table_file_bytes == 0 || options.level0_runs_max == 0 || options.level_ratio == 0 ||
      options.merge_width < 2)
    return invalid("engine options: sizes and limits must be above zero, merge_width above one");
  if (options.commit_group_bytes > batch_size_max)
    return invalid("engine options: commit_group_bytes may be at most " +
                   std::to_string(batch_size_max));
  if (options.level0_runs_stop <= options.level0_runs_max)
    return invalid("engine options: level0_runs_stop must be above level0_runs_max");
  return {};
}

// Creates the directory so that its name and those of its new parents survive a crash.
Status create_durably(FileSystem& files, const std::string& directory) {
  std::vector<std::string> missing;
  std::string path = directory;
  while (!files.exists(path) && path != "." && path != "/") {
    missing.push_back(path);
    path = directory_of(path);
  }
  if (Status created = files.create_directory(directory); !created) return created;
  for (const std::string& name : missing)
    if (Status synced = files.sync_directory(directory_of(name)); !synced) return synced;
  return {};
}

// Brings the options into the order of the tables on disk; new tables come behind.
Result<OpenedTables> match_tables(const Options& options, const std::vector<TableSpec>& on_disk) {
  OpenedTables opened;
  opened.options = options;
  opened.options.memtable_bytes =
      std::min(options.memtable_bytes, std::max(options.memory_bytes / 8, memtable_bytes_min));
  opened.options.tables = on_disk;
  opened.disk_ids.resize(options.tables.size());
  std::size_t matched = 0;
  for (std::size_t i = 0; i < options.tables.size(); ++i) {
    const TableSpec& wanted = options.tables[i];
    const auto found = std::find_if(on_disk.begin(), on_disk.end(), [&](const TableSpec& table) {
      return table.name == wanted.name;
    });
    if (found == on_disk.end()) {
      opened.disk_ids[i] = static_cast<TableId>(opened.options.tables.size());
      opened.options.tables.push_back(wanted);
      continue;
    }
    if (found->token_order != wanted.token_order)
      return invalid("the table \"" + wanted.name + "\" in " + options.directory +
                     " was created with another token_order");
    opened.disk_ids[i] = static_cast<TableId>(found - on_disk.begin());
    opened.options.tables[opened.disk_ids[i]] = wanted;  // with its hooks
    ++matched;
  }
  if (matched == on_disk.size()) return opened;
  std::string missing;
  for (const TableSpec& table : on_disk)
    if (std::none_of(options.tables.begin(), options.tables.end(),
                     [&](const TableSpec& wanted) { return wanted.name == table.name; }))
      missing += " \"" + table.name + "\"";
  return invalid(options.directory + " has tables that were not named:" + missing);
}

// Without CURRENT only the remains of an unfinished creation may be there: they hold no data.
Status check_is_new(FileSystem& files, const std::string& directory,
                    const std::vector<std::string>& present) {
  for (const std::string& name : present) {
    const auto file = parse_file_name(name);
    if (!file) continue;
    bool holds_data = file->kind == FileKind::table;
    if (file->kind == FileKind::log) {
      const auto size = files.file_size(directory + "/" + name);
      if (!size) return size.error();
      holds_data = *size > log_header_size;
    }
    if (holds_data)
      return Error{ErrorCode::corruption, current_path(directory) + ": missing, though " + name +
                                              " is there; restore it or empty the directory"};
  }
  return {};
}

DbIdentity new_identity(const Options& options) {
  std::string bytes;
  put_fixed(bytes, hash64(options.directory, options.identity));
  put_fixed(bytes, options.identity);
  DbIdentity identity{};
  bytes.copy(identity.data(), identity.size());
  return identity;
}

}  // namespace

Result<std::unique_ptr<Db>> Db::open(Options options, FileSystem& files, Lanes lanes) {
  if (Status valid = check_options(options); !valid) return valid.error();
  if (lanes.compaction.empty()) return invalid("engine: no lane for compaction");
  const std::string& directory = options.directory;
  if (Status created = create_durably(files, directory); !created) return created.error();
  if (Status safe = files.check_private(directory); !safe) return safe.error();
  auto lock = files.lock(lock_path(directory));
  if (!lock) return lock.error();
  const auto present = files.list(directory);
  if (!present) return present.error();
  auto loaded = load_manifest(files, directory);
  if (!loaded) return loaded.error();
  if (loaded->number == 0) {
    if (Status fresh = check_is_new(files, directory, *present); !fresh) return fresh.error();
    loaded->state.identity = new_identity(options);
  }
  auto tables = match_tables(options, loaded->state.tables);
  if (!tables) return tables.error();
  auto db = std::make_unique<DbImpl>(std::move(*tables), files, std::move(lanes), std::move(*lock));
  if (Status started = db->start(std::move(*loaded), *present); !started) return started.error();
  return std::unique_ptr<Db>(std::move(db));
}

Status DbImpl::start(LoadedManifest loaded, const std::vector<std::string>& present) {
  ManifestState& state = loaded.state;
  identity_ = state.identity;
  store_.database_id = load_fixed<std::uint64_t>(identity_.data());
  store_.directory = options_.directory;
  store_.next_number = [this] { return new_number(); };
  store_.discard = [this](const std::string& path) { discard(path); };

  // Numbers in the directory that the manifest does not know were given out by a run that crashed.
  std::uint64_t next = state.next_file_number;
  std::vector<std::uint64_t> logs;
  for (const std::string& name : present) {
    const auto file = parse_file_name(name);
    if (!file) continue;
    next = std::max(next, file->number + 1);
    if (file->kind == FileKind::log) logs.push_back(file->number);
  }
  next_file_number_.store(next);
  state.tables = options_.tables;
  if (Status recovered = recover(state, loaded.number == 0 ? nullptr : &logs); !recovered)
    return recovered;
  remove_leftovers(present);
  look_for_space();
  schedule_compaction();
  return {};
}

// Everything is written anew under new names, and counts from the moment CURRENT names the new
// manifest: an open that is cut short anywhere leaves what it found.
Status DbImpl::recover(ManifestState& state, const std::vector<std::uint64_t>* logs) {
  VersionEdit present;
  for (const auto& [number, file] : state.files) present.added.push_back(file);
  auto version = with_files(Version(options_.tables.size()), present);
  if (!version) return version.error();
  if (logs != nullptr) {
    auto recovered = recover_logs(store_, state, *logs);
    if (!recovered) return recovered.error();
    if (Status synced = files_.sync_directory(options_.directory); !synced) return synced;
    version = with_files(**version, recovered->tables);
    if (!version) return version.error();
    ManifestEdit edit;
    edit.files = std::move(recovered->tables);
    edit.last_sequence = recovered->last_sequence;
    if (Status applied = state.apply(edit); !applied) return applied;
  }
  if (Status begun = begin_log(state.last_sequence + 1); !begun) return begun;
  active_ = std::make_shared<Generation>(
      std::make_shared<Memtable>(options_.tables, options_.memtable_bytes), log_->header().number);
  update_state([&](ReadState& first) {
    first.version = std::move(*version);
    first.active = active_;
  });
  written_ = state.last_sequence;
  visible_.store(written_);
  return begin_manifest(state);
}

Result<std::shared_ptr<const Version>> DbImpl::with_files(const Version& version,
                                                          const VersionEdit& edit) const {
  const auto readers = open_tables(store_, edit);
  if (!readers) return readers.error();
  return version.apply(edit, *readers);
}

Status DbImpl::begin_log(Sequence first_sequence) {
  LogHeader header;
  header.number = new_number();
  header.identity = identity_;
  header.first_sequence = first_sequence;
  auto log = LogWriter::create(files_, log_path(options_.directory, header.number), header);
  if (!log) return log.error();
  log_ = std::move(*log);
  return {};
}

Status DbImpl::begin_manifest(ManifestState& state) {
  const std::uint64_t number = new_number();
  state.log_number = log_->header().number;
  state.next_file_number = next_file_number_.load();
  auto manifest = Manifest::create(files_, options_.directory, number, state);
  if (!manifest) return manifest.error();
  if (Status current = (*manifest)->make_current(files_, options_.directory); !current)
    return current;
  manifest_ = std::move(*manifest);
  manifest_state_ = state;
  return {};
}

// Of the files that were there before: those that the new manifest does not need.
void DbImpl::remove_leftovers(const std::vector<std::string>& present) {
  for (const std::string& name : present) {
    const auto file = parse_file_name(name);
    if (!file || file->kind == FileKind::current || file->kind == FileKind::lock) continue;
    if (file->kind == FileKind::table && manifest_state_.files.contains(file->number)) continue;
    // What cannot be removed now is removed by the next open.
    static_cast<void>(files_.remove(options_.directory + "/" + name));
  }
}

}  // namespace ouro::engine
