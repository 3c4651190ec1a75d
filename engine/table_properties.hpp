// What a table file says about itself in words: names and texts that readers may ignore.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/table_format.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {

using Properties = std::map<std::string, std::string, std::less<>>;

/// Longer sections are not read.
constexpr std::size_t properties_size_max = 1 << 20;

/// In this order, which is that of the file.
std::string encode(const std::vector<std::pair<std::string, std::string>>& properties);

/// Nothing if the section is damaged. Errors: those of reading.
Result<std::optional<Properties>> read_properties(const RandomFile& file, const Section& section,
                                                  std::uint64_t seed);

}  // namespace ouro::engine
