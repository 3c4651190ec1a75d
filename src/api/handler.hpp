// What Ouro answers over HTTP.
#pragma once

#include "api/cluster_routes.hpp"
#include "api/kv_routes.hpp"
#include "api/ring_routes.hpp"
#include "api/router.hpp"
#include "base/random.hpp"
#include "cluster/administration.hpp"
#include "cluster/view.hpp"
#include "kv/coordinator.hpp"
#include "runtime/http.hpp"
#include "runtime/peers.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::api {

/// Why a node does not serve yet, each a sentence; empty once it does. Must not wait.
using Unready = std::function<std::vector<std::string>()>;

/// What the handler of one event loop works with. All outlive it and belong to that loop (or may be
/// used from any thread).
struct Services {
  kv::Coordinator& coordinator;
  const cluster::Metadata& metadata;
  cluster::Administration& administration;
  const Peers& peers;
  const Clock& clock;
  Random& random;  ///< Of request ids.
  NodeId self{};
  Unready unready;
};

/// The REST interface for the connections of one event loop.
class Handler final : public HttpHandler {
 public:
  explicit Handler(Services services);

  Admission admit(const HttpHead& head) override;
  Task<HttpResponse> answer(HttpRequest& request) override;
  HttpResponse refuse(unsigned status, std::string_view code, std::string_view detail) override;

 private:
  HttpResponse answer_now(const Route& route, const Asked& asked);
  std::string own_name() const;
  std::string request_id();

  Services services_;
  KvRoutes kv_;
  RingRoutes ring_;
  ClusterRoutes cluster_;
};

}  // namespace ouro::api
