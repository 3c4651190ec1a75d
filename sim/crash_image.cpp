#include "sim/crash_image.hpp"

#include <algorithm>
#include <iterator>

namespace ouro::sim {
namespace {

using Range = Inode::Range;

void zero(std::string& image, Range range) {
  std::fill(std::next(image.begin(), static_cast<std::ptrdiff_t>(range.begin)),
            std::next(image.begin(), static_cast<std::ptrdiff_t>(range.end)), '\0');
}

// Calls `visit` with the part of each sector that lies in `range`.
template <class Visit>
void for_each_sector(Range range, Visit visit) {
  for (std::size_t at = range.begin; at < range.end;) {
    const std::size_t end = std::min(range.end, (at / sector_size + 1) * sector_size);
    visit(Range{at, end});
    at = end;
  }
}

// The bytes about which nothing is known, in order: what failed syncs were to cover, and the tail.
std::vector<Range> unsure(const Inode& file) {
  std::vector<Range> ranges = file.doubtful;
  if (file.synced < file.bytes.size()) ranges.push_back({file.synced, file.bytes.size()});
  return ranges;
}

void cut(std::string& image, std::vector<Range> ranges) {
  while (!ranges.empty() && ranges.back().end == image.size()) {
    image.resize(ranges.back().begin);
    ranges.pop_back();
  }
  for (const Range& range : ranges) zero(image, range);
}

void garble(std::string& image, Range range, Random& random) {
  Range last = range;
  for_each_sector(range, [&](Range sector) { last = sector; });
  for (std::size_t i = last.begin; i < last.end; ++i) image[i] = static_cast<char>(random.next());
}

}  // namespace

std::string crash_image(const Inode& file, CrashPolicy policy, Random& random) {
  if (file.truncated) {
    const bool undone = policy.bytes == UnsyncedBytes::lost ||
                        (policy.bytes != UnsyncedBytes::kept && random.one_in(2));
    if (undone) return *file.truncated;
  }
  std::string image = file.bytes;
  const std::vector<Range> ranges = unsure(file);
  if (ranges.empty()) return image;
  switch (policy.bytes) {
    case UnsyncedBytes::kept:
      break;
    case UnsyncedBytes::lost:
      cut(image, ranges);
      break;
    case UnsyncedBytes::zeroed:
      for (const Range& range : ranges) zero(image, range);
      break;
    case UnsyncedBytes::sectors:
      for (const Range& range : ranges)
        for_each_sector(range, [&](Range sector) {
          if (random.below(100) >= policy.keep_percent) zero(image, sector);
        });
      break;
    case UnsyncedBytes::prefix: {
      const Range last = ranges.back();
      if (last.end == image.size())
        image.resize(last.begin + random.below(last.end - last.begin + 1));
      break;
    }
    case UnsyncedBytes::garbled:
      garble(image, ranges.back(), random);
      break;
  }
  return image;
}

}  // namespace ouro::sim
