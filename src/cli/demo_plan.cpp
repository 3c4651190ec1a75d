#include "cli/demo_plan.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace ouro::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned nodes_default = 3;
constexpr std::uint16_t http_port_default = 7070;
constexpr std::uint16_t peer_port_default = 7170;

Error invalid(std::string message) {
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

cluster::Settings new_cluster(unsigned nodes, Random& random) {
  cluster::Settings settings;
  while (settings.cluster == 0) settings.cluster = random.next();
  settings.hash_seed = random.next();
  for (unsigned i = 1; i <= nodes; ++i) {
    cluster::Node node;
    node.id = NodeId(i);
    node.name = "n" + std::to_string(i);
    node.host = "127.0.0.1";
    settings.nodes.push_back(std::move(node));
  }
  return settings;
}

Status set_ports(cluster::Settings& settings, std::uint16_t http, std::uint16_t peer) {
  const auto count = static_cast<unsigned>(settings.nodes.size());
  if (http + count > 65536 || peer + count > 65536)
    return invalid(fmt::format("{} nodes need ports up to 65535: choose lower ones", count));
  if (http < peer + count && peer < http + count)
    return invalid(
        fmt::format("the ports of clients and of nodes overlap: keep --http-port and "
                    "--peer-port {} apart",
                    count));
  for (unsigned i = 0; i < count; ++i) {
    settings.nodes[i].http_port = static_cast<std::uint16_t>(http + i);
    settings.nodes[i].peer_port = static_cast<std::uint16_t>(peer + i);
  }
  return {};
}

Json to_json(const DemoState::Member& member) {
  return {{"name", member.name},
          {"pid", member.pid},
          {"http", member.http},
          {"peer", member.peer},
          {"data_dir", member.data_dir}};
}

}  // namespace

std::string cluster_file(const std::string& dir) { return dir + "/cluster.toml"; }
std::string state_file(const std::string& dir) { return dir + "/state.json"; }
std::string lock_file(const std::string& dir) { return dir + "/lock"; }
std::string requests_dir(const std::string& dir) { return dir + "/requests"; }
std::string node_dir(const std::string& dir, const std::string& node) { return dir + "/" + node; }
std::string node_config_file(const std::string& dir, const std::string& node) {
  return node_dir(dir, node) + "/ouro.toml";
}
std::string node_log_file(const std::string& dir, const std::string& node) {
  return node_dir(dir, node) + "/log";
}
std::string node_data_dir(const std::string& dir, const std::string& node) {
  return node_dir(dir, node) + "/data";
}

Result<cluster::Settings> plan_demo(const DemoCommand& command,
                                    const std::optional<std::string>& kept, Random& random) {
  cluster::Settings settings;
  if (kept) {
    Result<cluster::Settings> read = parse_cluster(*kept, cluster_file(command.dir));
    if (!read) return read.error();
    settings = *std::move(read);
    if (command.nodes && *command.nodes != settings.nodes.size())
      return invalid(
          fmt::format("{} keeps a cluster of {} nodes: omit --nodes, or choose another "
                      "--dir",
                      command.dir, settings.nodes.size()));
    if (!command.http_port && !command.peer_port) return settings;
  } else {
    settings = new_cluster(command.nodes.value_or(nodes_default), random);
  }
  const cluster::Node& first = settings.nodes.front();
  const std::uint16_t http = command.http_port.value_or(kept ? first.http_port : http_port_default);
  const std::uint16_t peer = command.peer_port.value_or(kept ? first.peer_port : peer_port_default);
  if (const Status set = set_ports(settings, http, peer); !set) return set.error();
  return settings;
}

Config config_of(const cluster::Settings& settings, const cluster::Node& node,
                 const std::string& dir) {
  Config config;
  config.cluster = settings;
  config.self = node.name;
  config.data_dir = node_data_dir(dir, node.name);
  // Several nodes share this machine: each gets one loop and little memory.
  config.loops = 1;
  config.memory_mib = 128;
  config.memtable_mib = 16;
  return config;
}

DemoState::Member* DemoState::member(const std::string& name) {
  const auto at = std::ranges::find(members, name, &Member::name);
  return at != members.end() ? &*at : nullptr;
}

std::string encode_state(const DemoState& state) {
  Json members = Json::array();
  for (const DemoState::Member& member : state.members) members.push_back(to_json(member));
  return Json{{"supervisor", state.supervisor}, {"members", std::move(members)}}.dump(2) + "\n";
}

Result<DemoState> decode_state(const std::string& text) try {
  const Json document = Json::parse(text);
  DemoState state;
  state.supervisor = document.at("supervisor");
  for (const Json& entry : document.at("members"))
    state.members.push_back({entry.at("name"), entry.at("pid"), entry.at("http"), entry.at("peer"),
                             entry.at("data_dir")});
  return state;
} catch (const Json::exception&) {
  return Error{ErrorCode::corruption,
               "the demo's state file is damaged: end the demo, start again"};
}

std::string member_json(const DemoState::Member& member) { return to_json(member).dump() + "\n"; }

}  // namespace ouro::cli
