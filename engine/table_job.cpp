#include "engine/table_job.hpp"

#include "base/check.hpp"
#include "engine/file_names.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {

bool Retention::needed(Sequence sequence, Sequence newer) const {
  // Later snapshots may fall anywhere from `visible` on.
  if (sequence > visible) return true;
  if (newer == 0 || newer > visible) return true;
  const auto snapshot = std::lower_bound(snapshots.begin(), snapshots.end(), sequence);
  return snapshot != snapshots.end() && *snapshot < newer;
}

Sequence Retention::oldest() const {
  return snapshots.empty() ? visible : std::min(snapshots.front(), visible);
}

TableJob::TableJob(const TableStore& store, Plan plan, EntryIterator& source)
    : store_(store), plan_(std::move(plan)), source_(source) {
  check(std::is_sorted(plan_.retention.snapshots.begin(), plan_.retention.snapshots.end()));
}

TableJob::~TableJob() {
  builder_.reset();
  // What cannot be removed now is found and removed when the database is opened again.
  for (const std::string& path : paths_) static_cast<void>(store_.files.remove(path));
}

Result<bool> TableJob::step(std::size_t input_bytes) {
  check(!done_);
  if (!std::exchange(started_, true)) source_.seek_to_first();
  for (std::size_t taken = 0; taken < input_bytes && source_.valid(); source_.next()) {
    const Entry entry = source_.entry();
    taken += entry.key.size() + entry.value.size() + sizeof(Entry);
    const Status status = take(entry);
    if (!status) return status.error();
  }
  if (source_.valid()) return false;
  Status status = source_.status();
  if (status) status = close_output();
  if (!status) return status.error();
  std::uint64_t in_files = 0;
  for (const FileMeta& file : files_) in_files += file.entries;
  if (in_files + dropped_ != read_)
    return Error{ErrorCode::corruption, "table files were written with " +
                                            std::to_string(in_files) + " entries instead of " +
                                            std::to_string(read_ - dropped_)};
  done_ = true;
  return true;
}

Status TableJob::take(const Entry& entry) {
  const bool new_key = read_ == 0 || entry.key != key_;
  ++read_;
  if (new_key) {
    key_.assign(entry.key);
    newer_ = 0;
    // Only between keys, so that a key's versions never lie in two files of a level.
    if (builder_ && plan_.file_bytes > 0 && builder_->file_size() >= plan_.file_bytes) {
      const Status closed = close_output();
      if (!closed) return closed;
    }
  }
  if (!keep(entry)) {
    ++dropped_;
    return {};
  }
  if (!builder_) {
    const Status opened = open_output();
    if (!opened) return opened;
  }
  return builder_->add(entry);
}

bool TableJob::keep(const Entry& entry) {
  const Sequence newer = std::exchange(newer_, entry.sequence);
  if (!plan_.retention.needed(entry.sequence, newer)) return false;
  // A remove that everybody sees hides older versions, and is no use where there are none. (Those
  // in this job's input follow and are not needed.)
  const bool hides_nothing = entry.kind == EntryKind::remove &&
                             entry.sequence <= plan_.retention.oldest() && plan_.older_may_exist &&
                             !plan_.older_may_exist(entry.key);
  return !hides_nothing;
}

Status TableJob::open_output() {
  const std::uint64_t number = store_.next_number();
  paths_.push_back(table_path(store_.directory, number));
  auto builder = TableBuilder::create(store_, {number, plan_.table, plan_.level});
  if (!builder) return builder.error();
  builder_ = std::move(*builder);
  return {};
}

Status TableJob::close_output() {
  if (!builder_) return {};
  auto file = builder_->finish();
  if (!file) return file.error();
  builder_.reset();
  bytes_written_ += file->size;
  files_.push_back(std::move(*file));
  return {};
}

std::vector<FileMeta> TableJob::take_files() {
  check(done_);
  paths_.clear();
  return std::move(files_);
}

Result<std::optional<FileMeta>> build_table(const TableStore& store, TableId table,
                                            EntryIterator& entries, const Retention& retention) {
  TableJob::Plan plan;
  plan.table = table;
  plan.retention = retention;
  TableJob job(store, std::move(plan), entries);
  for (;;) {
    const auto finished = job.step(SIZE_MAX);
    if (!finished) return finished.error();
    if (*finished) break;
  }
  std::vector<FileMeta> files = job.take_files();
  if (files.empty()) return std::optional<FileMeta>();
  return std::optional<FileMeta>(std::move(files.front()));
}

}  // namespace ouro::engine
