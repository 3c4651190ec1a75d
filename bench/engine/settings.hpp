// What the command line asks for.
#pragma once

#include "bench/engine/workload.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::bench {

struct Settings {
  std::uint64_t keys = 1'000'000;
  std::uint64_t seed_shape_keys = 0;  ///< 0: as many as `keys`.
  std::uint64_t cache_bytes = 0;      ///< 0: enough for the set, see cache_for().
  unsigned rounds = 5;
  std::uint64_t seed = 1;
  /// No further round is begun when it would probably not end within this time, and what can be
  /// left out is when the time is over.
  double seconds_max = 1e9;
  Effort effort;
  bool quick = false;
  bool json = false;
  std::vector<std::string> only;     ///< Workloads; empty: all that belong to the run.
  std::vector<std::string> engines;  ///< Empty: all.
  std::string directory;             ///< Empty: a fresh one, removed afterwards.
  bool callgrind = false;
  /// The other side of --callgrind: a run of one operation ("get" or "put") of one engine.
  std::string callgrind_operation;

  bool wants(std::string_view workload) const;
  bool wants_engine(std::string_view engine) const;
  std::uint64_t cache_for(const Shape& shape) const;
};

/// What --only takes.
const std::vector<std::string>& workload_names();

/// Prints help or what is wrong and ends the process when there is nothing to run.
Settings parse_arguments(int count, char** arguments);

}  // namespace ouro::bench
