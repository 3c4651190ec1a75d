// The report for programs.
#include "bench/engine/report.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace ouro::bench {
namespace {

using Json = nlohmann::ordered_json;

Json number(std::optional<double> value) {
  if (!value) return nullptr;
  return *value;
}

/// Medians of one metric, by engine; null where there is none.
Json medians(const Report& report, const std::string& workload, const std::string& metric) {
  Json json;
  for (const Contestant& contestant : report.contestants)
    json[contestant.kind.name] = number(report.median(workload, contestant.kind.name, metric));
  return json;
}

/// All metrics of all engines: medians, and the main one of each round.
void add_details(Json& json, const Report& report, const std::string& workload,
                 const std::string& main_metric) {
  for (const auto& [engine, rounds] : report.results.found.at(workload)) {
    for (const Metrics& metrics : rounds)
      for (const auto& [name, value] : metrics) {
        json["details"][engine][name] = number(report.median(workload, engine, name));
        if (name == main_metric) json["rounds"][engine].push_back(value);
      }
  }
}

/// One workload as its figures per engine and their ratio.
void add(Json& json, const Report& report, const std::string& key, const std::string& workload,
         const std::string& metric, std::optional<double> ratio) {
  if (report.results.found.count(workload) == 0) return;
  json[key] = medians(report, workload, metric);
  json[key]["ratio"] = number(ratio);
  add_details(json[key], report, workload, metric);
}

Json settings_json(const Report& report) {
  const Settings& settings = report.settings;
  return {{"keys", settings.keys},
          {"seed_shape_keys", settings.seed_shape_keys},
          {"rounds", report.results.loads.size()},
          {"seed", settings.seed},
          {"quick", settings.quick},
          {"block_bytes", block_bytes},
          {"filter_bits", filter_bits},
          {"memtable_bytes", memtable_bytes},
          {"cache_bytes", settings.cache_for(Shape{.keys = settings.keys})},
          {"machine_load", report.results.loads}};
}

}  // namespace

std::string to_json(const Report& report) {
  Json json;
  for (const Contestant& contestant : report.contestants)
    json["engines"][contestant.kind.name] = {{"version", contestant.build.version},
                                             {"build", contestant.build.kind},
                                             {"compression", contestant.kind.compression},
                                             {"measured", contestant.build.accepted}};
  json["settings"] = settings_json(report);
  const auto rate = [&](const std::string& workload) {
    const std::string metric = "ops_per_s";
    add(json, report, workload, workload, metric, report.ratio(workload, metric));
  };
  for (const char* const workload : {"fillrandom", "get", "get_missing", "scan"}) rate(workload);
  add(json, report, "overwrite_while_reading", "overwrite_while_reading", "ops_per_s",
      report.overwrite_ratio());
  if (report.results.found.count("overwrite_while_reading") != 0) {
    Json& overwrite = json["overwrite_while_reading"];
    overwrite["reads"] = medians(report, "overwrite_while_reading", "reads_per_s");
    overwrite["write_p999_us"] = medians(report, "overwrite_while_reading", "p999_us");
  }
  rate("durable");
  rate("seed_shape");
  add(json, report, "seed_shape_hot", "seed_shape", "hot_ops_per_s",
      report.ratio("seed_shape", "hot_ops_per_s"));
  rate("multiget");
  if (report.results.found.count("multiget") != 0)
    json["multiget"]["gain"] = medians(report, "multiget", "gain");
  add(json, report, "disk_bytes", "disk_bytes", "disk_bytes",
      report.ratio_to_rocksdb("disk_bytes", "disk_bytes"));
  add(json, report, "write_amplification", "write_amplification", "total",
      report.ratio_to_rocksdb("write_amplification", "total"));
  add(json, report, "get_instructions", "callgrind", "get_instructions",
      report.ratio("callgrind", "get_instructions", false));
  add(json, report, "put_instructions", "callgrind", "put_instructions",
      report.ratio("callgrind", "put_instructions", false));
  json["failures"] = report.results.failures;
  if (!report.has_peer()) json["note"] = how_to_give_peers;
  return json.dump(2) + "\n";
}

}  // namespace ouro::bench
