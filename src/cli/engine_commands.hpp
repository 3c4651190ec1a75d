// `ouro engine dump|verify|stats|repair`: the files of a node that is stopped.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "cli/command_line.hpp"

namespace ouro::cli {

/// Does it and returns the exit code. Data goes to standard output, all else to standard error.
int run_engine_command(const EngineCommand& command);

/// The parts of it.
int run_dump(FileSystem& files, const EngineCommand& command);
int run_verify(FileSystem& files, const EngineCommand& command);
int run_stats(FileSystem& files, const EngineCommand& command);
int run_repair(FileSystem& files, const EngineCommand& command);

/// Tells of an error with what can be done about it, and returns the exit code for it.
int tell_engine_error(FileSystem& files, const EngineCommand& command, const Error& error);

/// True unless writing to standard output failed, which it tells of.
bool print_all(const std::string& text);

}  // namespace ouro::cli
