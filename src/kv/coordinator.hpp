// One client request becomes requests to replicas, and their answers one answer.
#pragma once

#include "kv/request.hpp"
#include "runtime/task.hpp"

#include <memory>

namespace ouro::kv {

/// Serves the clients of one event loop; for use on that loop only. Requests are checked (sizes,
/// names, quorums) here, whoever calls. Every task ends by its request's deadline.
class Coordinator {
 public:
  virtual ~Coordinator() = default;
  virtual Task<Outcome<Found>> get(Get request) = 0;
  virtual Task<Outcome<Written>> put(Put request) = 0;
  virtual Task<Outcome<Written>> remove(Remove request) = 0;
};

}  // namespace ouro::kv
