#include "bench/engine/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace ouro::bench {
namespace {

constexpr std::string_view help =
    R"(Ouro's storage engine next to RocksDB and LevelDB, see docs/benchmarks.md.

usage: engine [options]
  --quick              fewer keys and rounds, within 50 seconds; later options override it
  --json               one JSON object to stdout, all else to stderr
  --only NAME[,NAME]   fillrandom get get_missing scan multiget overwrite_while_reading durable
                       seed_shape disk_bytes write_amplification callgrind
  --engines NAME[,..]  ouro rocksdb leveldb
  --keys N             of 16 + 100 bytes (1000000), and of the seed's 500 + 500 bytes
  --rounds N           the report has the medians (5)
  --reads N            point reads of a measurement (1000000)
  --seconds S          of a measurement that has a fixed time (5)
  --cache MIB          the block cache; otherwise enough for the set
  --seed N             of keys, values and order (1)
  --dir DIRECTORY      for databases, created and removed (otherwise below TMPDIR or /tmp)
  --callgrind          instructions per get and per put too; needs valgrind
)";

[[noreturn]] void wrong(const std::string& message) { fail(message + "; see --help"); }

template <class Number>
Number number(std::string_view option, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0))
    wrong(std::string(option) + " takes a number above zero, not '" + std::string(text) + "'");
  return value;
}

std::vector<std::string> list(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

void make_quick(Settings& settings) {
  settings.quick = true;
  settings.keys = 100'000;
  settings.seed_shape_keys = 25'000;
  settings.rounds = 3;
  settings.seconds_max = 40;
  settings.effort.reads = 150'000;
  settings.effort.seconds = 0.7;
}

void apply(Settings& settings, std::string_view option, std::string_view value) {
  const auto is = [&](std::string_view name) { return option == name; };
  if (is("--only")) {
    settings.only = list(value);
  } else if (is("--engines")) {
    settings.engines = list(value);
  } else if (is("--keys")) {
    settings.keys = number<std::uint32_t>(option, value);
    settings.seed_shape_keys = 0;
  } else if (is("--rounds")) {
    settings.rounds = number<unsigned>(option, value);
  } else if (is("--reads")) {
    settings.effort.reads = number<std::uint64_t>(option, value);
  } else if (is("--seconds")) {
    settings.effort.seconds = number<double>(option, value);
  } else if (is("--cache")) {
    settings.cache_bytes = number<std::uint64_t>(option, value) << 20;
  } else if (is("--seed")) {
    settings.seed = number<std::uint64_t>(option, value);
  } else if (is("--dir")) {
    settings.directory = value;
  } else if (is("--callgrind-operation")) {
    settings.callgrind_operation = value;
  } else {
    wrong("unknown option " + std::string(option));
  }
}

}  // namespace

const std::vector<std::string>& workload_names() {
  static const std::vector<std::string> names{"fillrandom",  "get",
                                              "get_missing", "scan",
                                              "multiget",    "overwrite_while_reading",
                                              "durable",     "seed_shape",
                                              "disk_bytes",  "write_amplification",
                                              "callgrind"};
  return names;
}

bool Settings::wants(std::string_view workload) const {
  if (!only.empty()) return std::find(only.begin(), only.end(), workload) != only.end();
  // Ten overwrites of a small set are no compaction to speak of.
  if (workload == "write_amplification") return !quick;
  return workload != "callgrind" || callgrind;
}

bool Settings::wants_engine(std::string_view engine) const {
  return engines.empty() || std::find(engines.begin(), engines.end(), engine) != engines.end();
}

std::uint64_t Settings::cache_for(const Shape& shape) const {
  constexpr std::uint64_t least = std::uint64_t{1} << 30, most = std::uint64_t{8} << 30;
  return cache_bytes != 0 ? cache_bytes : std::clamp(2 * shape.raw_bytes(), least, most);
}

Settings parse_arguments(int count, char** arguments) {
  Settings settings;
  for (int i = 1; i < count; ++i) {
    std::string_view option = arguments[i];
    if (option == "--help" || option == "-h") {
      std::fwrite(help.data(), 1, help.size(), stdout);
      std::exit(0);
    }
    if (option == "--quick") {
      make_quick(settings);
    } else if (option == "--json") {
      settings.json = true;
    } else if (option == "--callgrind") {
      settings.callgrind = true;
    } else if (const std::size_t equals = option.find('='); equals != option.npos) {
      apply(settings, option.substr(0, equals), option.substr(equals + 1));
    } else if (i + 1 < count) {
      apply(settings, option, arguments[++i]);
    } else {
      wrong(std::string(option) + " is unknown or lacks its value");
    }
  }
  const std::vector<std::string>& known = workload_names();
  for (const std::string& name : settings.only)
    if (std::find(known.begin(), known.end(), name) == known.end())
      wrong("unknown workload " + name);
  for (const std::string& name : settings.engines)
    if (name != "ouro" && name != "rocksdb" && name != "leveldb") wrong("unknown engine " + name);
  if (settings.seed_shape_keys == 0) settings.seed_shape_keys = settings.keys;
  return settings;
}

}  // namespace ouro::bench
