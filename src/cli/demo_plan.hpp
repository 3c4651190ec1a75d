// Which nodes does `ouro demo` run, where do they listen, and where is their data?
//
// Pure: the same decisions for the supervisor and for the commands that play with it.
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "cli/command_line.hpp"
#include "cli/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ouro::cli {

/// The files below the demo's directory.
std::string cluster_file(const std::string& dir);  ///< The cluster: id, seed, nodes. Kept.
std::string state_file(const std::string& dir);    ///< Who runs, while a demo runs.
std::string lock_file(const std::string& dir);     ///< Held by the supervisor.
std::string requests_dir(const std::string& dir);  ///< A file for each node that shall start.
std::string node_dir(const std::string& dir, const std::string& node);
std::string node_config_file(const std::string& dir, const std::string& node);
std::string node_log_file(const std::string& dir, const std::string& node);
std::string node_data_dir(const std::string& dir, const std::string& node);

/// The cluster to run: the kept one (the text of its file), with the ports of the command if it
/// names any; or a new one. Error invalid_argument says what does not fit.
Result<cluster::Settings> plan_demo(const DemoCommand& command,
                                    const std::optional<std::string>& kept, Random& random);

/// What one of its nodes is started with.
Config config_of(const cluster::Settings& settings, const cluster::Node& node,
                 const std::string& dir);

/// Who runs: the contents of the state file.
struct DemoState {
  struct Member {
    std::string name;
    int pid = 0;  ///< 0: it does not run.
    std::string http;
    std::string peer;
    std::string data_dir;
  };
  int supervisor = 0;
  std::vector<Member> members;

  Member* member(const std::string& name);
};
std::string encode_state(const DemoState& state);
Result<DemoState> decode_state(const std::string& text);
/// One member as a JSON object on a line.
std::string member_json(const DemoState::Member& member);

}  // namespace ouro::cli
