#include "cli/serve.hpp"

#include <utility>

namespace ouro::cli {
namespace {

/// What the flags say of a node that no configuration file describes.
Result<Config> config_of_flags(const ServeCommand& command) {
  Config config;
  cluster::Node& node = config.alone;
  node.name = command.name.value_or("");
  node.host = command.advertise.value_or("");
  node.http_port = command.http_port.value_or(7070);
  node.peer_port = command.peer_port.value_or(7170);
  node.zone = command.zone.value_or("");
  node.weight = command.weight.value_or(1);
  for (const std::string& typed : command.join) {
    const Result<PeerPlace> place = parse_peer_place(typed);
    if (!place) return Error{place.error().code, "--join " + place.error().message};
    config.join.push_back(*place);
  }
  return config;
}

Status settle_addresses(Config& config) {
  if (config.founds()) {
    if (!config.bind) config.bind = config.node().host;
    return {};
  }
  std::string& host = config.alone.host;
  if (!config.bind) config.bind = "127.0.0.1";
  if (host.empty()) host = *config.bind;
  if (is_wildcard(host))
    return Error{ErrorCode::invalid_argument,
                 host + " is not an address that others can dial: name one with --advertise"};
  return {};
}

/// A cluster of one: its id and seed are drawn at the first start and kept with the data.
void found_alone(Config& config) {
  cluster::Node node = config.alone;
  node.id = NodeId(1);
  if (node.name.empty()) node.name = "n1";
  config.self = node.name;
  config.cluster.nodes.push_back(std::move(node));
}

}  // namespace

Result<Config> settle_config(const ServeCommand& command, const std::optional<std::string>& file) {
  Result<Config> config = file ? parse_config(*file, command.config.value_or("the configuration"))
                               : config_of_flags(command);
  if (!config) return config;
  if (command.data_dir) config->data_dir = *command.data_dir;
  if (command.bind) config->bind = *command.bind;
  if (command.loops) config->loops = *command.loops;
  if (command.log_level) config->log_level = *command.log_level;
  config->insecure = config->insecure || command.insecure;
  const Status settled = settle_addresses(*config);
  if (!config->insecure && !is_loopback(*config->bind))
    return Error{ErrorCode::denied,
                 "refused to listen on " + *config->bind +
                     ": nothing is authenticated or encrypted yet, so whoever reaches this address "
                     "could read and change all data. Listen on 127.0.0.1, or add --insecure if "
                     "only people you trust can reach it"};
  if (!settled) return settled.error();
  if (!config->founds() && config->join.empty()) found_alone(*config);
  return config;
}

}  // namespace ouro::cli
