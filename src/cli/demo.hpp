// `ouro demo`: a whole cluster on this machine, one process per node.
#pragma once

#include "cli/command_line.hpp"

namespace ouro::cli {

/// Runs until it is asked to end, and returns the exit code.
int run_demo(const DemoCommand& command);

/// `ouro demo kill|start|status`: plays with a running demo.
int run_demo_control(const DemoControlCommand& command);

}  // namespace ouro::cli
