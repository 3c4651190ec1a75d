#include "api/health_routes.hpp"
#include "cli/cluster_commands.hpp"
#include "cli/command_line.hpp"
#include "cli/demo.hpp"
#include "cli/engine_commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/key_commands.hpp"
#include "cli/recover_command.hpp"
#include "cli/ring_commands.hpp"
#include "cli/serve.hpp"
#include "runtime/frame.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace ouro::cli {
namespace {

int run(const Usage& usage) {
  fmt::print(usage.exit_code == done ? stdout : stderr, "{}", usage.text);
  return usage.exit_code;
}

int run(const ServeCommand& command) { return run_serve(command); }
int run(const DemoCommand& command) { return run_demo(command); }
int run(const DemoControlCommand& command) { return run_demo_control(command); }
int run(const KeyCommand& command) { return run_key_command(command); }
int run(const RingCommand& command) { return run_ring_command(command); }
int run(const ClusterCommand& command) { return run_cluster_command(command); }
int run(const RecoverCommand& command) { return run_recover_command(command); }
int run(const EngineCommand& command) { return run_engine_command(command); }

int run(const VersionCommand& command) {
  if (command.json)
    fmt::print("{{\"version\":\"{}\",\"wire_min\":{},\"wire_max\":{},\"compiler\":\"{}\"}}\n",
               api::version(), wire_version_min, wire_version_max, __VERSION__);
  else
    fmt::print("ouro {}\n", api::version());
  return done;
}

}  // namespace
}  // namespace ouro::cli

int main(int count, char** words) {
  const ouro::cli::Command command = ouro::cli::parse_command_line({words + 1, words + count});
  return std::visit([](const auto& chosen) { return ouro::cli::run(chosen); }, command);
}
