// What the picker's choices cost over a long life: bytes written, runs to read, space taken. A
// model of sets of keys, no data; docs/decisions/0007-lazy-leveling.md has the figures.
#include "engine/compaction_picker.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ouro::engine {
namespace {

constexpr std::size_t slots = 1024;  // of the key space
constexpr double memtable = 1 << 20;

/// What a file holds: of each slot's keys the share that it has.
struct ModelFile {
  FileMeta meta;
  std::vector<double> shares;  ///< From slot `first` on.
  std::size_t first = 0;
};

/// A table of as many keys as fill `set` memtables, overwritten at random.
class Model {
 public:
  Model(double set, Options options) : set_(set), options_(std::move(options)) {}

  void flush() {
    // Of a memtable's random draws each key is hit with this probability.
    const double share = 1 - std::exp(-1 / set_);
    add(0, 0, std::vector<double>(slots, share));
    user_ += memtable;
    while (const auto plan = pick(shape(), options_)) carry_out(*plan);
    runs_max_ = std::max(runs_max_, runs());
    space_max_ = std::max(space_max_, space());
  }

  double amplification() const { return written_ / user_; }
  std::size_t runs_max() const { return runs_max_; }
  double space_max() const { return space_max_; }
  double largest_job() const { return largest_job_ / memtable; }
  void forget_the_past() { written_ = user_ = space_max_ = largest_job_ = 0; }

  std::size_t runs() const {
    std::size_t count = files_.at(0).size();
    for (unsigned level = 1; level < level_count; ++level)
      count += files_.at(level).empty() ? 0 : 1;
    return count;
  }
  /// Below level 0, beside what the newest versions of all keys take.
  double space() const {
    double bytes = 0;
    for (unsigned level = 1; level < level_count; ++level)
      for (const auto& file : files_.at(level)) bytes += static_cast<double>(file->meta.size);
    return bytes / (set_ * memtable);
  }

 private:
  using Files = std::vector<std::unique_ptr<ModelFile>>;

  static std::string key(std::size_t slot) {
    char text[8];
    std::snprintf(text, sizeof(text), "%05zu", slot);
    return text;
  }

  double bytes(double share) const { return share * set_ * memtable / slots; }

  TableShape shape() const {
    TableShape result;
    for (unsigned level = 0; level < level_count; ++level)
      for (const auto& file : files_.at(level)) result[level].push_back({&file->meta, 0});
    return result;
  }

  void add(unsigned level, std::size_t first, std::vector<double> shares) {
    auto file = std::make_unique<ModelFile>();
    double size = 0;
    for (const double share : shares) size += bytes(share);
    written_ += size;
    file->meta.number = ++last_number_;
    file->meta.level = level;
    file->meta.size = static_cast<std::uint64_t>(size);
    file->meta.entries = 1;
    file->meta.smallest = key(first);
    file->meta.largest = key(first + shares.size() - 1);
    file->first = first;
    file->shares = std::move(shares);
    Files& files = files_.at(level);
    const auto place =
        level == 0 ? files.begin()
                   : std::find_if(files.begin(), files.end(),
                                  [&](const auto& other) { return other->first > file->first; });
    files.insert(place, std::move(file));
  }

  void carry_out(const CompactionPlan& plan) {
    std::vector<double> missing(slots, 1);
    double input = 0;
    for (Files& files : files_)
      std::erase_if(files, [&](const auto& file) {
        if (!std::binary_search(plan.inputs.begin(), plan.inputs.end(), file->meta.number))
          return false;
        for (std::size_t i = 0; i < file->shares.size(); ++i)
          missing[file->first + i] *= 1 - file->shares[i];
        input += static_cast<double>(file->meta.size);
        return true;
      });
    largest_job_ = std::max(largest_job_, input);
    double size = 0;
    std::vector<double> shares;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const double share = 1 - missing[slot];
      if (share > 0) {
        shares.push_back(share);
        size += bytes(share);
      }
      if (shares.empty() || (share > 0 && size < memtable && slot + 1 < slots)) continue;
      const std::size_t end = share > 0 ? slot + 1 : slot;
      const std::size_t first = end - shares.size();
      add(plan.output_level, first, std::exchange(shares, {}));
      size = 0;
    }
  }

  const double set_;
  const Options options_;
  std::array<Files, level_count> files_;
  std::uint64_t last_number_ = 0;
  double written_ = 0, user_ = 0, space_max_ = 0, largest_job_ = 0;
  std::size_t runs_max_ = 0;
};

struct Cost {
  double set, written, space;
};

TEST_CASE("the cost of ten overwrites stays within its bounds for sets of any size") {
  // The set in memtables, and what may be written for each byte of the user, flushes included.
  for (const Cost& most : {Cost{1, 1.0, 1.1}, Cost{4, 1.6, 1.1}, Cost{16, 3.2, 1.35},
                           Cost{64, 5.0, 1.4}, Cost{256, 9.0, 1.5}}) {
    Model model(most.set, Options());
    const int set_in_flushes = static_cast<int>(most.set);
    for (int flush = 0; flush < 3 * set_in_flushes; ++flush) model.flush();
    model.forget_the_past();
    for (int flush = 0; flush < 10 * set_in_flushes; ++flush) model.flush();
    CAPTURE(most.set, model.amplification(), model.runs_max(), model.space_max(),
            model.largest_job());
    CHECK(model.amplification() < most.written);
    CHECK(model.space_max() < most.space);
    CHECK(model.runs_max() <= 13);
  }
}

}  // namespace
}  // namespace ouro::engine
