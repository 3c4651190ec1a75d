// The cluster, and what an operator does to it.
#pragma once

#include "api/respond.hpp"
#include "api/router.hpp"
#include "cluster/administration.hpp"
#include "runtime/peers.hpp"

namespace ouro::api {

/// The problem that a refusal or failure of the operator's interface is for its client. `changes`:
/// the request was to change something.
Problem problem_of(const Error& error, bool changes);

/// For use on the loop of its peers; what it is given outlives it.
class ClusterRoutes {
 public:
  ClusterRoutes(cluster::Administration& administration, const Peers& peers, const Clock& clock,
                NodeId self)
      : administration_(administration), peers_(peers), clock_(clock), self_(self) {}

  static bool has(Resource resource);

  /// `request` lives until the task has ended.
  Task<HttpResponse> answer(const HttpRequest& request, Resource resource, Asked asked);

 private:
  Task<HttpResponse> status(Asked asked);
  Task<HttpResponse> transfers(Asked asked);
  Task<HttpResponse> plan(Asked asked);
  Task<HttpResponse> commit(std::uint64_t hash, Asked asked);
  Task<HttpResponse> carry_out(cluster::CommandBody body, Asked asked);

  cluster::Administration& administration_;
  const Peers& peers_;
  const Clock& clock_;
  NodeId self_;
};

}  // namespace ouro::api
