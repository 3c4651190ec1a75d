// Where a merge is cut into parts that can be done at the same time.
#pragma once

#include "engine/file_meta.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace ouro::engine {

/// Up to parts - 1 keys, ascending, that cut the files' data into about equal parts. Without
/// `token_order` only places where a file begins are known; with it keys are taken to be spread
/// evenly within each file. Pure.
std::vector<std::string> split_keys(const std::vector<const FileMeta*>& files, std::size_t parts,
                                    bool token_order);

}  // namespace ouro::engine
