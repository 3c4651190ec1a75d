// PUT, GET, HEAD and DELETE of one key.
#pragma once

#include "api/kv_request.hpp"
#include "api/respond.hpp"
#include "api/router.hpp"
#include "cluster/view.hpp"
#include "kv/coordinator.hpp"

namespace ouro::api {

/// For use on the loop of its coordinator, which outlives it.
class KvRoutes {
 public:
  KvRoutes(kv::Coordinator& coordinator, const cluster::Metadata& metadata)
      : coordinator_(coordinator), metadata_(metadata) {}

  /// `request` lives until the task has ended.
  Task<HttpResponse> answer(HttpRequest& request, Route route, Asked asked);

 private:
  Task<HttpResponse> read(kv::Get get, KvFields fields, Asked asked);
  Task<HttpResponse> write(kv::Put put, Asked asked);
  Task<HttpResponse> remove(kv::Remove remove, Asked asked);
  unsigned replicas_of(const std::string& bucket) const;

  kv::Coordinator& coordinator_;
  const cluster::Metadata& metadata_;
};

}  // namespace ouro::api
