// Is this node alive, does it serve, and what is it?
#pragma once

#include "api/respond.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ouro::api {

/// The version of this build, such as "0.1.0".
std::string_view version();

/// 200 as long as the process answers. Looks at nothing else: a supervisor that restarts nodes by
/// it must not restart a healthy node because its peers are down.
HttpResponse livez_response(const Asked& asked);

/// 200 when there is no reason against it, else 503 with the reasons.
HttpResponse readyz_response(const std::vector<std::string>& reasons, const Asked& asked);

/// `node` is this node's name.
HttpResponse index_response(std::string_view node, const Asked& asked);

}  // namespace ouro::api
