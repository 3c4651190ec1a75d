#include "cli/suggest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace ouro::cli {
namespace {

/// Insertions, removals and replacements that make `b` of `a` (Levenshtein 1966).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string suggestion(std::string_view typed, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t least = 1 + std::max<std::size_t>(1, typed.size() / 3);
  for (const std::string_view word : known) {
    const std::size_t far = distance(typed, word);
    if (far < least) least = far, best = word;
  }
  if (best.empty()) return "";
  return ": did you mean \"" + std::string(best) + "\"?";
}

}  // namespace ouro::cli
