// A database on a simulated disk, with lanes that the test drives.
#pragma once

#include "base/random.hpp"
#include "engine/db.hpp"
#include "sim/file_system.hpp"
#include "sim/lane.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {

/// Sizes so small that a few hundred writes meet every mechanism.
inline Options small_options(std::string directory = "db") {
  Options options;
  options.directory = std::move(directory);
  options.identity = 42;
  options.tables = {{.name = "data", .token_order = false},
                    {.name = "extra", .token_order = false}};
  options.memtable_bytes = 4096;
  options.memtables_max = 3;
  options.block_bytes = 256;
  options.memory_bytes = 64 * 1024;
  options.table_file_bytes = 2048;
  options.wal_segment_bytes = 3000;
  options.manifest_bytes = 1500;
  options.commit_group_bytes = 2000;
  options.level0_runs_max = 2;
  options.level0_runs_stop = 8;
  options.level_ratio = 4;
  return options;
}

using Content = std::map<std::string, std::string>;

/// All lanes are one queue: what runs when is the test's choice.
class TestDb {
 public:
  explicit TestDb(FileSystem& files, Options options = small_options(),
                  std::size_t compaction_lanes = 1)
      : files_(files), options_(std::move(options)), compaction_lanes_(compaction_lanes) {}
  ~TestDb() { close(); }

  Status open() {
    const std::vector<Lane*> compaction(compaction_lanes_, &lane);
    auto opened = Db::open(options_, files_, {lane, lane, compaction});
    if (!opened) return opened.error();
    db_ = std::move(*opened);
    return {};
  }
  void close() {
    db_.reset();
    lane.drop_all();
  }
  Status reopen() {
    close();
    return open();
  }

  Db& operator*() { return *db_; }
  Db* operator->() { return db_.get(); }
  bool is_open() const { return db_ != nullptr; }
  Options& options() { return options_; }

  /// Writes one key, durably.
  Result<Sequence> put(TableId table, const std::string& key, const std::string& value) {
    Batch batch;
    batch.put(table, key, value);
    return db_->commit_sync(std::move(batch), Durability::disk);
  }
  Result<Sequence> remove(TableId table, const std::string& key) {
    Batch batch;
    batch.remove(table, key);
    return db_->commit_sync(std::move(batch), Durability::disk);
  }

  /// The value, "-" if there is none, or the error.
  std::string get(TableId table, const std::string& key, const Snapshot* snapshot = nullptr) {
    const auto value = db_->get(table, key, {.snapshot = snapshot, .mode = ReadMode::blocking});
    if (!value) return to_string(value.error());
    return *value ? std::string((*value)->view()) : "-";
  }

  Content content(TableId table, const Snapshot* snapshot = nullptr) {
    Content found;
    const auto it = db_->scan(table, {}, {.snapshot = snapshot, .mode = ReadMode::blocking});
    for (; it->valid(); it->next()) found.emplace(it->key(), it->value());
    if (!it->status()) found["error"] = to_string(it->status().error());
    return found;
  }

  sim::QueueLane lane;

 private:
  FileSystem& files_;
  Options options_;
  std::size_t compaction_lanes_;
  std::unique_ptr<Db> db_;
};

/// The code of a Result or Status that must have failed.
template <class T>
ErrorCode code_of(const T& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

}  // namespace ouro::engine
