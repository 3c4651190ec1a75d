// RocksDB as a peer, with every option that helps it in these workloads.
#include "bench/engine/build_kind.hpp"
#include "bench/engine/engine.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/comparator.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace ouro::bench {
namespace {

using rocksdb::Slice;

Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

void expect(const rocksdb::Status& status) {
  if (!status.ok()) fail("rocksdb: " + status.ToString());
}

std::shared_ptr<rocksdb::TableFactory> table_factory(std::size_t cache_bytes) {
  constexpr std::uint32_t format_version_min = 5;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = block_bytes;
  table.format_version = std::max(table.format_version, format_version_min);
  table.checksum = rocksdb::kXXH3;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(filter_bits));
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.block_cache = rocksdb::HyperClockCacheOptions(cache_bytes, block_bytes).MakeSharedCache();
  return std::shared_ptr<rocksdb::TableFactory>(rocksdb::NewBlockBasedTableFactory(table));
}

rocksdb::Options options_for(const OpenOptions& open) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = memtable_bytes;
  options.max_write_buffer_number = memtables_max;
  options.target_file_size_base = table_file_bytes;
  options.max_background_jobs = background_threads;
  options.max_open_files = -1;
  options.bytes_per_sync = 1 << 20;
  options.level_compaction_dynamic_level_bytes = true;
  options.table_factory = table_factory(open.cache_bytes);
  if (open.count_log) options.statistics = rocksdb::CreateDBStatistics();
  return options;
}

std::unique_ptr<rocksdb::DB> open_db(const rocksdb::Options& options, const std::string& path) {
  std::unique_ptr<rocksdb::DB> db;
#if ROCKSDB_MAJOR >= 11
  expect(rocksdb::DB::Open(options, path, &db));
#else
  rocksdb::DB* opened = nullptr;
  expect(rocksdb::DB::Open(options, path, &opened));
  db.reset(opened);
#endif
  return db;
}

class Rocks final : public Engine {
 public:
  explicit Rocks(const OpenOptions& open)
      : tokens_(open.tokens),
        options_(options_for(open)),
        db_(open_db(options_, open.directory)),
        family_(db_->DefaultColumnFamily()) {}

  void put(std::string_view key, std::string_view value) override {
    expect(db_->Put(rocksdb::WriteOptions(), slice(StoredKey(key, tokens_).view()), slice(value)));
  }

  bool get(std::string_view key, std::uint64_t& touched) override {
    thread_local rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        db_->Get(read_, family_, slice(StoredKey(key, tokens_).view()), &value);
    if (status.IsNotFound()) return false;
    expect(status);
    touch(value.ToStringView(), touched);
    value.Reset();
    return true;
  }

  std::size_t scan(std::string_view from, std::size_t count, std::uint64_t& touched) override {
    const std::unique_ptr<rocksdb::Iterator> entries(db_->NewIterator(read_));
    std::size_t found = 0;
    for (entries->Seek(slice(StoredKey(from, tokens_).view())); found < count && entries->Valid();
         entries->Next()) {
      touch(entries->key().ToStringView(), touched);
      touch(entries->value().ToStringView(), touched);
      ++found;
    }
    expect(entries->status());
    return found;
  }

  std::optional<std::size_t> multi_get(std::span<const std::string_view> keys,
                                       std::uint64_t& touched) override {
    constexpr std::size_t batch_max = 64;
    if (keys.size() > batch_max) fail("rocksdb: a batch of more than 64 keys");
    thread_local std::vector<rocksdb::PinnableSlice> values(batch_max);
    thread_local std::vector<rocksdb::Status> statuses(batch_max);
    thread_local std::vector<StoredKey> stored;
    Slice slices[batch_max];
    stored.clear();
    stored.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
      slices[i] = slice(stored.emplace_back(keys[i], tokens_).view());
    db_->MultiGet(read_, family_, keys.size(), slices, values.data(), statuses.data());
    std::size_t found = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      expect(statuses[i]);
      touch(values[i].ToStringView(), touched);
      values[i].Reset();
      ++found;
    }
    return found;
  }

  Latencies write_durably(PairSource& pairs, unsigned in_flight, double seconds) override {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    return write_by_threads(pairs, in_flight, seconds, [&](const PairSource::Pair& pair) {
      expect(db_->Put(synced, slice(StoredKey(pair.key, tokens_).view()), slice(pair.value)));
    });
  }

  void settle() override {
    flush();
    expect(db_->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr));
  }

  void flush() override { expect(db_->Flush(rocksdb::FlushOptions())); }

  std::uint64_t log_bytes() override {
    return options_.statistics->getTickerCount(rocksdb::WAL_FILE_BYTES);
  }

 private:
  const bool tokens_;
  const rocksdb::Options options_;
  const rocksdb::ReadOptions read_;
  const std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* const family_;
};

}  // namespace

EngineKind rocksdb_engine() {
  return {"rocksdb", "LZ4",
          [] {
            return library_build(rocksdb::GetRocksVersionAsString(true),
                                 rocksdb::BytewiseComparator(), "rocksdb::");
          },
          [](const OpenOptions& open) -> std::unique_ptr<Engine> {
            return std::make_unique<Rocks>(open);
          }};
}

}  // namespace ouro::bench
