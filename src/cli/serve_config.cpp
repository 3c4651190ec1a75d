#include "cli/serve.hpp"

#include <algorithm>
#include <utility>

namespace ouro::cli {
namespace {

cluster::Node& self_of(Config& config) {
  return *std::ranges::find(config.cluster.nodes, config.self, &cluster::Node::name);
}

/// A cluster of one: its id and seed are drawn at the first start and kept with the data.
Config single_node(const ServeCommand& command) {
  Config config;
  cluster::Node node;
  node.id = NodeId(1);
  node.name = command.name.value_or("n1");
  node.host = command.bind.value_or("127.0.0.1");
  node.http_port = command.http_port.value_or(7070);
  node.peer_port = command.peer_port.value_or(7170);
  node.zone = command.zone.value_or("");
  config.self = node.name;
  config.cluster.nodes.push_back(std::move(node));
  return config;
}

}  // namespace

Result<Config> settle_config(const ServeCommand& command, const std::optional<std::string>& file) {
  Config config;
  if (file) {
    Result<Config> read = parse_config(*file, command.config.value_or("the configuration"));
    if (!read) return read;
    config = *std::move(read);
  } else {
    config = single_node(command);
  }
  if (command.data_dir) config.data_dir = *command.data_dir;
  if (command.bind) config.bind = *command.bind;
  if (!config.bind) config.bind = self_of(config).host;
  if (command.loops) config.loops = *command.loops;
  if (command.log_level) config.log_level = *command.log_level;
  config.insecure = config.insecure || command.insecure;
  if (!config.insecure && !is_loopback(*config.bind))
    return Error{ErrorCode::denied,
                 "refused to listen on " + *config.bind +
                     ": nothing is authenticated or encrypted yet, so whoever reaches this address "
                     "could read and change all data. Listen on 127.0.0.1, or add --insecure if "
                     "only people you trust can reach it"};
  return config;
}

}  // namespace ouro::cli
