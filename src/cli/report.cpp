#include "cli/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace ouro::cli {

void say(std::string_view line) {
  fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

void say_error(std::string_view what, std::string_view hint) {
  say(fmt::format("error: {}", what));
  if (!hint.empty()) say(fmt::format("hint: {}", hint));
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace ouro::cli
