#include "api/router.hpp"

#include "tests/support/catch.hpp"

using namespace ouro;
using namespace ouro::api;

namespace {

Route must_route(HttpMethod method, const std::string& target) {
  CAPTURE(target);
  const Checked<Route> routed = route(method, target);
  REQUIRE(routed.has_value());
  return *routed;
}

Problem must_refuse(HttpMethod method, const std::string& target) {
  CAPTURE(target);
  const Checked<Route> routed = route(method, target);
  REQUIRE(!routed.has_value());
  return routed.error();
}

}  // namespace

TEST_CASE("a key is everything after its bucket, decoded once") {
  const Route routed = must_route(HttpMethod::get, "/v1/kv/cities/a/b%2Fc%2541//");
  CHECK(routed.resource == Resource::kv);
  CHECK(routed.name.bucket == "cities");
  CHECK(routed.name.key == "a/b/c%41//");
}

TEST_CASE("a key may have any bytes") {
  const Route routed = must_route(HttpMethod::put, "/v1/kv/b/%00%ff%20+");
  CHECK(routed.name.key == std::string("\0\xff +", 4));
}

TEST_CASE("the query is no part of the key") {
  const Route routed = must_route(HttpMethod::get, "/v1/kv/b/k?r=1&timeout=20");
  CHECK(routed.name.key == "k");
  REQUIRE(routed.query.size() == 2);
  CHECK(routed.query[1].first == "timeout");
  CHECK(routed.query[1].second == "20");
}

TEST_CASE("a target in absolute form names the same resource") {
  CHECK(must_route(HttpMethod::get, "http://host:1/v1/ring").resource == Resource::ring);
  CHECK(must_route(HttpMethod::get, "http://host").resource == Resource::index);
}

TEST_CASE("fixed resources are found by their exact path") {
  CHECK(must_route(HttpMethod::get, "/").resource == Resource::index);
  CHECK(must_route(HttpMethod::head, "/livez").resource == Resource::livez);
  CHECK(must_route(HttpMethod::get, "/readyz").resource == Resource::readyz);
  CHECK(must_route(HttpMethod::get, "/v1/cluster").resource == Resource::cluster);
  CHECK(must_refuse(HttpMethod::get, "/livez/").status == 404);
}

TEST_CASE("locate takes a name as kv does") {
  const Route routed = must_route(HttpMethod::get, "/v1/ring/locate/b/x/y");
  CHECK(routed.resource == Resource::locate);
  CHECK(routed.name.key == "x/y");
}

TEST_CASE("an unknown path is answered with what exists nearby") {
  const Problem problem = must_refuse(HttpMethod::get, "/v1/rings");
  CHECK(problem.status == 404);
  CHECK(problem.code == "no_such_route");
  CHECK(problem.detail.find("/v1/ring/locate/{bucket}/{key}") != std::string::npos);
}

TEST_CASE("what a client typed is shown without its control characters") {
  const Problem problem = must_refuse(HttpMethod::get, "/x\x1b[31m" + std::string(300, 'y'));
  CHECK(problem.detail.find('\x1b') == std::string::npos);
  CHECK(problem.detail.size() < 250);
}

TEST_CASE("a wrong method is told which there are") {
  const Problem kv = must_refuse(HttpMethod::post, "/v1/kv/b/k");
  CHECK(kv.status == 405);
  CHECK(kv.allow == "GET, HEAD, PUT, DELETE");
  CHECK(must_refuse(HttpMethod::put, "/v1/ring").allow == "GET, HEAD");
}

TEST_CASE("names outside their bounds are refused by name") {
  CHECK(must_refuse(HttpMethod::get, "/v1/kv/b/").code == "key_missing");
  CHECK(must_refuse(HttpMethod::get, "/v1/kv/b").code == "no_such_route");
  CHECK(must_refuse(HttpMethod::get, "/v1/kv//k").code == "bad_bucket");
  CHECK(must_refuse(HttpMethod::get, "/v1/kv/a%20b/k").code == "bad_bucket");
  CHECK(must_refuse(HttpMethod::get, "/v1/kv/" + std::string(256, 'b') + "/k").code ==
        "bad_bucket");
  CHECK(must_refuse(HttpMethod::get, "/v1/kv/b/%zz").code == "bad_target");
}

TEST_CASE("a key of 4096 bytes is served and one of 4097 is too long") {
  CHECK(must_route(HttpMethod::get, "/v1/kv/b/" + std::string(4096, 'k')).name.key.size() == 4096);
  std::string escaped;
  for (int i = 0; i < 4096; ++i) escaped += "%41";
  CHECK(must_route(HttpMethod::get, "/v1/kv/b/" + escaped).name.key.size() == 4096);
  const Problem problem = must_refuse(HttpMethod::get, "/v1/kv/b/" + escaped + "k");
  CHECK(problem.status == 414);
  CHECK(problem.code == "key_too_long");
}
