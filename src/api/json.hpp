// What do Ouro's JSON documents look like? Only files named so know the JSON
// library.
#pragma once

#include "api/problem.hpp"
#include "cluster/state.hpp"
#include "cluster/view.hpp"
#include "kv/request.hpp"
#include "ring/ring.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::api {

using Reachable = std::function<bool(NodeId)>;

std::string problem_json(const Problem& problem, std::string_view request_id);

/// {"context","values":[{"etag","content_type","last_modified","value" or "value_base64"}]}
std::string siblings_json(const kv::Found& found);

/// The whole ring: who owns each arc, and the members; while a change runs also who will own each
/// (`target`) and how far it has come (`phases`). `reachable` is this node's opinion.
std::string ring_json(const cluster::View& view, const cluster::State& state,
                      const Reachable& reachable, WallTime as_of);

/// Where one key lies and who keeps it; while a change runs also who is read and written.
std::string locate_json(const cluster::View& view, const kv::KeyName& name);

/// {"status","reasons"}
std::string health_json(std::string_view status, const std::vector<std::string>& reasons);

/// What this server is and where to go on.
std::string index_json(std::string_view version, std::string_view node);

}  // namespace ouro::api
