#include "api/cluster_request_json.hpp"

#include "cluster/plan_hash.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>

namespace ouro::api {
namespace {

using Json = nlohmann::json;
using cluster::CommandBody;
using cluster::State;

Problem bad_body(std::string detail) { return Problem(400, "bad_body", std::move(detail)); }

/// A JSON object read member by member; the first thing that is wrong is kept.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) : object_(Json::parse(body, nullptr, false)) {
    if (!object_.is_object()) fail("the body must be a JSON object");
  }

  bool has(const char* name) {
    known_.insert(name);
    return object_.is_object() && object_.contains(name);
  }

  std::string text(const char* name) {
    if (has(name) && object_[name].is_string()) return object_[name].get<std::string>();
    fail(std::string("\"") + name + "\" is missing or no string");
    return {};
  }

  bool flag(const char* name) {
    if (!has(name)) return false;
    if (object_[name].is_boolean()) return object_[name].get<bool>();
    fail(std::string("\"") + name + "\" must be true or false");
    return false;
  }

  std::uint64_t number(const char* name) {
    if (has(name) && object_[name].is_number_unsigned()) return object_[name].get<std::uint64_t>();
    fail(std::string("\"") + name + "\" must be a whole number");
    return 0;
  }

  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> list;
    const bool is_list = has(name) && object_[name].is_array() && !object_[name].empty();
    if (!is_list) fail(std::string("\"") + name + "\" must be a list of strings");
    if (is_list)
      for (const Json& entry : object_[name])
        entry.is_string() ? list.push_back(entry.get<std::string>())
                          : fail(std::string("\"") + name + "\" must be a list of strings");
    return list;
  }

  void fail(std::string detail) {
    if (!problem_) problem_ = bad_body(std::move(detail));
  }
  void fail(Problem problem) {
    if (!problem_) problem_ = std::move(problem);
  }

  /// After everything was read: what is wrong, if anything is.
  std::optional<Problem> problem() {
    if (object_.is_object())
      for (const auto& [name, value] : object_.items())
        if (!known_.contains(name)) fail("there is no member \"" + name.substr(0, 80) + "\" here");
    return problem_;
  }

 private:
  Json object_;
  std::set<std::string, std::less<>> known_;
  std::optional<Problem> problem_;
};

NodeId node_named(BodyReader& reader, const State& state, const std::string& name) {
  const auto node = cluster::member_named(state, name);
  if (node) return *node;
  std::string known;
  for (const auto& [id, member] : state.members) known += (known.empty() ? "" : ", ") + member.name;
  reader.fail(Problem(404, "unknown_node",
                      "there is no node named \"" + name.substr(0, 80) +
                          "\" in this cluster; there are " + known.substr(0, 400)));
  return NodeId{};
}

NodeId node_of(BodyReader& reader, const State& state, const char* member) {
  const std::string name = reader.text(member);
  return name.empty() ? NodeId{} : node_named(reader, state, name);
}

cluster::ForgetLost lost_of(BodyReader& reader, const State& state) {
  cluster::ForgetLost lost;
  std::set<NodeId> nodes;
  if (reader.has("nodes")) {
    for (const std::string& name : reader.texts("nodes"))
      nodes.insert(node_named(reader, state, name));
  } else {
    nodes.insert(node_of(reader, state, "node"));
  }
  lost.nodes.assign(nodes.begin(), nodes.end());
  lost.accept_data_loss = reader.flag("accept_data_loss");
  return lost;
}

std::uint32_t weight_of(BodyReader& reader) {
  const std::uint64_t weight = reader.number("weight");
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(weight, std::numeric_limits<std::uint32_t>::max()));
}

CommandBody stage_of(BodyReader& reader, const State& state) {
  const std::string action = reader.text("action");
  if (action == "lost") return lost_of(reader, state);
  const NodeId node = node_of(reader, state, "node");
  if (action == "replace") return cluster::StageReplace{node, node_of(reader, state, "with")};
  if (action == "weight") return cluster::StageWeight{node, weight_of(reader)};
  if (action == "zone") return cluster::StageZone{node, reader.text("zone")};
  if (action == "unstage") return cluster::Unstage{node};
  if (action != "leave")
    reader.fail("\"action\" must be leave, replace, weight, zone, unstage or lost");
  return cluster::StageLeave{node};
}

}  // namespace

Checked<CommandBody> parse_stage(std::string_view body, const State& state) {
  BodyReader reader(body);
  CommandBody command = stage_of(reader, state);
  if (auto problem = reader.problem()) return *std::move(problem);
  return command;
}

Checked<std::uint64_t> parse_commit(std::string_view body) {
  BodyReader reader(body);
  const std::optional<std::uint64_t> hash = cluster::parse_plan_hash(reader.text("plan"));
  if (!hash) reader.fail("\"plan\" must be the hash of a plan: 16 hexadecimal digits");
  if (auto problem = reader.problem()) return *std::move(problem);
  return *hash;
}

Checked<CommandBody> parse_abort(std::string_view body, const State& state) {
  BodyReader reader(body.empty() ? "{}" : body);
  cluster::Abort abort;
  if (reader.has("change"))
    abort.change = reader.number("change");
  else if (state.change)
    abort.change = state.change->id;
  else
    reader.fail(Problem(409, "no_change", "no change runs, so there is nothing to abort"));
  if (auto problem = reader.problem()) return *std::move(problem);
  return CommandBody(abort);
}

}  // namespace ouro::api
