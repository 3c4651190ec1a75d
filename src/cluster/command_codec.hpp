// The bytes of a command in the metadata log.
#pragma once

#include "cluster/commands.hpp"

#include <string>
#include <string_view>

namespace ouro::cluster {

/// Format: docs/formats.md, "Metadata log".
std::string encode_command(const Command& command);

/// Error unsupported for a kind or form that this build does not know: the node must stop rather
/// than diverge. Error corruption for bytes that are no command.
Result<Command> decode_command(std::string_view bytes);

}  // namespace ouro::cluster
