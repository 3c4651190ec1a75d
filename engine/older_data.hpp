// May an older version of a key lie below what a merge writes?
#pragma once

#include "engine/version.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// The files below a merge's output. Asked with keys that never go back; for one thread at a time.
class OlderData {
 public:
  /// Adds a run: sorted, disjoint files.
  void add(std::vector<TableFile> run);

  /// False if no file's range has the key: then nothing older of it exists. Cheap.
  bool covers(std::string_view key);
  /// False if moreover the filters of the files that have it in range deny it.
  bool may_contain(std::string_view key);

 private:
  struct Run {
    std::vector<TableFile> files;
    std::size_t at = 0;  ///< The first file that does not end before the last key asked for.
  };

  /// The run's file that has the key in its range; null if there is none.
  static const TableReader* find(Run& run, std::string_view key);

  std::vector<Run> runs_;
};

}  // namespace ouro::engine
