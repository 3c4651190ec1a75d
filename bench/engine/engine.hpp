// What the benchmark asks of a storage engine, be it Ouro's or a peer's.
#pragma once

#include "bench/engine/measure.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::bench {

/// What every engine gets alike.
constexpr std::size_t block_bytes = 4096;
constexpr int filter_bits = 10;
constexpr std::size_t memtable_bytes = std::size_t{64} << 20;
constexpr int memtables_max = 4;
constexpr std::size_t table_file_bytes = std::size_t{64} << 20;
constexpr int background_threads = 2;
/// The longest key that any workload uses, without its token.
constexpr std::size_t key_bytes_max = 512;

struct OpenOptions {
  std::string directory;  ///< Created if it is missing.
  std::size_t cache_bytes = std::size_t{1} << 30;
  /// Peers store each key behind its 8-byte token too, as Ouro always does.
  bool tokens = false;
  /// log_bytes() will be asked. Costs some engines a little, so only where it is the question.
  bool count_log = false;
};

/// Pairs for writers that run at the same time. Safe to use from any thread.
class PairSource {
 public:
  struct Pair {
    std::string key;
    std::string_view value;  ///< Valid as long as the source.
  };
  virtual ~PairSource() = default;
  virtual Pair next() = 0;
};

/// An open database. An operation that fails ends the process with a message: a benchmark has no
/// use for half an answer. One thread writes; others may read meanwhile.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Survives the end of the process, not of the machine.
  virtual void put(std::string_view key, std::string_view value) = 0;
  /// Whether the key is there. The value's bytes are read into `touched`.
  virtual bool get(std::string_view key, std::uint64_t& touched) = 0;
  /// Seeks to `from` and reads up to `count` entries; how many there were.
  virtual std::size_t scan(std::string_view from, std::size_t count, std::uint64_t& touched) = 0;

  /// Looks up all keys with one call; how many are there. Nothing if the engine has no such call.
  virtual std::optional<std::size_t> multi_get(std::span<const std::string_view> keys,
                                               std::uint64_t& touched) = 0;

  /// Writes that survive loss of power, `in_flight` at any time, for `seconds`. How long each took.
  virtual Latencies write_durably(PairSource& pairs, unsigned in_flight, double seconds) = 0;

  /// Everything into tables, and these into their final shape.
  virtual void settle() = 0;
  /// What is only in memory (and the log) into tables.
  virtual void flush() = 0;

  /// Bytes appended to logs since the engine was opened.
  virtual std::uint64_t log_bytes() = 0;
};

/// How much of what an engine was measured with can be told from its library.
struct Build {
  std::string version;
  std::string kind;      ///< "release", or why it is no peer.
  bool accepted = true;  ///< False: its figures would say nothing.
};

/// An engine that this program was built with.
struct EngineKind {
  std::string name;
  std::string compression;
  Build (*build)();
  std::unique_ptr<Engine> (*open)(const OpenOptions&);
};

EngineKind ouro_engine();
#ifdef OURO_BENCH_ROCKSDB
EngineKind rocksdb_engine();
#endif
#ifdef OURO_BENCH_LEVELDB
EngineKind leveldb_engine();
#endif

/// Ouro first, then the peers.
std::vector<EngineKind> engine_kinds();

/// For engines whose durable write blocks its caller: `in_flight` threads that call `put`.
Latencies write_by_threads(PairSource& pairs, unsigned in_flight, double seconds,
                           const std::function<void(const PairSource::Pair&)>& put);

/// A key behind its token: 8 bytes, big-endian, the hash of the key. No allocation.
class TokenKey {
 public:
  explicit TokenKey(std::string_view key);
  std::string_view view() const { return {bytes_, size_}; }

 private:
  std::size_t size_;
  char bytes_[8 + key_bytes_max];
};

/// A key as a peer stores it: as it is, or behind its token. A view of `key`.
class StoredKey {
 public:
  StoredKey(std::string_view key, bool token) : plain_(key) {
    if (token) token_.emplace(key);
  }
  std::string_view view() const { return token_ ? token_->view() : plain_; }

 private:
  std::string_view plain_;
  std::optional<TokenKey> token_;
};

}  // namespace ouro::bench
