// Ouro's engine with its production world: real files, a thread for each lane.
#include "bench/engine/engine.hpp"
#include "bench/engine/process.hpp"
#include "engine/db.hpp"
#include "net/posix_file_system.hpp"
#include "net/thread_lane.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ouro::bench {
namespace {

constexpr engine::TableId table = 0;

engine::Options options_for(const OpenOptions& open) {
  engine::Options options;
  options.directory = open.directory;
  options.identity = 1;
  options.tables = {{.name = "bench", .token_order = true}};
  options.memtable_bytes = memtable_bytes;
  options.memtables_max = memtables_max;
  options.block_bytes = block_bytes;
  options.memory_bytes = open.cache_bytes + options.memtables_max * options.memtable_bytes;
  options.table_file_bytes = table_file_bytes;
  options.filter_bits_per_key = filter_bits;
  options.compress = true;
  return options;
}

void expect(const Status& status) {
  if (!status) fail("ouro: " + to_string(status.error()));
}

engine::Batch one_put(std::string_view key, std::string_view value) {
  engine::Batch batch;
  batch.put(table, TokenKey(key).view(), value);
  return batch;
}

Build this_build() {
#ifdef __OPTIMIZE__
  return {OURO_VERSION, "optimised, own checks on, compiler " __VERSION__, true};
#else
  return {OURO_VERSION, "not optimised: its figures say nothing", true};
#endif
}

class Ouro final : public Engine {
 public:
  explicit Ouro(const OpenOptions& open)
      : commit_("commit", net::LaneClass::foreground),
        flush_("flush", net::LaneClass::background),
        compaction_("compact", net::LaneClass::background) {
    auto db = engine::Db::open(options_for(open), files_, {commit_, flush_, compaction_});
    if (!db) fail("ouro: " + to_string(db.error()));
    db_ = std::move(*db);
  }

  void put(std::string_view key, std::string_view value) override {
    for (;;) {
      const auto written = db_->commit_sync(one_put(key, value), engine::Durability::os);
      if (written) return;
      if (written.error().code != ErrorCode::busy) fail("ouro: " + to_string(written.error()));
      pause_milliseconds(1);
    }
  }

  bool get(std::string_view key, std::uint64_t& touched) override {
    const TokenKey token_key(key);
    engine::Lookup lookup{table, token_key.view(), {}};
    expect(db_->get(std::span(&lookup, 1)));
    if (!lookup.value) return false;
    touch(lookup.value->view(), touched);
    return true;
  }

  std::size_t scan(std::string_view from, std::size_t count, std::uint64_t& touched) override {
    const auto entries = db_->scan(table, {});
    std::size_t found = 0;
    for (entries->seek(TokenKey(from).view()); found < count && entries->valid(); entries->next()) {
      touch(entries->key(), touched);
      touch(entries->value(), touched);
      ++found;
    }
    expect(entries->status());
    return found;
  }

  std::optional<std::size_t> multi_get(std::span<const std::string_view> keys,
                                       std::uint64_t& touched) override {
    thread_local std::vector<TokenKey> token_keys;
    thread_local std::vector<engine::Lookup> lookups;
    token_keys.clear();
    lookups.clear();
    token_keys.reserve(keys.size());
    for (const std::string_view key : keys) token_keys.emplace_back(key);
    for (const TokenKey& key : token_keys) lookups.push_back({table, key.view(), {}});
    expect(db_->get(lookups));
    std::size_t found = 0;
    for (const engine::Lookup& lookup : lookups) {
      if (!lookup.value) continue;
      touch(lookup.value->view(), touched);
      ++found;
    }
    lookups.clear();  // the values pin what holds them
    return found;
  }

  Latencies write_durably(PairSource& pairs, unsigned in_flight, double seconds) override;

  void settle() override { expect(db_->compact_sync()); }

  void flush() override { expect(db_->flush_sync()); }

  std::uint64_t log_bytes() override { return db_->stats().log_bytes; }

 private:
  net::PosixFileSystem files_;
  net::ThreadLane commit_, flush_, compaction_;
  std::unique_ptr<engine::Db> db_;  // last: it works on all of the above
};

/// A number of commits under way: each that is done submits the next.
class Writers {
 public:
  Writers(engine::Db& db, PairSource& pairs, double seconds)
      : db_(db),
        pairs_(pairs),
        end_(now() + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9))) {}

  Latencies run(unsigned in_flight) {
    for (unsigned i = 0; i < in_flight; ++i) submit();
    std::unique_lock lock(mutex_);
    while (under_way_ + refused_ > 0) {
      changed_.wait_for(lock, std::chrono::milliseconds(1));
      // Refused ones are tried again from here: the commit lane must not wait.
      for (; refused_ > 0; --refused_) {
        lock.unlock();
        submit();
        lock.lock();
      }
    }
    return std::move(latencies_);
  }

 private:
  void submit() {
    const PairSource::Pair pair = pairs_.next();
    const Instant begin = now();
    {
      const std::lock_guard lock(mutex_);
      ++under_way_;
    }
    const Status queued =
        db_.commit(one_put(pair.key, pair.value), engine::Durability::disk,
                   [this, begin](Result<engine::Sequence> written) { done(written, begin); });
    if (queued) return;
    if (queued.error().code != ErrorCode::busy) expect(queued);
    const std::lock_guard lock(mutex_);
    --under_way_;
    ++refused_;
  }

  void done(const Result<engine::Sequence>& written, Instant begin) {
    if (!written) fail("ouro: " + to_string(written.error()));
    const Instant end = now();
    const bool more = end < end_;
    if (more) submit();
    const std::lock_guard lock(mutex_);
    latencies_.add(end - begin);
    --under_way_;
    if (!more) changed_.notify_one();
  }

  engine::Db& db_;
  PairSource& pairs_;
  const Instant end_;
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned under_way_ = 0;  // guarded by mutex_
  unsigned refused_ = 0;    // guarded by mutex_
  Latencies latencies_;     // guarded by mutex_
};

Latencies Ouro::write_durably(PairSource& pairs, unsigned in_flight, double seconds) {
  return Writers(*db_, pairs, seconds).run(in_flight);
}

}  // namespace

EngineKind ouro_engine() {
  return {"ouro", "LZ4", this_build, [](const OpenOptions& open) -> std::unique_ptr<Engine> {
            return std::make_unique<Ouro>(open);
          }};
}

}  // namespace ouro::bench
