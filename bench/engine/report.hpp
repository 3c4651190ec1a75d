// What the rounds amount to: medians, ratios to the better peer, as a table and as JSON.
#pragma once

#include "bench/engine/runner.hpp"
#include "bench/engine/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ouro::bench {

/// Everything that a report is made of.
struct Report {
  const Settings& settings;
  const std::vector<Contestant>& contestants;
  const Results& results;

  /// Over the rounds; nothing if it was not measured.
  std::optional<double> median(const std::string& workload, const std::string& engine,
                               const std::string& metric) const;
  /// Ouro's median by that of the best peer, where more is better; by that of the peer with the
  /// least, where less is. Nothing without a peer.
  std::optional<double> ratio(const std::string& workload, const std::string& metric,
                              bool more_is_better = true) const;
  /// The same against RocksDB only: what LevelDB compresses otherwise is no measure of space.
  std::optional<double> ratio_to_rocksdb(const std::string& workload,
                                         const std::string& metric) const;
  /// The smaller of the ratios of writes and reads.
  std::optional<double> overwrite_ratio() const;
  bool has_peer() const;
};

/// What to do when there is no peer.
extern const char* const how_to_give_peers;

std::string to_table(const Report& report);
std::string to_json(const Report& report);

}  // namespace ouro::bench
