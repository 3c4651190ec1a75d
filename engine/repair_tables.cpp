#include "engine/repair_tables.hpp"

#include "engine/flush.hpp"
#include "engine/merging_iterator.hpp"
#include "engine/table_job.hpp"
#include "engine/table_survey.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {
namespace {

constexpr unsigned last_level = level_count - 1;

// The first entry of each key: the newest.
class NewestIterator final : public EntryIterator {
 public:
  explicit NewestIterator(std::unique_ptr<EntryIterator> source) : source_(std::move(source)) {}

  void seek(std::string_view key, Sequence sequence) override { source_->seek(key, sequence); }
  void seek_to_first() override { source_->seek_to_first(); }
  void next() override {
    key_.assign(source_->entry().key);
    do source_->next();
    while (source_->valid() && source_->entry().key == key_);
  }
  bool valid() const override { return source_->valid(); }
  Entry entry() const override { return source_->entry(); }
  Status status() const override { return source_->status(); }

 private:
  std::unique_ptr<EntryIterator> source_;
  std::string key_;
};

Status write_job(const TableStore& store, TableJob::Plan plan, EntryIterator& source,
                 VersionEdit& edit) {
  TableJob job(store, std::move(plan), source);
  for (;;) {
    const auto finished = job.step(SIZE_MAX);
    if (!finished) return finished.error();
    if (*finished) break;
  }
  for (FileMeta& file : job.take_files()) edit.added.push_back(std::move(file));
  return {};
}

// Same table, level and versions, without what cannot be read: so every rule of its level holds on.
Status rewrite(const Survey& survey, const SurveyedTable& table, VersionEdit& edit) {
  const TableStore& store = survey.store->store;
  const auto reader = TableReader::open_damaged(store, table.meta);
  if (!reader) return reader.error();
  std::vector<std::string> known;  // the survey has reported it
  SalvageIterator entries(*reader, known);
  TableJob::Plan plan;
  plan.table = table.meta.table;
  plan.level = table.meta.level;
  plan.retention.visible = 0;  // as if every version could still be asked for
  return write_job(store, std::move(plan), entries, edit);
}

Status replace_damaged(const Survey& survey, VersionEdit& edit) {
  for (const SurveyedTable& table : survey.files)
    if (table.state == TableState::damaged)
      if (Status written = rewrite(survey, table, edit); !written) return written;
  const Retention retention{.snapshots = {}, .visible = survey.last_sequence};
  for (const auto& memtable : survey.logs.memtables)
    if (Status written = write_tables(survey.store->store, *memtable, retention, edit); !written)
      return written;
  return {};
}

bool counts(const SurveyedTable& table) {
  return table.state == TableState::whole || table.state == TableState::damaged;
}

Status merge_table(const Survey& survey, TableId table, VersionEdit& edit) {
  const TableStore& store = survey.store->store;
  std::vector<std::string> known;
  std::vector<std::unique_ptr<EntryIterator>> sources;
  for (const auto& memtable : survey.logs.memtables) sources.push_back(memtable->iterator(table));
  // The greatest number first: it decides between entries of equal key and sequence, of which one
  // was made from the other.
  for (auto file = survey.files.rbegin(); file != survey.files.rend(); ++file) {
    if (!counts(*file) || file->meta.table != table) continue;
    auto reader = TableReader::open_damaged(store, file->meta);
    if (!reader) return reader.error();
    sources.push_back(std::make_unique<SalvageIterator>(*reader, known));
  }
  if (sources.empty()) return {};
  NewestIterator newest(merge(std::move(sources)));
  TableJob::Plan plan;
  plan.table = table;
  plan.level = last_level;
  plan.file_bytes = store.options.table_file_bytes;
  plan.retention.visible = survey.last_sequence;
  // Markers of removed keys stay: whether one may go is decided by the compactions to come, which
  // know the table's owner.
  return write_job(store, std::move(plan), newest, edit);
}

}  // namespace

Status write_repaired(const Survey& survey, VersionEdit& edit) {
  if (survey.manifest_decides) return replace_damaged(survey, edit);
  for (std::size_t table = 0; table < survey.tables.size(); ++table)
    if (Status merged = merge_table(survey, static_cast<TableId>(table), edit); !merged)
      return merged;
  return {};
}

}  // namespace ouro::engine
