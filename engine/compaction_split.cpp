#include "engine/compaction_split.hpp"

#include "engine/point_read.hpp"

#include <algorithm>
#include <cstdint>

namespace ouro::engine {
namespace {

/// Places inside of each file to choose from when its keys are spread evenly.
constexpr unsigned places_per_file = 32;

std::string key_of(std::uint64_t prefix) {
  std::string key(8, '\0');
  for (char& byte : key) {
    byte = static_cast<char>(prefix >> 56);
    prefix <<= 8;
  }
  return key;
}

/// The share of a file's data that lies before `key`.
double share_before(const FileMeta& file, const std::string& key, bool token_order) {
  if (key <= file.smallest) return 0;
  if (key > file.largest) return 1;
  if (!token_order) return 0.5;
  const auto first = static_cast<double>(key_prefix(file.smallest));
  const auto last = static_cast<double>(key_prefix(file.largest));
  if (last <= first) return 0.5;
  return std::clamp((static_cast<double>(key_prefix(key)) - first) / (last - first), 0.0, 1.0);
}

std::vector<std::string> candidates(const std::vector<const FileMeta*>& files, bool token_order) {
  std::vector<std::string> keys;
  for (const FileMeta* file : files) {
    keys.push_back(file->smallest);
    if (!token_order) continue;
    const std::uint64_t first = key_prefix(file->smallest);
    const std::uint64_t step = (key_prefix(file->largest) - first) / places_per_file;
    for (unsigned i = 1; step > 0 && i < places_per_file; ++i)
      keys.push_back(key_of(first + i * step));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  // Nothing lies before the first.
  if (!keys.empty()) keys.erase(keys.begin());
  return keys;
}

}  // namespace

std::vector<std::string> split_keys(const std::vector<const FileMeta*>& files, std::size_t parts,
                                    bool token_order) {
  double total = 0;
  for (const FileMeta* file : files) total += static_cast<double>(file->size);
  std::vector<std::string> chosen;
  std::size_t part = 1;
  double last_before = 0;
  for (std::string& key : candidates(files, token_order)) {
    if (part >= parts) break;
    double before = 0;
    for (const FileMeta* file : files)
      before += static_cast<double>(file->size) * share_before(*file, key, token_order);
    const double wanted = total * static_cast<double>(part) / static_cast<double>(parts);
    if (before < wanted || before >= total || before <= last_before) continue;
    chosen.push_back(std::move(key));
    last_before = before;
    while (part < parts && before >= total * static_cast<double>(part) / static_cast<double>(parts))
      ++part;
  }
  return chosen;
}

}  // namespace ouro::engine
