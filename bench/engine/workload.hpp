// The workloads: what is done to an engine, and what is measured meanwhile.
#pragma once

#include "bench/engine/data.hpp"
#include "bench/engine/engine.hpp"
#include "bench/engine/measure.hpp"

#include <cstdint>

namespace ouro::bench {

/// How much of each is done.
struct Effort {
  std::uint64_t reads = 1'000'000;  ///< Point reads; scans are a tenth of it.
  double seconds = 5;        ///< Of workloads that run for a fixed time, and at most of reads.
  unsigned overwrites = 10;  ///< Of the whole set, for write amplification.
  unsigned writers = 16;     ///< Durable writes in flight.
};

/// What a workload is run with. The engine is open: empty for load() and durable(), loaded with all
/// of `data` and settled for the others.
struct Run {
  Engine& engine;
  const Data& data;
  const Effort& effort;
  std::uint64_t seed;
};

/// Puts every key once, in random order; then settles, which is timed on its own.
Metrics load(const Run& run);
/// The same, and then waits until nothing is written any more.
Metrics load_and_rest(const Run& run);
/// Gets of keys that are there, uniformly chosen, after every block was read once.
Metrics get(const Run& run);
/// The same of keys that are not there.
Metrics get_missing(const Run& run);
/// Seeks to a key that is there and reads ten entries. One operation is all of that.
Metrics scan(const Run& run);
/// Sixteen keys a call, next to the same gets one by one. "ops_per_s" counts keys.
Metrics multi_get(const Run& run);
/// One thread overwrites, one reads, both as fast as they can. "ops_per_s" are writes,
/// "reads_per_s" reads, the percentiles those of writes.
Metrics overwrite_while_reading(const Run& run);
/// Puts that are synced, `writers` of them in flight.
Metrics durable(const Run& run);
/// Gets uniformly over all keys, and "hot_ops_per_s" over five of them only.
Metrics get_uniform_and_hot(const Run& run);
/// Overwrites everything several times: bytes written per byte of keys (with their tokens) and
/// values, to logs and to tables.
Metrics write_amplification(const Run& run);

}  // namespace ouro::bench
