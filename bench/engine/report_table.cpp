// The report for people.
#include "bench/engine/report.hpp"

#include <array>
#include <cstdio>

namespace ouro::bench {
namespace {

constexpr double mebibyte = 1 << 20;

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

/// 1234567 -> "1 234 567".
std::string grouped(double value) {
  const std::string digits = format("%.0f", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ' ';
    text += digits[i];
  }
  return text;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

class Table {
 public:
  explicit Table(const Report& report) : report_(report) {
    std::vector<std::string> names;
    for (const Contestant& contestant : report.contestants) names.push_back(contestant.kind.name);
    line("", names, "ratio", "bar");
  }

  /// A main line: one figure per engine and how ours compares.
  void figures(const char* title, const std::string& workload, const std::string& metric,
               std::optional<double> ratio, const char* bar,
               std::string (*show)(double) = grouped) {
    if (report_.results.found.count(workload) == 0) return;
    std::vector<std::string> cells;
    for (const Contestant& contestant : report_.contestants) {
      const auto value = report_.median(workload, contestant.kind.name, metric);
      cells.push_back(value ? show(*value) : "-");
    }
    line(title, cells, ratio ? format("%.2f", *ratio) : "-", bar);
  }

  /// A detail: several metrics in one cell.
  void details(const char* title, const std::string& workload,
               const std::vector<std::string>& metrics, double unit = 1) {
    if (report_.results.found.count(workload) == 0) return;
    std::vector<std::string> cells;
    for (const Contestant& contestant : report_.contestants) {
      std::string cell;
      for (const std::string& metric : metrics) {
        const auto value = report_.median(workload, contestant.kind.name, metric);
        if (!value) continue;
        cell += (cell.empty() ? "" : " / ") +
                format(*value / unit < 100 ? "%.2f" : "%.0f", *value / unit);
      }
      cells.push_back(cell.empty() ? "-" : cell);
    }
    line(title, cells, "", "");
  }

  void costs(const std::string& workload) {
    details("  us p50 / p99 / p99.9", workload, {"p50_us", "p99_us", "p999_us"});
    details("  peak memory, MiB", workload, {"peak_memory"}, mebibyte);
    details("  CPU, s", workload, {"cpu_s"});
  }

  std::string text() && { return std::move(text_); }

 private:
  void line(std::string title, const std::vector<std::string>& cells, const std::string& ratio,
            const std::string& bar) {
    constexpr std::size_t title_width = 32, cell_width = 24, narrow = 8;
    title.resize(std::max(title.size(), title_width), ' ');
    text_ += title;
    for (const std::string& cell : cells) text_ += padded(cell, cell_width);
    text_ += padded(ratio, narrow) + "  " + bar;
    text_.erase(text_.find_last_not_of(' ') + 1);
    text_ += '\n';
  }

  const Report& report_;
  std::string text_;
};

std::string engines_text(const Report& report) {
  std::string text;
  for (const Contestant& contestant : report.contestants)
    text += contestant.kind.name + " " + contestant.build.version + ": " + contestant.build.kind +
            ", " + contestant.kind.compression + "\n";
  return text;
}

std::string shape_text(const Report& report) {
  const Settings& settings = report.settings;
  std::string text = grouped(static_cast<double>(settings.keys)) + " keys of 16 + 100 bytes, " +
                     std::to_string(report.results.loads.size()) + " rounds, machine load";
  for (const double load : report.results.loads) text += format(" %.2f", load);
  return text + "\n\n";
}

std::string two_places(double value) { return format("%.2f", value); }

}  // namespace

std::string to_table(const Report& report) {
  Table table(report);
  const auto rate = [&](const char* title, const std::string& workload, const char* bar) {
    table.figures(title, workload, "ops_per_s", report.ratio(workload, "ops_per_s"), bar);
    table.costs(workload);
  };
  rate("fill random, writes/s", "fillrandom", ">= 2");
  table.details("  settled afterwards in, s", "fillrandom", {"settle_s"});
  rate("get, cached, reads/s", "get", ">= 3, p50 <= 1 us");
  rate("get of missing keys, reads/s", "get_missing", ">= 1.3");
  rate("seek + 10 next, scans/s", "scan", ">= 2");
  const std::string overwrite = "overwrite_while_reading";
  table.figures("overwrite + read, writes/s", overwrite, "ops_per_s",
                report.ratio(overwrite, "ops_per_s"), ">= 1.5");
  table.figures("                  reads/s", overwrite, "reads_per_s",
                report.ratio(overwrite, "reads_per_s"), ">= 1.5");
  table.figures("                  p99.9 of writes", overwrite, "p999_us",
                report.ratio(overwrite, "p999_us", false), "<= 1", two_places);
  table.costs(overwrite);
  rate("durable, writes/s", "durable", ">= 1.5");
  rate("seed's shape, reads/s", "seed_shape", ">= 3 (10 M keys: 1.5)");
  table.figures("  of 5 hot keys, reads/s", "seed_shape", "hot_ops_per_s",
                report.ratio("seed_shape", "hot_ops_per_s"), "");
  rate("multi-get of 16, keys/s", "multiget", "");
  table.figures("  to its own single gets", "multiget", "gain",
                report.median("multiget", "ouro", "gain"), ">= 1.5", two_places);
  table.figures("bytes on disk, with tokens", "disk_bytes", "disk_bytes",
                report.ratio_to_rocksdb("disk_bytes", "disk_bytes"), "<= 1.05");
  table.figures("write amplification", "write_amplification", "total",
                report.ratio_to_rocksdb("write_amplification", "total"), "<= 0.8", two_places);
  table.details("  logs / tables", "write_amplification", {"log", "tables"});
  table.figures("instructions per get", "callgrind", "get_instructions",
                report.ratio("callgrind", "get_instructions", false), "");
  table.figures("instructions per put", "callgrind", "put_instructions",
                report.ratio("callgrind", "put_instructions", false), "");
  std::string text = engines_text(report) + shape_text(report) + std::move(table).text();
  for (const std::string& failure : report.results.failures) text += "failed: " + failure + "\n";
  if (!report.has_peer()) text += std::string(how_to_give_peers) + "\n";
  return text;
}

}  // namespace ouro::bench
