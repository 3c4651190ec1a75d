// The tables of a node's `data` database.
#pragma once

#include "engine/options.hpp"

#include <vector>

namespace ouro::kv {

constexpr engine::TableId data_table = 0;     ///< storage key -> object record
constexpr engine::TableId clocks_table = 1;   ///< arc clocks, and the index of unsettled keys
constexpr engine::TableId changes_table = 2;  ///< dot log: dot -> storage key

/// What Options::tables must say.
inline std::vector<engine::TableSpec> data_tables() {
  return {{"data", true}, {"clocks", false}, {"changes", false}};
}

}  // namespace ouro::kv
