#include "api/ring_routes.hpp"

#include "api/json.hpp"

namespace ouro::api {

HttpResponse RingRoutes::ring(const Asked& asked) const {
  const auto opinion = [this](NodeId node) { return reachable(node); };
  return json_response(
      asked, ring_json(*metadata_.view(), *administration_.state(), opinion, clock_.wall()));
}

HttpResponse RingRoutes::locate(const kv::KeyName& name, const Asked& asked) const {
  return json_response(asked, locate_json(*metadata_.view(), name));
}

}  // namespace ouro::api
