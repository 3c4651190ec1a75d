// The same operations under eight settings must give the same answers (metamorphic testing, as
// Pebble does it): whatever the sizes, filters, caches and lanes, they may change only speed.
#include "tests/engine/metamorphic_ops.hpp"
#include "tests/engine/metamorphic_player.hpp"
#include "tests/engine/torture.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace ouro::engine::metamorphic {
namespace {

template <class T, std::size_t count>
T one_of(Random& random, const T (&choices)[count]) {
  return choices[random.below(count)];
}

Setting random_setting(Random& random) {
  Setting setting;
  Options& options = setting.options;
  options = small_options();
  const bool token_order = random.one_in(2);
  for (TableSpec& table : options.tables) table.token_order = token_order;
  options.memtable_bytes = one_of<std::size_t>(random, {4096, 4096, 16384, 65536, 1 << 20});
  options.memtables_max = 1 + random.below(4);
  options.block_bytes = one_of<std::size_t>(random, {256, 512, 4096, 16384, 65536});
  options.memory_bytes = one_of<std::size_t>(random, {0, 4096, 64 << 10, 1 << 20, 16 << 20});
  options.table_file_bytes = one_of<std::size_t>(random, {1000, 4000, 64 << 10, 4 << 20});
  options.wal_segment_bytes = one_of<std::size_t>(random, {2000, 20000, 1 << 20});
  options.manifest_bytes = one_of<std::size_t>(random, {1000, 100000});
  options.commit_group_bytes = one_of<std::size_t>(random, {1, 300, 4000, 1 << 20});
  options.filter_bits_per_key = one_of<unsigned>(random, {0, 4, 10});
  options.level0_runs_max = one_of<unsigned>(random, {1, 2, 4, 8});
  options.level0_runs_stop = options.level0_runs_max + one_of<unsigned>(random, {2, 16});
  options.level_ratio = one_of<unsigned>(random, {2, 3, 4, 10});
  options.merge_width = one_of<unsigned>(random, {2, 12});
  options.compress = random.one_in(2);
  setting.compaction_lanes = random.one_in(2) ? 3 : 1;
  setting.cache_misses = one_of<unsigned>(random, {0, 100, 1000});
  return setting;
}

// The answers of all settings must be those of the first.
std::vector<Setting> random_settings(std::uint64_t seed) {
  SeededRandom random(seed);
  std::vector<Setting> settings(8);
  for (Setting& setting : settings) setting = random_setting(random);
  return settings;
}

std::string describe(const Setting& setting) {
  const Options& o = setting.options;
  std::string out = "token_order " + std::to_string(o.tables[0].token_order);
  const auto add = [&out](const char* name, std::size_t value) {
    out += std::string(", ") + name + " " + std::to_string(value);
  };
  add("memtable", o.memtable_bytes);
  add("memtables_max", o.memtables_max);
  add("block", o.block_bytes);
  add("cache", o.memory_bytes);
  add("table_file", o.table_file_bytes);
  add("wal_segment", o.wal_segment_bytes);
  add("manifest", o.manifest_bytes);
  add("commit_group", o.commit_group_bytes);
  add("filter_bits", o.filter_bits_per_key);
  add("level0_max", o.level0_runs_max);
  add("level0_stop", o.level0_runs_stop);
  add("level_ratio", o.level_ratio);
  add("merge_width", o.merge_width);
  add("compress", o.compress);
  add("lanes", setting.compaction_lanes);
  add("cache_misses", setting.cache_misses);
  return out;
}

// The first operation on which two settings disagree or that one of them could not do, told; empty
// if there is none.
std::string disagreement(const Ops& ops, const Setting& first, const Setting& second) {
  const Answers a = Player(first).play(ops), b = Player(second).play(ops);
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string one = i < a.size() ? a[i] : "nothing",
                      other = i < b.size() ? b[i] : "nothing";
    if (one == other && !one.starts_with(Player::fault_mark)) continue;
    return "operation " + std::to_string(i) + " of " + std::to_string(ops.size()) + " (" +
           (i < ops.size() ? to_string(ops[i]) : "the final check") + "):\n  one says   " + one +
           "\n  other says " + other + "\n";
  }
  return {};
}

std::string report(const Ops& ops, const Setting& first, const Setting& second) {
  const Ops least = shrink<Op>(
      ops, [&](const Ops& some) { return !disagreement(some, first, second).empty(); }, 1000);
  std::string out = disagreement(least, first, second);
  out += "one:   " + describe(first) + "\nother: " + describe(second) + "\n";
  for (const Op& op : least) out += "  " + to_string(op) + "\n";
  return out;
}

void check_seed(std::uint64_t seed, std::size_t count) {
  const Ops ops = random_ops(seed, count);
  const std::vector<Setting> settings = random_settings(seed + 1);
  const Answers expected = Player(settings[0]).play(ops);
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (i > 0 && Player(settings[i]).play(ops) == expected) continue;
    const std::string found = disagreement(ops, settings[0], settings[i]);
    if (found.empty()) continue;
    CAPTURE(seed, i, report(ops, settings[0], settings[i]));
    REQUIRE(found.empty());
  }
  // A run in which nothing happened would prove nothing.
  REQUIRE(expected.size() == count + 3);
}

TEST_CASE("the same operations give the same answers under any options", "[engine][metamorphic]") {
  for (std::uint64_t round = 1; round <= torture::pick(4, 40); ++round)
    check_seed(torture::seed(round), torture::pick(500, 1500));
}

TEST_CASE("the shrinker leaves only what a failure needs", "[engine][metamorphic]") {
  const std::vector<int> items{5, 1, 9, 4, 7, 1, 8, 3, 2, 6};
  const auto least = shrink<int>(items, [](const std::vector<int>& some) {
    const auto nine = std::find(some.begin(), some.end(), 9);
    return nine != some.end() && std::find(nine, some.end(), 3) != some.end();
  });
  CHECK(least == std::vector<int>{9, 3});
}

}  // namespace
}  // namespace ouro::engine::metamorphic
