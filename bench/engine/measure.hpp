// How time, memory and bytes are taken.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::bench {

using Instant = std::chrono::steady_clock::time_point;
inline Instant now() { return std::chrono::steady_clock::now(); }
inline double seconds_since(Instant begin) {
  return std::chrono::duration<double>(now() - begin).count();
}

/// What a measurement found, by name ("ops_per_s", "p50_us").
using Metrics = std::map<std::string, double>;

/// Ends the process with a message to stderr.
[[noreturn]] void fail(const std::string& message);

/// Reads a byte of each cache line, so that a value counts as read and not only as found.
inline void touch(std::string_view bytes, std::uint64_t& touched) {
  for (std::size_t at = 0; at < bytes.size(); at += 64)
    touched += static_cast<unsigned char>(bytes[at]);
  if (!bytes.empty()) touched += static_cast<unsigned char>(bytes.back());
}

/// Times of single operations.
class Latencies {
 public:
  void add(std::chrono::nanoseconds time) {
    times_.push_back(
        static_cast<std::uint32_t>(std::min<std::int64_t>(time.count(), std::int64_t{0xffffffff})));
  }
  void add(const Latencies& others);
  std::size_t count() const { return times_.size(); }
  /// "p50_us", "p99_us", "p999_us"; nothing if there are no times.
  void report(Metrics& metrics);

 private:
  std::vector<std::uint32_t> times_;  // ns
};

/// Operations timed in blocks: reading the clock takes tens of nanoseconds, which would be a part
/// of every figure below a microsecond. So most blocks are timed as a whole and give the rate, and
/// every eighth is timed operation by operation and gives the percentiles. What `prepare` does is
/// not timed.
struct BlockPlan {
  std::uint64_t operations = 0;
  double seconds_max = 1e9;  ///< Ends after the block in which this much timed work is done.
  std::size_t block = 256;
};

/// Percentiles and rate of what time_blocks() saw.
class BlockTimes {
 public:
  void add_block(std::size_t operations, std::chrono::nanoseconds time) {
    operations_ += operations;
    whole_ += time;
  }
  void add_single(std::chrono::nanoseconds time) {
    single_ += time;
    latencies_.add(time);
  }
  double seconds() const { return std::chrono::duration<double>(whole_ + single_).count(); }
  /// "ops_per_s" and the percentiles.
  Metrics report();

 private:
  std::uint64_t operations_ = 0;
  std::chrono::nanoseconds whole_{0}, single_{0};
  Latencies latencies_;
};

/// The above, with the operation inlined: prepare(n) makes the next n operations ready, then
/// operation(0) .. operation(n - 1) are run.
template <class Prepare, class Operation>
Metrics run_blocks(const BlockPlan& plan, Prepare prepare, Operation operation) {
  constexpr unsigned one_by_one = 8;
  BlockTimes times;
  unsigned number = 0;
  for (std::uint64_t left = plan.operations; left > 0 && times.seconds() < plan.seconds_max;) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(plan.block, left));
    prepare(count);
    left -= count;
    Instant begin = now();
    if (++number % one_by_one != 0) {
      for (std::size_t i = 0; i < count; ++i) operation(i);
      times.add_block(count, now() - begin);
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      operation(i);
      const Instant end = now();
      times.add_single(end - begin);
      begin = end;
    }
  }
  return times.report();
}

}  // namespace ouro::bench
