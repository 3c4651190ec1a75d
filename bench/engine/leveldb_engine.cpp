// LevelDB as a peer. It knows Snappy and Zstd, but not LZ4.
#include "bench/engine/build_kind.hpp"
#include "bench/engine/engine.hpp"

#include <leveldb/cache.h>
#include <leveldb/comparator.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>

#include <memory>

namespace ouro::bench {
namespace {

using leveldb::Slice;

Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const Slice& bytes) { return {bytes.data(), bytes.size()}; }

void expect(const leveldb::Status& status) {
  if (!status.ok()) fail("leveldb: " + status.ToString());
}

/// Bytes that a put of one pair adds to the log, of which LevelDB itself has no figure: a record
/// header (7), a batch header (12), a tag, two lengths, the pair. What is split at the ends of the
/// log's 32 KiB blocks adds less than 0.1 %.
std::size_t log_record_bytes(const Slice& key, std::string_view value) {
  constexpr std::size_t headers = 7 + 12 + 1;
  const auto length_bytes = [](std::size_t length) -> std::size_t { return length < 128 ? 1 : 2; };
  return headers + length_bytes(key.size()) + key.size() + length_bytes(value.size()) +
         value.size();
}

class Level final : public Engine {
 public:
  explicit Level(const OpenOptions& open)
      : tokens_(open.tokens),
        cache_(leveldb::NewLRUCache(open.cache_bytes)),
        filter_(leveldb::NewBloomFilterPolicy(filter_bits)) {
    constexpr int all_files = 50000;
    leveldb::Options options;
    options.create_if_missing = true;
    options.compression = leveldb::kSnappyCompression;
    options.block_cache = cache_.get();
    options.filter_policy = filter_.get();
    options.write_buffer_size = memtable_bytes;
    options.block_size = block_bytes;
    options.max_file_size = table_file_bytes;
    options.max_open_files = all_files;
    leveldb::DB* opened = nullptr;
    expect(leveldb::DB::Open(options, open.directory, &opened));
    db_.reset(opened);
    read_.verify_checksums = true;
  }

  void put(std::string_view key, std::string_view value) override {
    const StoredKey stored(key, tokens_);
    expect(db_->Put(leveldb::WriteOptions(), slice(stored.view()), slice(value)));
    log_bytes_ += log_record_bytes(slice(stored.view()), value);
  }

  bool get(std::string_view key, std::uint64_t& touched) override {
    thread_local std::string value;
    const leveldb::Status status = db_->Get(read_, slice(StoredKey(key, tokens_).view()), &value);
    if (status.IsNotFound()) return false;
    expect(status);
    touch(value, touched);
    return true;
  }

  std::size_t scan(std::string_view from, std::size_t count, std::uint64_t& touched) override {
    const std::unique_ptr<leveldb::Iterator> entries(db_->NewIterator(read_));
    std::size_t found = 0;
    entries->Seek(slice(StoredKey(from, tokens_).view()));
    for (; found < count && entries->Valid(); entries->Next()) {
      touch(view(entries->key()), touched);
      touch(view(entries->value()), touched);
      ++found;
    }
    expect(entries->status());
    return found;
  }

  std::optional<std::size_t> multi_get(std::span<const std::string_view>, std::uint64_t&) override {
    return std::nullopt;
  }

  Latencies write_durably(PairSource& pairs, unsigned in_flight, double seconds) override {
    leveldb::WriteOptions synced;
    synced.sync = true;
    return write_by_threads(pairs, in_flight, seconds, [&](const PairSource::Pair& pair) {
      expect(db_->Put(synced, slice(StoredKey(pair.key, tokens_).view()), slice(pair.value)));
    });
  }

  /// CompactRange flushes first.
  void settle() override { db_->CompactRange(nullptr, nullptr); }

  /// There is no call for it; compacting a range without keys begins with it.
  void flush() override {
    const Slice nothing;
    db_->CompactRange(&nothing, &nothing);
  }

  std::uint64_t log_bytes() override { return log_bytes_; }

 private:
  const bool tokens_;
  std::uint64_t log_bytes_ = 0;
  const std::unique_ptr<leveldb::Cache> cache_;
  const std::unique_ptr<const leveldb::FilterPolicy> filter_;
  leveldb::ReadOptions read_;
  std::unique_ptr<leveldb::DB> db_;  // last: it uses all of the above
};

}  // namespace

EngineKind leveldb_engine() {
  return {"leveldb", "Snappy",
          [] {
            return library_build(std::to_string(leveldb::kMajorVersion) + "." +
                                     std::to_string(leveldb::kMinorVersion),
                                 leveldb::BytewiseComparator(), "leveldb::");
          },
          [](const OpenOptions& open) -> std::unique_ptr<Engine> {
            return std::make_unique<Level>(open);
          }};
}

}  // namespace ouro::bench
