#include "bench/engine/measure.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace ouro::bench {

void fail(const std::string& message) {
  std::fprintf(stderr, "bench/engine: %s\n", message.c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

void Latencies::add(const Latencies& others) {
  times_.insert(times_.end(), others.times_.begin(), others.times_.end());
}

void Latencies::report(Metrics& metrics) {
  if (times_.empty()) return;
  const auto quantile = [this](double part) {
    const std::size_t place = std::min(
        times_.size() - 1, static_cast<std::size_t>(part * static_cast<double>(times_.size())));
    std::nth_element(times_.begin(), times_.begin() + static_cast<std::ptrdiff_t>(place),
                     times_.end());
    return 1e-3 * times_[place];
  };
  metrics["p50_us"] = quantile(0.5);
  metrics["p99_us"] = quantile(0.99);
  metrics["p999_us"] = quantile(0.999);
}

Metrics BlockTimes::report() {
  Metrics metrics;
  // A run of fewer than eight blocks is timed as a whole only; one of a single block likewise.
  if (whole_.count() > 0)
    metrics["ops_per_s"] =
        static_cast<double>(operations_) / std::chrono::duration<double>(whole_).count();
  latencies_.report(metrics);
  return metrics;
}

}  // namespace ouro::bench
