// Instructions per operation: the one figure that a busy machine does not change.
#include "base/random.hpp"
#include "bench/engine/child.hpp"
#include "bench/engine/data.hpp"
#include "bench/engine/runner.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

namespace ouro::bench {
namespace {

constexpr std::uint64_t operations = 5000;
constexpr std::uint64_t keys_max = 20'000;  // valgrind is some fifty times slower

Data data_for(const Settings& settings) {
  return Data(Shape{.keys = std::min(settings.keys, keys_max)}, settings.seed);
}

/// Of the whole run: callgrind counts only below counted_operations(), on its thread.
std::optional<double> instructions_in(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    for (const char* const name : {"summary: ", "totals: "})
      if (line.starts_with(name)) return std::stod(line.substr(std::string(name).size()));
  return std::nullopt;
}

}  // namespace

// The name by which callgrind knows what to count.
extern "C" [[gnu::noinline]] void ouro_bench_counted_operations(
    const std::function<void(std::uint64_t)>& operation) {
  for (std::uint64_t i = 0; i < operations; ++i) operation(i);
}

void run_counted(const Settings& settings, const std::vector<Contestant>& contestants) {
  const Data data = data_for(settings);
  KeyBlock keys(data, operations);
  SeededRandom random(settings.seed);
  for (std::uint64_t i = 0; i < operations; ++i) keys.set(i, random.below(data.shape().keys));
  for (const Contestant& contestant : contestants) {
    const auto engine = contestant.kind.open({.directory = settings.directory});
    load({*engine, data, settings.effort, settings.seed});
    std::uint64_t touched = 0;
    const std::function<void(std::uint64_t)> put = [&](std::uint64_t i) {
      engine->put(keys[i], data.value(i));
    };
    const std::function<void(std::uint64_t)> get = [&](std::uint64_t i) {
      engine->get(keys[i], touched);
    };
    const auto& operation = settings.callgrind_operation == "put" ? put : get;
    // Once beforehand: what the first operations set up does not count.
    for (std::uint64_t i = 0; i < operations; ++i) operation(i);
    ouro_bench_counted_operations(operation);
  }
}

void run_callgrind(const Settings& settings, const std::vector<Contestant>& contestants,
                   Results& results) {
  const std::string directory = settings.directory + "/callgrind";
  const std::string out = settings.directory + "/callgrind.out";
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  for (const Contestant& contestant : contestants) {
    if (!contestant.build.accepted || interrupted()) continue;
    Metrics metrics;
    for (const std::string operation : {"get", "put"}) {
      const int code =
          run_program({"valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                       "--toggle-collect=ouro_bench_counted_operations", program,
                       "--callgrind-operation=" + operation, "--engines=" + contestant.kind.name,
                       "--keys=" + std::to_string(settings.keys),
                       "--seed=" + std::to_string(settings.seed), "--dir=" + directory});
      std::filesystem::remove_all(directory);
      if (code == 127) {
        results.failures.push_back("callgrind: valgrind is not installed (apt install valgrind)");
        return;
      }
      const auto count = code == 0 ? instructions_in(out) : std::nullopt;
      if (count)
        metrics[operation + "_instructions"] = *count / static_cast<double>(operations);
      else
        results.failures.push_back("callgrind " + operation + " of " + contestant.kind.name +
                                   ": valgrind cannot run it (code " + std::to_string(code) + ")");
    }
    std::fprintf(stderr, "callgrind of %s done\n", contestant.kind.name.c_str());
    results.found["callgrind"][contestant.kind.name].push_back(metrics);
  }
}

}  // namespace ouro::bench
