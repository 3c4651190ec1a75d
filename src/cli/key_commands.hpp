// `ouro get`, `ouro put` and `ouro del`.
#pragma once

#include "cli/command_line.hpp"
#include "client/client.hpp"

#include <string>

namespace ouro::cli {

/// Does it and returns the exit code. The value's bytes go to standard output, all else to standard
/// error.
int run_key_command(const KeyCommand& command);

/// What an answer means to a script: see exit_code.hpp. `writes`: the command was put or del.
int exit_code_of(const Result<client::Answer>& answer, bool writes);

/// The curl command that does the same.
std::string curl_line(const KeyCommand& command, const client::Endpoint& node);

/// `text` as one word of a shell.
std::string shell_quoted(const std::string& text);

}  // namespace ouro::cli
