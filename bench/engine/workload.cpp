#include "bench/engine/workload.hpp"

#include "base/random.hpp"
#include "bench/engine/process.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <thread>

namespace ouro::bench {
namespace {

constexpr std::uint64_t token_bytes = 8;

/// As many operations a block as keep its keys in the processor's second cache.
BlockPlan plan_for(const Run& run, std::uint64_t operations) {
  constexpr std::size_t cached_bytes = 16384;
  BlockPlan plan;
  plan.operations = operations;
  plan.seconds_max = run.effort.seconds;
  plan.block = std::clamp<std::size_t>(cached_bytes / run.data.shape().key_bytes, 16, 256);
  return plan;
}

/// Keeps the compiler from dropping reads whose result nobody uses.
void keep(std::uint64_t touched) { asm volatile("" : : "r"(touched)); }

std::string_view value_for(const Data& data, std::string_view key, std::uint64_t number) {
  return data.shape().value_is_key ? key : data.value(number);
}

void expect_found(std::uint64_t found, std::uint64_t wanted) {
  if (found != wanted)
    fail(std::to_string(found) + " keys were found where there are " + std::to_string(wanted));
}

/// Reads every key once, so that all blocks are in the cache.
void warm_up(const Run& run) {
  KeyBlock keys(run.data, 1);
  std::uint64_t found = 0, touched = 0;
  for (std::uint64_t id = 0; id < run.data.shape().keys; ++id) {
    keys.set(0, id);
    found += run.engine.get(keys[0], touched);
  }
  keep(touched);
  expect_found(found, run.data.shape().keys);
}

/// Gets of ids below `ids` times `stride`.
Metrics measure_gets(const Run& run, std::uint64_t ids, std::uint64_t stride, bool absent) {
  SeededRandom random(run.seed);
  const BlockPlan plan = plan_for(run, run.effort.reads);
  KeyBlock keys(run.data, plan.block);
  std::uint64_t made = 0, found = 0, touched = 0;
  Metrics metrics = run_blocks(
      plan,
      [&](std::size_t count) {
        made += count;
        for (std::size_t i = 0; i < count; ++i) keys.set(i, random.below(ids) * stride, absent);
      },
      [&](std::size_t i) { found += run.engine.get(keys[i], touched); });
  keep(touched);
  expect_found(found, absent ? 0 : made);
  return metrics;
}

/// Random pairs for many threads.
class RandomPairs final : public PairSource {
 public:
  RandomPairs(const Data& data, std::uint64_t seed) : data_(data), random_(seed) {}

  Pair next() override {
    std::uint64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      id = random_.below(data_.shape().keys);
    }
    Pair pair{std::string(data_.shape().key_bytes, '\0'), data_.value(id)};
    data_.write_key(id, false, pair.key.data());
    return pair;
  }

 private:
  const Data& data_;
  std::mutex mutex_;
  SeededRandom random_;  // guarded by mutex_
};

/// Reads uniformly until `ending`; how many reads there were.
std::uint64_t read_until(const Run& run, const std::atomic<bool>& ending) {
  constexpr std::size_t block = 64;
  SeededRandom random(run.seed + 1);
  KeyBlock keys(run.data, block);
  std::uint64_t reads = 0, found = 0, touched = 0;
  for (; !ending.load(std::memory_order_relaxed); reads += block) {
    for (std::size_t i = 0; i < block; ++i) keys.set(i, random.below(run.data.shape().keys));
    for (std::size_t i = 0; i < block; ++i) found += run.engine.get(keys[i], touched);
  }
  keep(touched);
  expect_found(found, reads);
  return reads;
}

/// Overwrites uniformly for `seconds`.
Latencies write_for(const Run& run, double seconds) {
  SeededRandom random(run.seed + 2);
  KeyBlock keys(run.data, 1);
  Latencies latencies;
  const Instant start = now();
  const Instant end = start + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  for (Instant before = start; before < end;) {
    const std::uint64_t number = random.next();
    keys.set(0, number % run.data.shape().keys);
    run.engine.put(keys[0], run.data.value(number));
    const Instant after = now();
    latencies.add(after - before);
    before = after;
  }
  return latencies;
}

/// Until nothing was written for half a second.
void wait_until_idle() {
  constexpr int step_ms = 50, quiet_steps = 10;
  std::uint64_t before = 0;
  for (int quiet = 0; quiet < quiet_steps; ++quiet) {
    pause_milliseconds(step_ms);
    const std::uint64_t bytes = bytes_written();
    if (bytes != before) quiet = 0;
    before = bytes;
  }
}

}  // namespace

Metrics load(const Run& run) {
  const std::vector<std::uint32_t> order = run.data.permutation(run.seed);
  BlockPlan plan = plan_for(run, order.size());
  plan.seconds_max = BlockPlan().seconds_max;
  KeyBlock keys(run.data, plan.block);
  std::size_t next = 0, first = 0;
  Metrics metrics = run_blocks(
      plan,
      [&](std::size_t count) {
        first = next;
        for (std::size_t i = 0; i < count; ++i) keys.set(i, order[next++]);
      },
      [&](std::size_t i) {
        run.engine.put(keys[i], value_for(run.data, keys[i], order[first + i]));
      });
  const Instant begin = now();
  run.engine.settle();
  metrics["settle_s"] = seconds_since(begin);
  return metrics;
}

Metrics load_and_rest(const Run& run) {
  const Metrics metrics = load(run);
  wait_until_idle();
  return metrics;
}

Metrics get(const Run& run) {
  warm_up(run);
  return measure_gets(run, run.data.shape().keys, 1, false);
}

Metrics get_missing(const Run& run) {
  warm_up(run);
  return measure_gets(run, run.data.shape().keys, 1, true);
}

Metrics scan(const Run& run) {
  constexpr std::size_t entries = 10;
  constexpr std::uint64_t gets_per_scan = 10;
  warm_up(run);
  SeededRandom random(run.seed);
  const BlockPlan plan = plan_for(run, run.effort.reads / gets_per_scan);
  KeyBlock keys(run.data, plan.block);
  std::uint64_t found = 0, touched = 0;
  Metrics metrics = run_blocks(
      plan,
      [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) keys.set(i, random.below(run.data.shape().keys));
      },
      [&](std::size_t i) { found += run.engine.scan(keys[i], entries, touched); });
  keep(touched);
  if (found == 0) fail("the scans found nothing");
  return metrics;
}

Metrics multi_get(const Run& run) {
  constexpr std::size_t batch = 16;
  warm_up(run);
  std::array<std::string_view, batch> views;
  KeyBlock keys(run.data, batch * batch);
  SeededRandom random(run.seed);
  std::uint64_t made = 0, found = 0, touched = 0;
  for (std::string_view& view : views) view = keys[0];
  keys.set(0, 0);
  if (!run.engine.multi_get(views, touched)) return {};
  BlockPlan plan = plan_for(run, run.effort.reads / batch);
  plan.block = batch;
  Metrics metrics = run_blocks(
      plan,
      [&](std::size_t count) {
        made += count * batch;
        for (std::size_t i = 0; i < count * batch; ++i)
          keys.set(i, random.below(run.data.shape().keys));
      },
      [&](std::size_t i) {
        for (std::size_t k = 0; k < batch; ++k) views[k] = keys[i * batch + k];
        found += *run.engine.multi_get(views, touched);
      });
  expect_found(found, made);
  const Metrics single = measure_gets(run, run.data.shape().keys, 1, false);
  keep(touched);
  metrics["ops_per_s"] *= batch;
  metrics["single_ops_per_s"] = single.at("ops_per_s");
  metrics["gain"] = metrics["ops_per_s"] / metrics["single_ops_per_s"];
  return metrics;
}

Metrics overwrite_while_reading(const Run& run) {
  warm_up(run);
  std::atomic<bool> ending{false};
  std::uint64_t reads = 0;
  const Instant begin = now();
  std::thread reader([&] { reads = read_until(run, ending); });
  Latencies writes = write_for(run, run.effort.seconds);
  ending.store(true);
  reader.join();
  const double seconds = seconds_since(begin);
  Metrics metrics;
  metrics["ops_per_s"] = static_cast<double>(writes.count()) / seconds;
  metrics["reads_per_s"] = static_cast<double>(reads) / seconds;
  writes.report(metrics);
  return metrics;
}

Metrics durable(const Run& run) {
  RandomPairs pairs(run.data, run.seed);
  const Instant begin = now();
  Latencies writes = run.engine.write_durably(pairs, run.effort.writers, run.effort.seconds);
  Metrics metrics;
  metrics["ops_per_s"] = static_cast<double>(writes.count()) / seconds_since(begin);
  writes.report(metrics);
  return metrics;
}

Metrics get_uniform_and_hot(const Run& run) {
  constexpr std::uint64_t hot = 5;
  warm_up(run);
  Metrics metrics = measure_gets(run, run.data.shape().keys, 1, false);
  const Metrics of_hot = measure_gets(run, hot, run.data.shape().keys / hot, false);
  metrics["hot_ops_per_s"] = of_hot.at("ops_per_s");
  metrics["hot_p50_us"] = of_hot.at("p50_us");
  return metrics;
}

Metrics write_amplification(const Run& run) {
  const std::uint64_t all_before = bytes_written();
  const std::uint64_t log_before = run.engine.log_bytes();
  KeyBlock keys(run.data, 1);
  const Instant begin = now();
  for (unsigned round = 1; round <= run.effort.overwrites; ++round)
    for (const std::uint32_t id : run.data.permutation(run.seed + round)) {
      keys.set(0, id);
      run.engine.put(keys[0], run.data.value(id + round));
    }
  const double seconds = seconds_since(begin);
  run.engine.flush();
  wait_until_idle();
  const auto log = static_cast<double>(run.engine.log_bytes() - log_before);
  const auto all = static_cast<double>(bytes_written() - all_before);
  const Shape& shape = run.data.shape();
  const auto raw =
      static_cast<double>(run.effort.overwrites * (shape.raw_bytes() + shape.keys * token_bytes));
  return {{"log", log / raw},
          {"tables", (all - log) / raw},
          {"total", all / raw},
          {"ops_per_s", static_cast<double>(run.effort.overwrites * shape.keys) / seconds}};
}

}  // namespace ouro::bench
