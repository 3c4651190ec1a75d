// `ouro cluster recover`: out of the loss of a majority of the metadata group's voters.
#pragma once

#include "base/result.hpp"
#include "cli/command_line.hpp"
#include "node/recovery.hpp"

#include <string>

namespace ouro::cli {

/// Does it and returns the exit code. The node must be stopped.
int run_recover_command(const RecoverCommand& command);

/// What --follow takes, such as "1f2e@4.57": the new group, and where the log of the survivor that
/// leads it ended. Error invalid_argument.
std::string takeover_text(const node::Takeover& takeover);
Result<node::Takeover> parse_takeover(const std::string& text);

/// What the node knows, as a JSON object in one line, and for people.
std::string standing_json(const node::Standing& standing);
std::string standing_text(const node::Standing& standing);

}  // namespace ouro::cli
