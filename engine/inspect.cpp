#include "engine/inspect.hpp"

#include "engine/block.hpp"
#include "engine/file_names.hpp"
#include "engine/merging_iterator.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

class LiveIterator final : public Iterator {
 public:
  LiveIterator(std::unique_ptr<EntryIterator> source, Range range)
      : source_(std::move(source)), range_(std::move(range)) {
    LiveIterator::seek_to_first();
  }

  void seek(std::string_view key) override {
    source_->seek(std::max<std::string_view>(key, range_.start), sequence_max);
    skip_removed();
  }
  void seek_to_first() override { seek(range_.start); }
  void next() override {
    leave_key();
    skip_removed();
  }
  bool valid() const override {
    return source_->valid() && (range_.end.empty() || source_->entry().key < range_.end);
  }
  std::string_view key() const override { return source_->entry().key; }
  std::string_view value() const override { return source_->entry().value; }
  Status status() const override { return source_->status(); }

 private:
  void leave_key() {
    last_.assign(source_->entry().key);
    do source_->next();
    while (source_->valid() && source_->entry().key == last_);
  }
  void skip_removed() {
    while (valid() && source_->entry().kind == EntryKind::remove) leave_key();
  }

  std::unique_ptr<EntryIterator> source_;
  Range range_;
  std::string last_;
};

Result<LogSurvey> replay(FileSystem& files, const std::string& directory,
                         const ManifestState& state) {
  const auto present = files.list(directory);
  if (!present) return present.error();
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : *present)
    if (const auto file = parse_file_name(name); file && file->kind == FileKind::log)
      numbers.push_back(file->number);
  std::sort(numbers.begin(), numbers.end());
  LogQuestion question;
  question.identity = state.identity;
  question.begin = LogQuestion::Begin{state.log_number, state.last_sequence + 1};
  question.tables = state.tables;
  auto logs = survey_logs(files, directory, numbers, question);
  if (logs && !logs->damage.empty()) return Error{ErrorCode::corruption, logs->damage.front()};
  return logs;
}

}  // namespace

Result<std::unique_ptr<Inspector>> Inspector::open(FileSystem& files,
                                                   const std::string& directory) {
  std::unique_ptr<Inspector> inspector(new Inspector);
  inspector->directory_ = directory;
  auto lock = lock_database(files, directory);
  if (!lock) return lock.error();
  inspector->lock_ = std::move(*lock);
  auto manifest = load_manifest(files, directory);
  if (!manifest) return manifest.error();
  if (manifest->number == 0)
    return Error{ErrorCode::corruption,
                 current_path(directory) + ": missing; repair finds the manifest again"};
  inspector->manifest_ = std::move(*manifest);
  const ManifestState& state = inspector->manifest_.state;
  auto logs = replay(files, directory, state);
  if (!logs) return logs.error();
  inspector->logs_ = std::move(*logs);
  Options options;
  options.directory = directory;
  options.tables = state.tables;
  options.memory_bytes = 0;
  inspector->store_ = std::make_unique<OfflineStore>(std::move(options), files, state.identity);
  const VersionEdit edit = state.whole().files;
  const auto readers = open_tables(inspector->store_->store, edit);
  if (!readers) return readers.error();
  auto version = Version(state.tables.size()).apply(edit, *readers);
  if (!version) return version.error();
  inspector->version_ = std::move(*version);
  return inspector;
}

Sequence Inspector::last_sequence() const noexcept {
  return std::max(manifest_.state.last_sequence, logs_.last_sequence);
}

Result<TableId> Inspector::table(std::string_view name) const {
  std::string known;
  for (std::size_t i = 0; i < state().tables.size(); ++i) {
    if (state().tables[i].name == name) return static_cast<TableId>(i);
    known += (known.empty() ? "" : ", ") + state().tables[i].name;
  }
  return Error{ErrorCode::not_found,
               directory_ + ": has no table \"" + std::string(name) + "\"; there are " + known};
}

std::unique_ptr<Iterator> Inspector::scan(TableId table, const Range& range) const {
  std::vector<std::unique_ptr<EntryIterator>> sources;
  for (auto memtable = logs_.memtables.rbegin(); memtable != logs_.memtables.rend(); ++memtable)
    sources.push_back((*memtable)->iterator(table));
  version_->add_iterators(table, range, {.mode = ReadMode::blocking, .fill_cache = false}, sources);
  return std::make_unique<LiveIterator>(merge(std::move(sources)), range);
}

Result<Survey> verify_database(FileSystem& files, const SurveyQuestion& question) {
  auto lock = lock_database(files, question.options.directory);
  if (!lock) return lock.error();
  return survey_directory(files, question);
}

}  // namespace ouro::engine
