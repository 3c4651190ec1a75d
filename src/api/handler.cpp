#include "api/handler.hpp"

#include "api/cluster_request_json.hpp"
#include "api/health_routes.hpp"
#include "api/text.hpp"
#include "runtime/coroutine.hpp"

#include <utility>

namespace ouro::api {
namespace {

Task<HttpResponse> ready(HttpResponse response) { co_return response; }

std::optional<Problem> problem_with_body(const HttpHead& head) {
  const bool has_body = head.method == HttpMethod::put || head.method == HttpMethod::post;
  if (!has_body && head.content_length > 0)
    return Problem(400, "body_not_allowed",
                   "only a PUT or POST has a body: send the request without one");
  if (head.content_length <= kv::value_size_max) return std::nullopt;
  return Problem(413, "value_too_large",
                 "the value has " + std::to_string(head.content_length) + " bytes: at most " +
                     std::to_string(kv::value_size_max) +
                     " are allowed, so split it over several keys");
}

/// Fixed resources take no parameters, and say so rather than ignore one.
std::optional<Problem> problem_with_query(const Route& route) {
  if (route.query.empty()) return std::nullopt;
  return Problem(400, "bad_parameter",
                 "there is no parameter \"" + route.query.front().first + "\" here");
}

}  // namespace

Handler::Handler(Services services)
    : services_(std::move(services)),
      kv_(services_.coordinator, services_.metadata),
      ring_(services_.metadata, services_.administration, services_.peers, services_.clock,
            services_.self),
      cluster_(services_.administration, services_.peers, services_.clock, services_.self) {}

HttpHandler::Admission Handler::admit(const HttpHead& head) {
  Admission admission;
  const Checked<Place> place = find_place(head.method, head.target);
  std::optional<Problem> problem;
  if (!place)
    problem = place.error();
  else
    problem = problem_with_body(head);
  if (problem)
    admission.refusal = problem_response(*problem, Asked{head.method, request_id()});
  else if (head.method == HttpMethod::put)
    admission.body_size_max = kv::value_size_max;
  else if (head.method == HttpMethod::post)
    admission.body_size_max = operator_body_max;
  return admission;
}

Task<HttpResponse> Handler::answer(HttpRequest& request) {
  Asked asked{request.head.method, request_id()};
  Checked<Route> routed = route(request.head.method, request.head.target);
  if (!routed) return ready(problem_response(routed.error(), asked));
  if (routed->resource == Resource::kv)
    return kv_.answer(request, *std::move(routed), std::move(asked));
  if (ClusterRoutes::has(routed->resource) && routed->query.empty())
    return cluster_.answer(request, routed->resource, std::move(asked));
  return ready(answer_now(*routed, asked));
}

HttpResponse Handler::refuse(unsigned status, std::string_view code, std::string_view detail) {
  Problem problem(status, std::string(code), std::string(detail));
  problem.retryable = status == 408 || status == 503;
  if (status == 503) problem.retry_after = 1;
  HttpResponse response = problem_response(problem, Asked{HttpMethod::get, request_id()});
  response.close = true;
  return response;
}

HttpResponse Handler::answer_now(const Route& route, const Asked& asked) {
  if (const auto problem = problem_with_query(route)) return problem_response(*problem, asked);
  switch (route.resource) {
    case Resource::livez:
      return livez_response(asked);
    case Resource::readyz:
      return readyz_response(services_.unready ? services_.unready() : std::vector<std::string>(),
                             asked);
    case Resource::ring:
      return ring_.ring(asked);
    case Resource::locate:
      return ring_.locate(route.name, asked);
    default:
      return index_response(own_name(), asked);
  }
}

std::string Handler::own_name() const {
  const std::shared_ptr<const cluster::View> view = services_.metadata.view();
  const cluster::Node* node = view->node(services_.self);
  return node != nullptr ? node->name : std::string();
}

// 15 digits: the longest string that needs no allocation.
std::string Handler::request_id() { return hex16(services_.random.next()).substr(1); }

}  // namespace ouro::api
