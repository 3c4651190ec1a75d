// How fast is the engine next to RocksDB and LevelDB on this machine? docs/benchmarks.md tells what
// is measured and how.
#include "bench/engine/child.hpp"
#include "bench/engine/report.hpp"
#include "bench/engine/runner.hpp"
#include "bench/engine/settings.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace ouro::bench {
namespace {

/// A directory of its own for a run's databases, gone afterwards.
class Scratch {
 public:
  explicit Scratch(const std::string& parent) {
    std::string name = parent + "/ouro-bench-XXXXXX";
    std::filesystem::create_directories(parent);
    if (::mkdtemp(name.data()) == nullptr) fail("cannot make a directory in " + parent);
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<Contestant> contestants_for(const Settings& settings) {
  std::vector<Contestant> contestants;
  for (const EngineKind& kind : engine_kinds())
    if (settings.wants_engine(kind.name)) contestants.push_back({kind, kind.build()});
  return contestants;
}

int run(Settings settings) {
  const std::vector<Contestant> contestants = contestants_for(settings);
  if (!settings.callgrind_operation.empty()) {
    run_counted(settings, contestants);
    return 0;
  }
  const Scratch scratch(settings.directory.empty() ? std::filesystem::temp_directory_path().string()
                                                   : settings.directory);
  settings.directory = scratch.path();
  catch_interrupts();
  const Results results = run_all(settings, contestants);
  const Report report{settings, contestants, results};
  const std::string table = to_table(report);
  std::fputs(table.c_str(), settings.json ? stderr : stdout);
  if (settings.json) std::fputs(to_json(report).c_str(), stdout);
  return results.failures.empty() && !interrupted() ? 0 : 1;
}

}  // namespace
}  // namespace ouro::bench

int main(int count, char** arguments) {
  return ouro::bench::run(ouro::bench::parse_arguments(count, arguments));
}
