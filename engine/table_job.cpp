#include "engine/table_job.hpp"

#include "base/check.hpp"
#include "engine/block.hpp"
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
    : store_(store),
      plan_(std::move(plan)),
      source_(source),
      spec_(store.options.tables.at(plan_.table)),
      oldest_(plan_.retention.oldest()),
      output_begin_(plan_.begin) {
  check(std::is_sorted(plan_.retention.snapshots.begin(), plan_.retention.snapshots.end()));
  check(std::is_sorted(plan_.cuts.begin(), plan_.cuts.end()));
}

TableJob::~TableJob() {
  builder_.reset();
  // What cannot be removed now is found and removed when the database is opened again.
  for (const std::string& path : paths_) static_cast<void>(store_.files.remove(path));
}

Result<bool> TableJob::step(std::size_t input_bytes) {
  check(!done_);
  if (!std::exchange(started_, true)) {
    if (plan_.begin.empty())
      source_.seek_to_first();
    else
      source_.seek(plan_.begin, sequence_max);
  }
  bool ended = false;
  for (std::size_t taken = 0; taken < input_bytes && source_.valid(); source_.next()) {
    const Entry entry = source_.entry();
    ended = !plan_.end.empty() && entry.key >= plan_.end;
    if (ended) break;
    taken += entry.key.size() + entry.value.size() + sizeof(Entry);
    const Status status = take(entry);
    if (!status) return status.error();
  }
  if (source_.valid() && !ended) return false;
  Status status = source_.status();
  if (status) status = close_output({});
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

Status TableJob::take(Entry entry) {
  if (read_ == 0 || entry.key != key_) begin_key(entry.key);
  ++read_;
  if (!keep(entry)) {
    ++dropped_;
    return {};
  }
  if (std::exchange(cut_, false))
    if (Status closed = close_output(key_); !closed) return closed;
  if (!builder_)
    if (Status opened = open_output(); !opened) return opened;
  return builder_->add(entry);
}

// Outputs are cut only between keys, so that a key's versions never lie in two files of a level.
// The cut waits for a key that is kept, so that some output answers for those that are not.
void TableJob::begin_key(std::string_view key) {
  key_.assign(key);
  newer_ = 0;
  if (plan_.file_bytes > 0 && builder_ && builder_->file_size() >= plan_.file_bytes) cut_ = true;
  for (; next_cut_ < plan_.cuts.size() && plan_.cuts[next_cut_] <= key; ++next_cut_) cut_ = true;
}

bool TableJob::keep(Entry& entry) {
  const Sequence newer = std::exchange(newer_, entry.sequence);
  if (!plan_.retention.needed(entry.sequence, newer)) return false;
  if (entry.sequence > oldest_ || !plan_.older) return true;
  return keep_settled(entry, newer);
}

// `entry` is the newest version that everybody sees: older ones in this job's input follow, and are
// not needed.
bool TableJob::keep_settled(Entry& entry, Sequence newer) {
  if (entry.kind == EntryKind::put && may_drop(entry, newer)) {
    if (!plan_.older->may_contain(entry.key)) return false;
    // Without a marker the older version below would be seen again.
    entry.kind = EntryKind::remove;
    entry.value = {};
    return true;
  }
  // A remove hides older versions, and is no use where there are none.
  if (entry.kind == EntryKind::remove && !plan_.older->may_contain(entry.key) &&
      (!spec_.may_forget || spec_.may_forget(entry.key)))
    return false;
  if (plan_.level > 0 && !plan_.older->covers(entry.key)) entry.sequence = 0;
  return true;
}

bool TableJob::may_drop(const Entry& entry, Sequence newer) const {
  if (!spec_.may_drop) return false;
  const std::vector<Sequence>& snapshots = plan_.retention.snapshots;
  const bool in_snapshot = !snapshots.empty() && (newer == 0 || snapshots.front() < newer);
  return !in_snapshot && spec_.may_drop(entry.key, entry.value);
}

Status TableJob::open_output() {
  const std::uint64_t number = store_.next_number();
  paths_.push_back(table_path(store_.directory, number));
  auto builder = TableBuilder::create(store_, {number, plan_.table, plan_.level});
  if (!builder) return builder.error();
  builder_ = std::move(*builder);
  return {};
}

// `next` is where the next output begins; empty: there is none.
Status TableJob::close_output(const std::string& next) {
  if (!builder_) return {};
  builder_->set_replaced(
      parts_within(plan_.replaced, output_begin_, next.empty() ? plan_.end : next));
  output_begin_ = next;
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
