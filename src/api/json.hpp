// What do Ouro's JSON documents look like? The only file that knows the JSON library is json.cpp.
#pragma once

#include "api/problem.hpp"
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

/// The whole ring: who owns each arc, and the members. `reachable` is this node's opinion.
std::string ring_json(const cluster::View& view, const Reachable& reachable, WallTime as_of);

/// Where one key lies and who keeps it.
std::string locate_json(const cluster::View& view, const kv::KeyName& name);

/// The members as `self` sees them.
std::string cluster_json(const cluster::View& view, NodeId self, const Reachable& reachable,
                         WallTime as_of);

/// {"status","reasons"}
std::string health_json(std::string_view status, const std::vector<std::string>& reasons);

/// What this server is and where to go on.
std::string index_json(std::string_view version, std::string_view node);

}  // namespace ouro::api
