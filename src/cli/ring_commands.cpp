#include "cli/ring_commands.hpp"

#include "cli/exit_code.hpp"
#include "cli/key_commands.hpp"
#include "cli/report.hpp"
#include "client/client.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <map>
#include <utility>

namespace ouro::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t cells_max = 1024;
constexpr std::size_t cells_per_line = 64;
constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::chrono::milliseconds timeout = std::chrono::seconds(5);

Error not_understood() {
  return Error{ErrorCode::corruption,
               "the node's answer was not understood: is it a newer Ouro, or another server?"};
}

char letter_of(std::size_t index) { return index < letters.size() ? letters[index] : '+'; }

std::string node_table(const Json& nodes) {
  std::vector<std::vector<std::string>> rows{
      {"", "NODE", "STATE", "ZONE", "WEIGHT", "ARCS", "SHARE", "HTTP", "PEER"}};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Json& node = nodes[i];
    const std::string zone = node.at("zone");
    rows.push_back({std::string(1, letter_of(i)), node.at("name"),
                    node.at("reachable").get<bool>() ? "up" : "unreachable",
                    zone.empty() ? "-" : zone, std::to_string(node.at("weight").get<unsigned>()),
                    std::to_string(node.at("arcs").get<unsigned>()),
                    fmt::format("{:.1f}%", node.at("share").get<double>() * 100), node.at("http"),
                    node.at("peer")});
  }
  return aligned(rows);
}

/// One letter for each arc, clockwise from token 0.
std::string arc_picture(const Json& ring) {
  const Json& owners = ring.at("owners");
  if (owners.size() > cells_max) return "(too many arcs to draw: --json lists their owners)\n";
  std::map<std::string, char> letter;
  const Json& nodes = ring.at("nodes");
  for (std::size_t i = 0; i < nodes.size(); ++i) letter[nodes[i].at("name")] = letter_of(i);
  std::string text;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (i % cells_per_line == 0) text += fmt::format("{}{:>5}  ", i > 0 ? "\n" : "", i);
    const auto at = letter.find(owners[i]);
    text += at != letter.end() ? at->second : '?';
  }
  return text + "\n";
}

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : " ") + name.get<std::string>();
  return text.empty() ? "-" : text;
}

Result<std::string> answer_text(const RingCommand& command, const std::string& json) {
  if (command.json) return json;
  return command.locate ? locate_text(json) : ring_text(json);
}

}  // namespace

Result<std::string> ring_text(std::string_view json) try {
  const Json ring = Json::parse(json);
  return fmt::format("cluster {}  epoch {}  {} nodes  {} arcs  n={}\n\n{}\n{}",
                     ring.at("cluster").get<std::string>(), ring.at("epoch").get<std::uint64_t>(),
                     ring.at("nodes").size(), ring.at("arcs").get<std::size_t>(),
                     ring.at("n").get<unsigned>(), node_table(ring.at("nodes")), arc_picture(ring));
} catch (const Json::exception&) {
  return not_understood();
}

Result<std::string> locate_text(std::string_view json) try {
  const Json place = Json::parse(json);
  return fmt::format(
      "token      {}\narc        {}\nepoch      {}\nprimary    {}\nreplicas   {}\n"
      "fallbacks  {}\n",
      place.at("token").get<std::string>(), place.at("arc").get<unsigned>(),
      place.at("epoch").get<std::uint64_t>(), place.at("primary").get<std::string>(),
      joined(place.at("preference_list")), joined(place.at("fallbacks")));
} catch (const Json::exception&) {
  return not_understood();
}

int run_ring_command(const RingCommand& command) {
  Result<std::vector<client::Endpoint>> nodes = client::parse_endpoints(command.nodes);
  if (!nodes) {
    say_error(nodes.error().message, "");
    return wrong_usage;
  }
  const std::string target =
      command.locate ? client::locate_target(command.bucket, command.key) : "/v1/ring";
  if (command.curl) {
    fmt::print("curl -sS {}\n", shell_quoted(nodes->front().url() + target));
    return done;
  }
  client::Client client(*std::move(nodes));
  const Result<client::Answer> answer = client.fetch(target, timeout);
  if (!answer || !answer->ok()) {
    say_error(answer ? answer->detail : answer.error().message, "");
    return exit_code_of(answer, false);
  }
  const Result<std::string> text = answer_text(command, answer->body);
  if (!text) {
    say_error(text.error().message, "");
    return failed;
  }
  fmt::print("{}", *text);
  return done;
}

}  // namespace ouro::cli
