#include "api/cluster_routes.hpp"

#include "api/cluster_json.hpp"
#include "api/cluster_request_json.hpp"
#include "runtime/coroutine.hpp"

#include <chrono>
#include <utility>

namespace ouro::api {
namespace {

using namespace std::chrono_literals;

constexpr Duration command_time = 10s;
/// A large ring's plan takes seconds.
constexpr Duration plan_time = 60s;

Task<HttpResponse> ready(HttpResponse response) { co_return response; }

std::string who(const Asked& asked) { return "operator, request " + asked.request_id; }

HttpResponse answer_of(const Result<cluster::Applied>& applied, const Asked& asked) {
  if (!applied) return problem_response(problem_of(applied.error(), true), asked);
  return json_response(asked, applied_json(*applied));
}

}  // namespace

Problem problem_of(const Error& error, bool changes) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::denied:
    case ErrorCode::unsupported:
      return Problem(422, "refused", error.message);
    case ErrorCode::not_found:
      return Problem(404, "unknown_node", error.message);
    case ErrorCode::busy:
    case ErrorCode::exists:
      return Problem(409, std::string(name(error.code)), error.message);
    case ErrorCode::stale_epoch:
      return Problem(409, "stale", error.message);
    case ErrorCode::timeout:
    case ErrorCode::not_leader:
    case ErrorCode::closed:
    case ErrorCode::unreachable: {
      Problem problem(503, "no_leader", error.message);
      problem.retryable = true;
      problem.retry_after = 1;
      return problem;
    }
    default:
      break;
  }
  const bool lost = error.code == ErrorCode::connection_lost;
  Problem problem(lost ? 504 : 500, lost ? "outcome_unknown" : std::string(name(error.code)),
                  error.message);
  problem.indeterminate = changes;
  problem.retryable = !changes;
  return problem;
}

bool ClusterRoutes::has(Resource resource) {
  switch (resource) {
    case Resource::cluster:
    case Resource::transfers:
    case Resource::stage:
    case Resource::plan:
    case Resource::commit:
    case Resource::abort:
      return true;
    default:
      return false;
  }
}

Task<HttpResponse> ClusterRoutes::answer(const HttpRequest& request, Resource resource,
                                         Asked asked) {
  const std::string_view body = request.body.view();
  switch (resource) {
    case Resource::transfers:
      return transfers(std::move(asked));
    case Resource::plan:
      return plan(std::move(asked));
    case Resource::commit: {
      const Checked<std::uint64_t> hash = parse_commit(body);
      if (!hash) return ready(problem_response(hash.error(), asked));
      return commit(*hash, std::move(asked));
    }
    case Resource::stage:
    case Resource::abort: {
      const auto state = administration_.state();
      Checked<cluster::CommandBody> command =
          resource == Resource::stage ? parse_stage(body, *state) : parse_abort(body, *state);
      if (!command) return ready(problem_response(command.error(), asked));
      return carry_out(*std::move(command), std::move(asked));
    }
    default:
      return status(std::move(asked));
  }
}

Task<HttpResponse> ClusterRoutes::status(Asked asked) {
  ClusterLook look;
  look.group = co_await administration_.group();
  look.state = administration_.state();
  look.liveness = administration_.liveness();
  look.self = self_;
  look.now = clock_.now();
  look.wall = clock_.wall();
  const auto reachable = [this](NodeId node) { return node == self_ || peers_.reachable(node); };
  co_return json_response(asked, cluster_json(look, reachable));
}

Task<HttpResponse> ClusterRoutes::transfers(Asked asked) {
  const std::vector<cluster::IncomingArc> incoming = co_await administration_.incoming();
  ClusterLook look;
  look.state = administration_.state();
  look.liveness = administration_.liveness();
  look.self = self_;
  look.now = clock_.now();
  look.wall = clock_.wall();
  co_return json_response(asked, transfers_json(look, incoming));
}

Task<HttpResponse> ClusterRoutes::plan(Asked asked) {
  const Result<cluster::TopologyPlan> plan =
      co_await administration_.plan(clock_.now() + plan_time);
  if (!plan) co_return problem_response(problem_of(plan.error(), false), asked);
  co_return json_response(asked, plan_json(*administration_.state(), *plan));
}

Task<HttpResponse> ClusterRoutes::commit(std::uint64_t hash, Asked asked) {
  const Result<cluster::Applied> applied =
      co_await administration_.commit(hash, who(asked), clock_.now() + plan_time);
  co_return answer_of(applied, asked);
}

Task<HttpResponse> ClusterRoutes::carry_out(cluster::CommandBody body, Asked asked) {
  const Result<cluster::Applied> applied =
      co_await administration_.carry_out(std::move(body), who(asked), clock_.now() + command_time);
  co_return answer_of(applied, asked);
}

}  // namespace ouro::api
