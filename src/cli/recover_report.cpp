// What does `ouro cluster recover` tell of a node? Pure.
#include "cli/config.hpp"
#include "cli/recover_command.hpp"
#include "cli/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace ouro::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of(const node::Standing& standing, NodeId node) {
  const cluster::Member* const found = standing.state ? member(*standing.state, node) : nullptr;
  return found != nullptr ? found->name : fmt::format("node {}", to_integer(node));
}

std::vector<std::string> names_of(const node::Standing& standing,
                                  const std::vector<NodeId>& nodes) {
  std::vector<std::string> names;
  for (const NodeId node : nodes) names.push_back(name_of(standing, node));
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text.empty() ? "-" : text;
}

std::string hex(std::uint64_t number) { return fmt::format("{:x}", number); }

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > raft::number_max)
    return std::nullopt;
  return number;
}

}  // namespace

std::string takeover_text(const node::Takeover& takeover) {
  return fmt::format("{:x}@{}.{}", takeover.group, takeover.last_term, takeover.last);
}

Result<node::Takeover> parse_takeover(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::size_t dot = text.find('.', at == std::string::npos ? 0 : at);
  if (at != std::string::npos && dot != std::string::npos) {
    const std::string_view all = text;
    const auto group = parse_hex(all.substr(0, at));
    const auto term = decimal(all.substr(at + 1, dot - at - 1));
    const auto index = decimal(all.substr(dot + 1));
    if (group && *group != 0 && term && index) return node::Takeover{*group, *term, *index};
  }
  return Error{
      ErrorCode::invalid_argument,
      "\"" + text + "\" is not what the survivor that leads printed: it looks like 1f2e@4.57"};
}

std::string standing_json(const node::Standing& standing) {
  const raft::Survey& log = standing.log;
  const raft::Configuration& now = log.configuration;
  const NodeId self = standing.identity.node;
  return Json{{"node", {{"id", to_integer(self)}, {"name", name_of(standing, self)}}},
              {"cluster", hex(standing.identity.cluster)},
              {"boot", standing.identity.boot},
              {"group", hex(log.group)},
              {"term", log.term},
              {"last_term", log.last_term},
              {"last", log.last},
              {"commit", log.commit},
              {"first", log.first},
              {"voters", names_of(standing, now.voters)},
              {"outgoing", names_of(standing, now.outgoing)},
              {"learners", names_of(standing, now.learners)},
              {"epoch", standing.state ? standing.state->epoch : 0}}
      .dump();
}

std::string standing_text(const node::Standing& standing) {
  const raft::Survey& log = standing.log;
  const raft::Configuration& now = log.configuration;
  const NodeId self = standing.identity.node;
  std::vector<std::vector<std::string>> rows{
      {"node", fmt::format("{} (node {}, run {})", name_of(standing, self), to_integer(self),
                           standing.identity.boot)},
      {"cluster", hex(standing.identity.cluster)},
      {"group", fmt::format("{}, term {}", hex(log.group), log.term)},
      {"position", fmt::format("{}.{}", log.last_term, log.last)},
      {"committed", fmt::format("at least to {}", log.commit)},
      {"voters", joined(names_of(standing, now.voters))}};
  if (now.is_joint()) rows.push_back({"outgoing", joined(names_of(standing, now.outgoing))});
  rows.push_back({"learners", joined(names_of(standing, now.learners))});
  return aligned(rows);
}

}  // namespace ouro::cli
