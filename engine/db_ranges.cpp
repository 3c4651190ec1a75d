// Ranges of keys: dropped, written out as files, and taken in.
#include "engine/db_impl.hpp"
#include "engine/db_iterator.hpp"
#include "engine/level_iterator.hpp"
#include "engine/merging_iterator.hpp"
#include "engine/range_export.hpp"
#include "engine/range_filter.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/flush.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::size_t step_bytes = std::size_t{1} << 20;
constexpr IterateOptions past_cache{.mode = ReadMode::blocking, .fill_cache = false};

/// A job that keeps every version of every key: only compaction decides what is no longer needed.
TableJob::Plan plan_for(TableId id, unsigned level, std::uint64_t file_bytes) {
  TableJob::Plan plan;
  plan.table = id;
  plan.level = level;
  plan.file_bytes = file_bytes;
  return plan;
}

Status run(TableJob& job) {
  for (;;) {
    const auto done = job.step(step_bytes);
    if (!done) return done.error();
    if (*done) return {};
  }
}

Status rewrite_without(const TableStore& store, const TableReader& file, const Range& range,
                       VersionEdit& edit) {
  const auto rest = without_range(file.iterator(past_cache), range);
  // One file stays one file, for a run of level 0 must.
  TableJob::Plan plan = plan_for(file.meta().table, file.meta().level, 0);
  auto replaced = replaced_with(store, file);
  if (!replaced) return replaced.error();
  plan.replaced = std::move(*replaced);
  TableJob job(store, std::move(plan), *rest);
  if (Status done = run(job); !done) return done;
  for (FileMeta& written : job.take_files()) edit.added.push_back(std::move(written));
  return {};
}

/// For messages: keys may be of any bytes and long.
std::string readable(std::string_view key) {
  constexpr std::size_t shown_max = 40;
  constexpr char digits[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : key.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '\\' && c != '"')
      text += c;
    else
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
  return text + (key.size() > shown_max ? "...\"" : "\"");
}

/// Of an export's own, so that its files are never mistaken for those of the database.
DbIdentity export_identity(const DbIdentity& database, const std::string& directory,
                           std::uint64_t number) {
  const std::string_view source(database.data(), database.size());
  std::string bytes;
  put_fixed(bytes, hash64(directory, hash64(source, number)));
  put_fixed(bytes, hash64(source));
  DbIdentity identity{};
  bytes.copy(identity.data(), identity.size());
  return identity;
}

}  // namespace

Result<TableId> DbImpl::disk_id(TableId table) const {
  if (table < disk_ids_.size()) return disk_ids_[table];
  return Error{ErrorCode::invalid_argument, "table " + std::to_string(table) + " was not opened"};
}

// A job that runs is brought to its end: dropping one range after the other must not starve
// compaction. One that fails is given up, for what it cannot read may be what is to be dropped.
Status DbImpl::end_compaction(std::unique_lock<std::mutex>& lock) {
  if (Status finished = finish_running_compaction(lock); !finished) note_background_error(finished);
  return failed() ? Status(closed()) : Status();
}

// Brings all that is committed now into table files, and tells the last sequence of it.
Result<Sequence> DbImpl::flush_present() {
  Sequence last = 0;
  {
    const std::lock_guard lock(write_mutex_);
    if (failed()) return closed();
    if (state()->active->memtable->entries() > 0)
      if (Status switched = switch_memtable_locked(); !switched) return switched.error();
    last = written_;
  }
  for (;;) {
    const auto present = state();
    if (present->waiting.empty() || present->waiting.back()->memtable->last_sequence() > last)
      return last;
    if (Status flushed = flush_one(); !flushed) return flushed.error();
  }
}

Status DbImpl::drop_range(TableId table, const Range& range) {
  const auto id = disk_id(table);
  if (!id) return id.error();
  if (is_empty(range)) return {};
  std::unique_lock lock(compaction_mutex_);
  const CompactionHold hold(*this);
  if (Status ended = end_compaction(lock); !ended) return ended;
  const auto last = flush_present();
  if (!last) return last.error();
  auto edit = without_range_locked(*id, range, *last);
  if (!edit) return edit.error();
  if (edit->removed.empty()) return {};
  Status installed = install(*edit, nullptr);
  schedule_compaction();
  return installed;
}

// As no compaction has run since the memtables were switched, a file holds changes up to `last`
// only, or later ones only.
Result<VersionEdit> DbImpl::without_range_locked(TableId id, const Range& range, Sequence last) {
  VersionEdit edit;
  const auto version = state()->version;
  for (unsigned level = 0; level < level_count; ++level)
    for (const TableFile& file : version->level(id, level).files) {
      const FileMeta& meta = file->meta();
      if (!overlaps(meta, range) || meta.min_sequence > last) continue;
      edit.removed.push_back(meta.number);
      if (covers(range, meta)) continue;
      if (Status rewritten = rewrite_without(store_, *file, range, edit); !rewritten) {
        remove_tables(store_, edit);
        return rewritten.error();
      }
    }
  return edit;
}

Result<RangeExport> DbImpl::export_range(TableId table, const Range& range,
                                         const std::string& directory, ReadOptions options) {
  const auto id = disk_id(table);
  if (!id) return id.error();
  if (Status begun = begin_copy(directory); !begun) return begun.error();
  // The state first, as for every read.
  std::shared_ptr<const ReadState> present = state();
  const Sequence at_most = options.snapshot != nullptr ? options.snapshot->sequence()
                                                       : visible_.load(std::memory_order_acquire);
  auto sources = sources_of(*present, *id, range, past_cache);
  const auto live = make_iterator(merge(std::move(sources)),
                                  {.range = range, .at_most = at_most, .pin = std::move(present)});
  const TableSpec& spec = options_.tables[*id];
  const ExportTarget target{directory,
                            {.name = spec.name, .token_order = spec.token_order},
                            export_identity(identity_, directory, new_number())};
  auto written = write_export(options_, files_, target, *live);
  if (!written) abandon_copy(directory);
  return written;
}

Result<IngestReport> DbImpl::ingest(TableId table, const std::string& directory) {
  const auto id = disk_id(table);
  if (!id) return id.error();
  const auto source = OpenedExport::open(files_, directory);
  if (!source) return source.error();
  const TableSpec& spec = options_.tables[*id];
  if (spec.token_order != (*source)->table().token_order)
    return Error{ErrorCode::invalid_argument,
                 directory + ": the table \"" + (*source)->table().name +
                     "\" it was written from and the table \"" + spec.name +
                     "\" differ in token_order; name a table of the same kind"};
  if (Status whole = (*source)->verify(); !whole) return whole.error();
  const IngestReport totals = (*source)->totals();
  if (totals.files == 0) return totals;

  // Until the edit is installed no file below level 0 may change, and no sequence may be forgotten.
  std::unique_lock lock(compaction_mutex_);
  const CompactionHold hold(*this);
  if (Status ended = end_compaction(lock); !ended) return ended.error();
  if (Status unused = check_unused(*id, **source); !unused) return unused.error();
  const auto edit = with_export_locked(*id, **source);
  if (!edit) return edit.error();
  if (Status installed = install(*edit, nullptr); !installed) return installed.error();
  schedule_compaction();
  return totals;
}

// Not even a removal may be there: it would hide what is older, and what is taken in is.
Status DbImpl::check_unused(TableId id, const OpenedExport& source) const {
  const std::string& smallest = source.tables().front()->meta().smallest;
  const std::string& largest = source.tables().back()->meta().largest;
  const auto present = state();
  // One key longer than the last: the range's end is exclusive.
  const auto entries = merge(sources_of(*present, id, {smallest, largest + '\0'}, past_cache));
  entries->seek(smallest, sequence_max);
  if (!entries->valid()) return entries->status();
  const std::string_view key = entries->entry().key;
  if (key > largest) return {};
  return Error{ErrorCode::exists, source.directory() + ": its keys go from " + readable(smallest) +
                                      " to " + readable(largest) + ", where the table \"" +
                                      options_.tables[id].name + "\" holds " + readable(key) +
                                      " already; drop that range first"};
}

// Writes the export's entries as files of this database's deepest level. A file there whose keys
// lie on both sides of them is written anew together with them, for files of a level must not
// overlap; as nothing lies in the export's range there is at most one.
Result<VersionEdit> DbImpl::with_export_locked(TableId id, const OpenedExport& source) {
  constexpr unsigned level = level_count - 1;
  std::uint64_t expected = source.totals().entries;
  VersionEdit edit;
  TableJob::Plan plan = plan_for(id, level, options_.table_file_bytes);
  std::vector<std::unique_ptr<EntryIterator>> sources;
  sources.push_back(std::make_unique<LevelIterator>(source.tables(), past_cache));
  const auto version = state()->version;
  for (const TableFile& file : version->level(id, level).files) {
    if (!overlaps(file->meta(), source.tables().front()->meta().smallest,
                  source.tables().back()->meta().largest))
      continue;
    expected += file->meta().entries;
    edit.removed.push_back(file->meta().number);
    sources.push_back(file->iterator(past_cache));
    auto replaced = replaced_with(store_, *file);
    if (!replaced) return replaced.error();
    plan.replaced = std::move(*replaced);
  }
  const auto entries = merge(std::move(sources));
  TableJob job(store_, std::move(plan), *entries);
  if (Status done = run(job); !done) return done.error();
  // A read error must never pass for the end of a file.
  if (job.entries_read() != expected)
    return Error{ErrorCode::corruption, source.directory() + ": " +
                                            std::to_string(job.entries_read()) +
                                            " entries were read instead of " +
                                            std::to_string(expected) + "; verify the database"};
  edit.added = job.take_files();
  return edit;
}

}  // namespace ouro::engine
