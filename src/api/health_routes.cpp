#include "api/health_routes.hpp"

#include "api/json.hpp"

namespace ouro::api {

std::string_view version() { return OURO_VERSION; }

HttpResponse livez_response(const Asked& asked) {
  return json_response(asked, health_json("alive", {}));
}

HttpResponse readyz_response(const std::vector<std::string>& reasons, const Asked& asked) {
  if (reasons.empty()) return json_response(asked, health_json("ready", {}));
  HttpResponse response = json_response(asked, health_json("not ready", reasons), 503);
  response.set("Retry-After", "1");
  return response;
}

HttpResponse index_response(std::string_view node, const Asked& asked) {
  return json_response(asked, index_json(version(), node));
}

}  // namespace ouro::api
