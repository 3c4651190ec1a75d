// Plays a list of operations on a database with given options and notes every answer.
#pragma once

#include "tests/engine/db_fixture.hpp"
#include "tests/engine/metamorphic_ops.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine::metamorphic {

/// One way to run a database.
struct Setting {
  Options options;
  std::size_t compaction_lanes = 1;
  unsigned cache_misses = 0;  ///< Permille of reads that must wait for the disk.
};

/// One answer for each operation: enough of it to compare and to recognise.
using Answers = std::vector<std::string>;

class Player {
 public:
  explicit Player(const Setting& setting)
      : setting_(setting), db_(files_, setting.options, setting.compaction_lanes) {
    files_.set_cache_misses(setting.cache_misses);
  }

  Answers play(const Ops& ops) {
    Answers answers;
    const Status opened = db_.open();
    if (!opened) return {fault(opened.error())};
    for (const Op& op : ops) {
      answers.push_back(answer(op));
      // What cannot be an answer ends the run: nothing behind it would mean anything.
      if (answers.back().starts_with(fault_mark)) return answers;
    }
    for (std::uint8_t table = 0; table < 2; ++table) answers.push_back(content(db_, table, {}));
    answers.push_back(verify());
    return answers;
  }

  static constexpr std::string_view fault_mark = "fault: ";

 private:
  static std::string fault(const Error& error) {
    return std::string(fault_mark) + ouro::to_string(error);
  }
  static std::string said(const Status& status) { return status ? "ok" : fault(status.error()); }

  static std::string value_of(std::uint64_t seed) {
    SeededRandom random(seed);
    // Mostly small, now and then larger than a block or kept beside the batch.
    const std::uint64_t size = random.one_in(40)  ? 5000
                               : random.one_in(6) ? random.below(600)
                                                  : random.below(60);
    std::string value = std::to_string(seed % 100000) + ":";
    const bool dense = random.one_in(2);
    while (value.size() < size) value += dense ? "same old" : std::to_string(random.next());
    return value;
  }

  static void change(Batch& batch, TableId table, std::uint64_t number, std::uint64_t seed) {
    if (seed % 4 == 0) {
      batch.remove(table, key_of(number));
      return;
    }
    const std::string value = value_of(seed);
    if (seed % 3 != 0) {
      batch.put(table, key_of(number), value);
      return;
    }
    const SharedBytes pieces[] = {SharedBytes(value.substr(0, value.size() / 3)),
                                  SharedBytes(value.substr(value.size() / 3))};
    batch.put(table, key_of(number), pieces);
  }

  static Batch random_batch(std::uint64_t seed) {
    SeededRandom random(seed);
    Batch batch;
    for (std::uint64_t i = random.below(6); i < 7; ++i)
      change(batch, static_cast<TableId>(random.below(2)), random.below(key_count), random.next());
    return batch;
  }

  std::string commit(Batch batch, std::uint64_t seed) {
    const auto done = db_->commit_sync(std::move(batch), static_cast<Durability>(seed % 3));
    return done ? "ok" : fault(done.error());
  }

  // Batches that wait together, so that they share a log write.
  std::string queue(const Op& op) {
    std::string failure;
    std::uint64_t answered = 0;
    const std::uint64_t count = 1 + op.a % 12;
    for (std::uint64_t i = 0; i < count;) {
      const Status queued = db_->commit(random_batch(op.seed + i), static_cast<Durability>(i % 3),
                                        [&](Result<Sequence> done) {
                                          ++answered;
                                          if (!done) failure = fault(done.error());
                                        });
      if (queued) ++i;
      if (!queued && queued.error().code != ErrorCode::busy) return fault(queued.error());
      if (!queued && db_.lane.run_all() == 0) return std::string(fault_mark) + "busy for ever";
    }
    db_.lane.run_all();
    if (!failure.empty()) return failure;
    return answered == count ? "ok" : std::string(fault_mark) + "unanswered commits";
  }

  std::string get(std::span<Lookup> lookups) {
    Status got = db_->get(lookups, {.mode = ReadMode::cached});
    if (!got && got.error().code == ErrorCode::would_block) got = db_->get(lookups);
    if (!got) return fault(got.error());
    std::string found;
    for (const Lookup& lookup : lookups)
      found += lookup.value ? brief(lookup.value->view()) + ";" : "-;";
    return found;
  }

  std::string multi_get(const Op& op) {
    SeededRandom random(op.seed);
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < 1 + op.b % 40; ++i)
      keys.push_back(key_of(random.below(key_count + 20)));
    std::vector<Lookup> lookups;
    for (const std::string& key : keys)
      lookups.push_back({static_cast<TableId>(random.below(2)), key, {}});
    return brief(get(lookups));
  }

  static Range range_of(const Op& op) {
    Range range{key_of(op.a), key_of(op.b)};
    // Half of all ranges would hold nothing, and few the whole table.
    if (range.end < range.start && op.seed % 8 != 0) std::swap(range.start, range.end);
    if (op.seed % 11 == 0) range.start.clear();
    if (op.seed % 13 == 0) range.end.clear();
    return range;
  }

  static std::string brief(std::string_view bytes) {
    return std::string(bytes.substr(0, 12)) + "#" + std::to_string(hash64(bytes));
  }

  static std::string content(TestDb& db, std::uint8_t table, const Range& range,
                             const Snapshot* snapshot = nullptr) {
    std::string all;
    std::uint64_t count = 0;
    const auto it = db->scan(table, range, {.snapshot = snapshot});
    for (; it->valid(); it->next(), ++count)
      all += std::string(it->key()) + "=" + std::string(it->value()) + "\n";
    if (!it->status()) return fault(it->status().error());
    return std::to_string(count) + " entries #" + std::to_string(hash64(all));
  }

  const Snapshot* slot(std::uint64_t number) {
    const auto found = snapshots_.find(number % 4);
    return found == snapshots_.end() ? nullptr : found->second.get();
  }

  std::string reopen() {
    snapshots_.clear();
    return said(db_.reopen());
  }

  std::string move_range(const Op& op) {
    const std::string directory = "export" + std::to_string(++directories_);
    const Range range = range_of(op);
    const auto written = db_->export_range(op.table, range, directory, {.snapshot = slot(op.b)});
    if (!written) return fault(written.error());
    const auto other = static_cast<TableId>(1 - op.table);
    if (Status dropped = db_->drop_range(other, range); !dropped) return fault(dropped.error());
    const auto taken = db_->ingest(other, directory);
    if (!taken) return fault(taken.error());
    if (taken->entries != written->entries) return std::string(fault_mark) + "entries were lost";
    return std::to_string(taken->entries) + " moved";
  }

  std::string checkpoint() {
    Setting copied = setting_;
    copied.options.directory = "copy" + std::to_string(++directories_);
    if (Status made = db_->checkpoint(copied.options.directory); !made) return fault(made.error());
    TestDb copy(files_, copied.options, copied.compaction_lanes);
    if (Status opened = copy.open(); !opened) return fault(opened.error());
    return content(copy, 0, {}) + ", " + content(copy, 1, {});
  }

  std::string verify() {
    const auto report = db_->verify();
    if (!report) return fault(report.error());
    return report->damage.empty() ? "whole" : std::string(fault_mark) + report->damage.front();
  }

  std::string step(const Op& op) {
    for (std::uint64_t i = 0; i < op.b % 6; ++i) db_.lane.run_one();
    return "ok";
  }

  std::string change_answer(const Op& op) {
    Batch batch;
    if (op.kind == Kind::put)
      batch.put(op.table, key_of(op.a), value_of(op.seed));
    else
      batch.remove(op.table, key_of(op.a));
    return commit(std::move(batch), op.seed);
  }

  std::string get_answer(const Op& op) {
    const std::string key = key_of(op.a);
    Lookup lookup{op.table, key, {}};
    return get(std::span(&lookup, 1));
  }

  std::string answer(const Op& op) {
    switch (op.kind) {
      case Kind::put:
      case Kind::remove:
        return change_answer(op);
      case Kind::batch:
        return commit(random_batch(op.seed), op.seed);
      case Kind::queued:
        return queue(op);
      case Kind::get:
        return get_answer(op);
      case Kind::multi_get:
        return multi_get(op);
      case Kind::scan:
        return content(db_, op.table, range_of(op));
      case Kind::snapshot:
        snapshots_[op.b % 4] = db_->snapshot();
        return "ok";
      case Kind::read_at:
        return slot(op.b) ? content(db_, op.table, range_of(op), slot(op.b)) : "none";
      case Kind::release:
        snapshots_.erase(op.b % 4);
        return "ok";
      case Kind::step:
        return step(op);
      case Kind::flush:
        return said(db_->flush_sync());
      case Kind::compact:
        return said(db_->compact_sync());
      case Kind::reopen:
        return reopen();
      case Kind::drop_range:
        return said(db_->drop_range(op.table, range_of(op)));
      case Kind::move_range:
        return move_range(op);
      case Kind::checkpoint:
        return checkpoint();
      case Kind::verify:
        return verify();
    }
    return {};
  }

  Setting setting_;
  sim::FileSystem files_;
  TestDb db_;
  std::map<std::uint64_t, std::shared_ptr<const Snapshot>> snapshots_;  // before db_ in their end
  int directories_ = 0;
};

}  // namespace ouro::engine::metamorphic
