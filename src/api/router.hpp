// Which resource does a request name?
//
// Pure: looks at the method and the target only. A key is everything after its bucket, with its
// slashes, percent-decoded once.
#pragma once

#include "api/problem.hpp"
#include "kv/request.hpp"
#include "runtime/http.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ouro::api {

enum class Resource : std::uint8_t {
  index,
  livez,
  readyz,
  cluster,
  stage,
  plan,
  commit,
  abort,
  transfers,
  ring,
  locate,
  kv
};

/// POST to it carries a JSON body, which may be empty.
bool takes_post(Resource resource);

struct Route {
  Resource resource = Resource::index;
  kv::KeyName name;  ///< For kv and locate: decoded, and within the bounds of kv/request.hpp.
  std::vector<std::pair<std::string, std::string>> query;  ///< Decoded.
};

/// The resource of a path, with the parts of its name still encoded: views of `path`.
struct Place {
  Resource resource = Resource::index;
  std::string_view bucket;
  std::string_view key;
};

/// Where a request goes. Problems: no_such_route (404, says what there is nearby),
/// method_not_allowed (405), bad_target, bad_bucket, key_missing (400), key_too_long (414).
Checked<Route> route(HttpMethod method, std::string_view target);

/// The cheap half of it, which decodes nothing and allocates only for problems: is there a resource
/// at `target` that has `method`?
Checked<Place> find_place(HttpMethod method, std::string_view target);

}  // namespace ouro::api
