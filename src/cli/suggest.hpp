// Which known word did the user probably mean?
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ouro::cli {

/// ": did you mean \"arcs\"?" for the known word nearest to `typed`, or "" when none is near.
std::string suggestion(std::string_view typed, std::span<const std::string_view> known);

}  // namespace ouro::cli
