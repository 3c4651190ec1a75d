// `ouro serve`: one node, until it is told to stop.
#pragma once

#include "base/result.hpp"
#include "cli/command_line.hpp"
#include "cli/config.hpp"

#include <optional>
#include <string>

namespace ouro::cli {

/// Runs the node and returns the exit code.
int run_serve(const ServeCommand& command);

/// What the node runs with: the configuration file's text, if one was named, and the flags, which
/// win. What names neither nodes nor members to join is a cluster of one node (unless its directory
/// belongs to a cluster already, which the node finds out). Errors: denied for an address that
/// others can reach, unless it was accepted by name; invalid_argument for one that nobody can dial.
Result<Config> settle_config(const ServeCommand& command, const std::optional<std::string>& file);

}  // namespace ouro::cli
