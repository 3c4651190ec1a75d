// What did the user ask the `ouro` command to do?
//
// Pure: arguments in, a command or a text for the user out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ouro::cli {

struct ServeCommand {
  std::optional<std::string> config;
  std::optional<std::string> data_dir;
  std::optional<std::string> bind;
  std::optional<std::uint16_t> http_port;
  std::optional<std::uint16_t> peer_port;
  std::optional<std::size_t> loops;
  std::optional<std::string> zone;
  std::optional<std::string> name;
  std::optional<std::uint32_t> weight;
  std::optional<std::string> advertise;
  std::vector<std::string> join;  ///< As typed: HOST:PORT each.
  std::optional<std::string> log_level;
  bool insecure = false;
};

struct DemoCommand {
  std::optional<unsigned> nodes;
  std::optional<std::uint16_t> http_port;
  std::optional<std::uint16_t> peer_port;
  std::string dir = "./ouro-demo";
  bool json = false;
};

/// `ouro demo kill|start NODE` and `ouro demo status`.
struct DemoControlCommand {
  enum class What { kill, start, status } what = What::status;
  std::string node;
  std::string dir = "./ouro-demo";
  bool json = false;
};

/// `ouro get|put|del`.
struct KeyCommand {
  enum class What { get, put, del } what = What::get;
  std::string bucket;
  std::string key;
  std::string value;  ///< As typed: text, @FILE or -.
  std::string nodes;
  std::optional<std::string> content_type;
  std::optional<std::string> context;
  std::optional<unsigned> r;
  std::optional<unsigned> w;
  unsigned timeout_ms = 5000;
  bool siblings = false;
  bool verbose = false;
  bool curl = false;
};

/// `ouro ring show` and `ouro ring locate`.
struct RingCommand {
  bool locate = false;
  std::string bucket;
  std::string key;
  std::string nodes;
  bool json = false;
  bool curl = false;
};

/// `ouro cluster WORD`: what the cluster is, and changes of it.
struct ClusterCommand {
  enum class What {
    status,
    join,
    leave,
    replace,
    weight,
    zone,
    lost,
    unstage,
    plan,
    commit,
    abort
  } what = What::status;
  std::string node;                ///< By name.
  std::string with;                ///< replace
  std::vector<std::string> names;  ///< lost
  std::uint32_t weight = 1;
  std::string zone;
  std::string plan;  ///< commit: the hash.
  std::optional<std::uint64_t> change;
  bool accept_data_loss = false;
  bool follow = false;
  bool yes = false;
  std::string nodes;
  bool json = false;
  bool curl = false;
};

/// `ouro cluster recover DIR`: on the directory of a node that is stopped.
struct RecoverCommand {
  std::string directory;
  bool lead = false;
  std::string follow;  ///< As typed; see cli/recover_command.hpp.
  bool accept_log_loss = false;
  bool yes = false;
  bool json = false;
};

/// `ouro engine dump|verify|stats|repair DIR`.
struct EngineCommand {
  enum class What { dump, verify, stats, repair } what = What::stats;
  std::string directory;
  std::string table;  ///< Empty: all.
  std::string from;   ///< As typed: text with escapes, or 0x and digits.
  std::optional<std::uint64_t> limit;
  std::vector<std::string> tables;  ///< NAME or NAME:token, in the order of their creation.
  bool keys_only = false;
  bool dry_run = false;
  bool salvage = false;
  bool yes = false;
  bool json = false;
};

struct VersionCommand {
  bool json = false;
};

/// Nothing to do but to print: help, or what is wrong with the arguments.
struct Usage {
  int exit_code = 0;
  std::string text;
};

using Command =
    std::variant<Usage, ServeCommand, DemoCommand, DemoControlCommand, KeyCommand, RingCommand,
                 ClusterCommand, RecoverCommand, EngineCommand, VersionCommand>;

/// `arguments` without the program's name.
Command parse_command_line(std::vector<std::string> arguments);

}  // namespace ouro::cli
