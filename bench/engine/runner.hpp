// In which order, how often and in which directories the workloads are run.
#pragma once

#include "bench/engine/engine.hpp"
#include "bench/engine/measure.hpp"
#include "bench/engine/settings.hpp"

#include <map>
#include <string>
#include <vector>

namespace ouro::bench {

/// An engine and what its library is.
struct Contestant {
  EngineKind kind;
  Build build;
};

/// What came of all rounds.
struct Results {
  /// Workload -> engine -> one entry a round.
  std::map<std::string, std::map<std::string, std::vector<Metrics>>> found;
  std::vector<std::string> failures;  ///< "get of leveldb, round 2".
  std::vector<double> loads;          ///< Of the machine, before each round.
};

/// Runs `rounds` rounds; in each the engines take turns at every workload, each in a process of its
/// own. Those whose build is not accepted are left out.
Results run_all(const Settings& settings, const std::vector<Contestant>& contestants);

/// Instructions per operation ("get", "put") of each engine, counted by valgrind's callgrind in
/// runs of this program.
void run_callgrind(const Settings& settings, const std::vector<Contestant>& contestants,
                   Results& results);
/// The other side of it: does what is counted.
void run_counted(const Settings& settings, const std::vector<Contestant>& contestants);

}  // namespace ouro::bench
