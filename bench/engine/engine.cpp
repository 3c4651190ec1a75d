#include "bench/engine/engine.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"

#include <cstring>
#include <thread>

namespace ouro::bench {

std::vector<EngineKind> engine_kinds() {
  std::vector<EngineKind> kinds{ouro_engine()};
#ifdef OURO_BENCH_ROCKSDB
  kinds.push_back(rocksdb_engine());
#endif
#ifdef OURO_BENCH_LEVELDB
  kinds.push_back(leveldb_engine());
#endif
  return kinds;
}

TokenKey::TokenKey(std::string_view key) : size_(sizeof(std::uint64_t) + key.size()) {
  check(key.size() <= key_bytes_max);
  const std::uint64_t token = __builtin_bswap64(hash64(key));
  std::memcpy(bytes_, &token, sizeof token);
  std::memcpy(bytes_ + sizeof token, key.data(), key.size());
}

Latencies write_by_threads(PairSource& pairs, unsigned in_flight, double seconds,
                           const std::function<void(const PairSource::Pair&)>& put) {
  std::vector<Latencies> each(in_flight);
  std::vector<std::thread> threads;
  const Instant end = now() + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  for (Latencies& own : each)
    threads.emplace_back([&] {
      while (now() < end) {
        const PairSource::Pair pair = pairs.next();
        const Instant begin = now();
        put(pair);
        own.add(now() - begin);
      }
    });
  for (std::thread& thread : threads) thread.join();
  Latencies all;
  for (const Latencies& own : each) all.add(own);
  return all;
}

}  // namespace ouro::bench
