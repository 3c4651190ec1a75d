#include "engine/range_export.hpp"

#include "base/coding.hpp"
#include "engine/block.hpp"
#include "engine/file_names.hpp"
#include "engine/manifest.hpp"
#include "engine/table_job.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::uint64_t list_number = 1;
constexpr std::size_t step_bytes = std::size_t{1} << 20;

/// What a scan shows, as entries of an export.
class LiveEntries final : public EntryIterator {
 public:
  explicit LiveEntries(Iterator& live) : live_(live) {}

  void seek(std::string_view key, Sequence) override { live_.seek(key); }
  void seek_to_first() override { live_.seek_to_first(); }
  void next() override { live_.next(); }
  bool valid() const override { return live_.valid(); }
  Entry entry() const override {
    return {live_.key(), ingested_sequence, EntryKind::put, live_.value()};
  }
  Status status() const override { return live_.status(); }

 private:
  Iterator& live_;
};

Error no_export(const std::string& directory, const std::string& why) {
  return {ErrorCode::invalid_argument,
          directory + ": " + why + "; name a directory that an export wrote"};
}

}  // namespace

Result<RangeExport> write_export(const Options& options, FileSystem& files,
                                 const ExportTarget& target, Iterator& live) {
  Options own = options;
  own.tables = {target.table};
  own.memory_bytes = 0;
  TableStore store(own, files, load_fixed<std::uint64_t>(target.identity.data()));
  store.directory = target.directory;
  std::uint64_t next = list_number + 1;
  store.next_number = [&next] { return next++; };

  LiveEntries entries(live);
  TableJob::Plan plan;
  plan.level = OpenedExport::level;
  plan.file_bytes = own.table_file_bytes;
  TableJob job(store, std::move(plan), entries);
  for (bool done = false; !done;) {
    const auto stepped = job.step(step_bytes);
    if (!stepped) return stepped.error();
    done = *stepped;
  }

  RangeExport written;
  ManifestState list;
  list.identity = target.identity;
  list.tables = own.tables;
  for (FileMeta& file : job.take_files()) {
    written.entries += file.entries;
    written.bytes += file.size;
    ++written.files;
    list.files.emplace(file.number, std::move(file));
  }
  list.next_file_number = next;
  // Syncs the directory, and with it the names of the table files, before the list's content.
  const auto manifest = Manifest::create(files, target.directory, list_number, list);
  if (!manifest) return manifest.error();
  return written;
}

OpenedExport::OpenedExport(FileSystem& files, const std::string& directory)
    : store_(options_, files, 0) {
  store_.directory = directory;
}

Result<std::unique_ptr<OpenedExport>> OpenedExport::open(FileSystem& files,
                                                         const std::string& directory) {
  std::unique_ptr<OpenedExport> opened(new OpenedExport(files, directory));
  if (Status loaded = opened->load(); !loaded) return loaded.error();
  return opened;
}

Status OpenedExport::load() {
  auto list = load_manifest(store_.files, store_.directory, list_number);
  if (!list) {
    if (list.error().code != ErrorCode::not_found) return list.error();
    return Error{ErrorCode::not_found, manifest_path(store_.directory, list_number) +
                                           ": missing, so there is no whole export; export again"};
  }
  if (list->tables.size() != 1 || list->log_number != 0)
    return no_export(store_.directory, "its manifest is that of a database");
  options_.tables = std::move(list->tables);
  store_.database_id = load_fixed<std::uint64_t>(list->identity.data());

  VersionEdit edit;
  for (auto& [number, file] : list->files) {
    if (file.level != level || file.max_sequence != ingested_sequence)
      return no_export(store_.directory,
                       "table file " + std::to_string(number) + " is not as exports have them");
    totals_.entries += file.entries;
    totals_.bytes += file.size;
    ++totals_.files;
    edit.added.push_back(std::move(file));
  }
  const auto readers = open_tables(store_, edit);
  if (!readers) {
    if (readers.error().code != ErrorCode::not_found) return readers.error();
    return Error{ErrorCode::corruption,
                 readers.error().message + " (the export's list names it); export again"};
  }
  auto version = Version(1).apply(edit, *readers);
  if (!version)
    return Error{version.error().code,
                 manifest_path(store_.directory, list_number) + ": " + version.error().message};
  version_ = std::move(*version);
  return {};
}

Status OpenedExport::verify() const {
  VerifyReport report;
  for (const TableFile& file : tables()) {
    if (Status verified = file->verify(report); !verified) return verified;
    if (!report.damage.empty()) return Error{ErrorCode::corruption, report.damage.front()};
  }
  return {};
}

}  // namespace ouro::engine
