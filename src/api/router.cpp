#include "api/router.hpp"

#include "runtime/url.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace ouro::api {
namespace {

constexpr std::string_view kv_prefix = "/v1/kv/";
constexpr std::string_view locate_prefix = "/v1/ring/locate/";
constexpr std::size_t shown_max = 80;

struct Fixed {
  std::string_view path;
  Resource resource;
};
constexpr std::array fixed{
    Fixed{"/", Resource::index},
    Fixed{"/livez", Resource::livez},
    Fixed{"/readyz", Resource::readyz},
    Fixed{"/v1/cluster", Resource::cluster},
    Fixed{"/v1/cluster/abort", Resource::abort},
    Fixed{"/v1/cluster/commit", Resource::commit},
    Fixed{"/v1/cluster/plan", Resource::plan},
    Fixed{"/v1/cluster/stage", Resource::stage},
    Fixed{"/v1/ring", Resource::ring},
    Fixed{"/v1/transfers", Resource::transfers},
};

/// What a person may take from the address that was asked for: short, and printable.
std::string shown(std::string_view path) {
  std::string text;
  for (const char c : path.substr(0, shown_max)) text += c > ' ' && c < '\x7f' ? c : '?';
  if (path.size() > shown_max) text += "...";
  return text;
}

Problem bad_target(std::string detail) { return Problem(400, "bad_target", std::move(detail)); }

std::string_view nearby(std::string_view path) {
  if (path.starts_with("/v1/kv")) return "/v1/kv/{bucket}/{key} for PUT, GET, HEAD and DELETE";
  if (path.starts_with("/v1/ring")) return "/v1/ring and /v1/ring/locate/{bucket}/{key}";
  if (path.starts_with("/v1/cluster"))
    return "GET /v1/cluster, and POST /v1/cluster/stage, /plan, /commit and /abort";
  if (path.starts_with("/v1"))
    return "/v1/kv/{bucket}/{key}, /v1/ring, /v1/ring/locate/{bucket}/{key}, /v1/cluster and "
           "/v1/transfers";
  return "/v1/kv/{bucket}/{key}, /v1/ring, /v1/cluster, /livez and /readyz";
}

Problem no_such_route(std::string_view path) {
  return Problem(404, "no_such_route",
                 "there is nothing at " + shown(path) + "; there is " + std::string(nearby(path)));
}

std::string_view methods_of(Resource resource) {
  if (takes_post(resource)) return "POST";
  return resource == Resource::kv ? "GET, HEAD, PUT, DELETE" : "GET, HEAD";
}

bool has_method(Resource resource, HttpMethod method) {
  switch (method) {
    case HttpMethod::get:
    case HttpMethod::head:
      return !takes_post(resource);
    case HttpMethod::post:
      return takes_post(resource);
    case HttpMethod::put:
    case HttpMethod::del:
      return resource == Resource::kv;
    default:
      return false;
  }
}

Problem method_not_allowed(Resource resource, std::string_view path) {
  std::string methods(methods_of(resource));
  Problem problem(405, "method_not_allowed", shown(path) + " has the methods " + methods + " only");
  problem.allow = std::move(methods);
  return problem;
}

/// The target in origin form; clients may also send the absolute form that they use with proxies.
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t slash = target.find('/', scheme.size());
    return slash == target.npos ? "/" : target.substr(slash);
  }
  return target;
}

std::optional<Place> place_at(std::string_view path) {
  for (const std::string_view prefix : {kv_prefix, locate_prefix}) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view name = path.substr(prefix.size());
    const std::size_t slash = name.find('/');
    if (slash == name.npos) return std::nullopt;
    return Place{prefix == kv_prefix ? Resource::kv : Resource::locate, name.substr(0, slash),
                 name.substr(slash + 1)};
  }
  for (const Fixed& entry : fixed)
    if (path == entry.path) return Place{entry.resource, {}, {}};
  return std::nullopt;
}

bool is_bucket_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::optional<Problem> problem_with_bucket(const std::string& bucket) {
  if (!bucket.empty() && bucket.size() <= kv::bucket_size_max &&
      std::ranges::all_of(bucket, is_bucket_character))
    return std::nullopt;
  return Problem(400, "bad_bucket",
                 "a bucket's name has 1 to " + std::to_string(kv::bucket_size_max) +
                     " letters, digits, '.', '_' and '-'");
}

std::optional<Problem> problem_with_key(const std::string& key) {
  if (key.empty())
    return Problem(400, "key_missing",
                   "the key is missing: it is everything after /v1/kv/{bucket}/");
  if (key.size() <= kv::key_size_max) return std::nullopt;
  return Problem(414, "key_too_long",
                 "the key has " + std::to_string(key.size()) + " bytes: at most " +
                     std::to_string(kv::key_size_max) + " are allowed");
}

Checked<kv::KeyName> decode_name(const Place& place) {
  Result<std::string> bucket = percent_decode(place.bucket);
  if (!bucket) return bad_target(bucket.error().message);
  if (auto problem = problem_with_bucket(*bucket)) return *std::move(problem);
  Result<std::string> key = percent_decode(place.key);
  if (!key) return bad_target(key.error().message);
  if (auto problem = problem_with_key(*key)) return *std::move(problem);
  return kv::KeyName{*std::move(bucket), *std::move(key)};
}

}  // namespace

bool takes_post(Resource resource) {
  return resource == Resource::stage || resource == Resource::plan ||
         resource == Resource::commit || resource == Resource::abort;
}

Checked<Place> find_place(HttpMethod method, std::string_view target) {
  const std::string_view path = origin_form(target).substr(0, origin_form(target).find('?'));
  const std::optional<Place> place = place_at(path);
  if (!place) return no_such_route(path);
  if (!has_method(place->resource, method)) return method_not_allowed(place->resource, path);
  return *place;
}

Checked<Route> route(HttpMethod method, std::string_view target) {
  const Checked<Place> place = find_place(method, target);
  if (!place) return place.error();
  Result<Target> parsed = parse_target(origin_form(target));
  if (!parsed) return bad_target(parsed.error().message);

  Route route;
  route.resource = place->resource;
  route.query = std::move(parsed->query);
  if (route.resource == Resource::kv || route.resource == Resource::locate) {
    Checked<kv::KeyName> name = decode_name(*place);
    if (!name) return name.error();
    route.name = *std::move(name);
  }
  return route;
}

}  // namespace ouro::api
