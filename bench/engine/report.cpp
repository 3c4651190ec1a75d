#include "bench/engine/report.hpp"

#include <algorithm>
#include <cmath>

namespace ouro::bench {

const char* const how_to_give_peers =
    "no peer: install RocksDB and LevelDB without assertions, or name where they are with\n"
    "`meson configure build -Drocksdb_prefix=DIR -Dleveldb_prefix=DIR` (DIR holds include/ and "
    "lib/)";

namespace {

std::optional<double> quotient(std::optional<double> ours, std::optional<double> theirs) {
  if (!ours || !theirs || *theirs == 0) return std::nullopt;
  return *ours / *theirs;
}

}  // namespace

std::optional<double> Report::median(const std::string& workload, const std::string& engine,
                                     const std::string& metric) const {
  const auto of_workload = results.found.find(workload);
  if (of_workload == results.found.end()) return std::nullopt;
  const auto of_engine = of_workload->second.find(engine);
  if (of_engine == of_workload->second.end()) return std::nullopt;
  std::vector<double> values;
  for (const Metrics& metrics : of_engine->second)
    if (const auto found = metrics.find(metric); found != metrics.end())
      values.push_back(found->second);
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::optional<double> Report::ratio(const std::string& workload, const std::string& metric,
                                    bool more_is_better) const {
  std::optional<double> best;
  for (const Contestant& contestant : contestants) {
    if (contestant.kind.name == "ouro") continue;
    const auto theirs = median(workload, contestant.kind.name, metric);
    if (theirs && (!best || (more_is_better ? *theirs > *best : *theirs < *best))) best = theirs;
  }
  return quotient(median(workload, "ouro", metric), best);
}

std::optional<double> Report::ratio_to_rocksdb(const std::string& workload,
                                               const std::string& metric) const {
  return quotient(median(workload, "ouro", metric), median(workload, "rocksdb", metric));
}

std::optional<double> Report::overwrite_ratio() const {
  const auto writes = ratio("overwrite_while_reading", "ops_per_s");
  const auto reads = ratio("overwrite_while_reading", "reads_per_s");
  if (!writes || !reads) return std::nullopt;
  return std::min(*writes, *reads);
}

bool Report::has_peer() const {
  return std::any_of(contestants.begin(), contestants.end(), [](const Contestant& contestant) {
    return contestant.kind.name != "ouro" && contestant.build.accepted;
  });
}

}  // namespace ouro::bench
