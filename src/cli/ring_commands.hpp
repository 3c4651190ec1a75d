// `ouro ring show` and `ouro ring locate`.
#pragma once

#include "base/result.hpp"
#include "cli/command_line.hpp"

#include <string>
#include <string_view>

namespace ouro::cli {

/// Does it and returns the exit code.
int run_ring_command(const RingCommand& command);

/// The JSON of /v1/ring as a table of the nodes and a picture of the arcs. Error corruption if it
/// is not what a node answers.
Result<std::string> ring_text(std::string_view json);

/// The JSON of /v1/ring/locate as a few lines.
Result<std::string> locate_text(std::string_view json);

}  // namespace ouro::cli
