#include "api/handler.hpp"

#include "runtime/coroutine.hpp"
#include "sim/clock.hpp"
#include "sim/run.hpp"
#include "sim/scheduler.hpp"
#include "tests/api/fake_administration.hpp"
#include "tests/support/fixed_metadata.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

using namespace ouro;
using namespace ouro::api;

namespace {

using namespace std::chrono_literals;

/// Answers with literals and keeps what it was asked.
class LiteralCoordinator final : public kv::Coordinator {
 public:
  Task<kv::Outcome<kv::Found>> get(kv::Get request) override {
    got = std::move(request);
    co_return found;
  }
  Task<kv::Outcome<kv::Written>> put(kv::Put request) override {
    had_put = std::move(request);
    co_return written;
  }
  Task<kv::Outcome<kv::Written>> remove(kv::Remove request) override {
    removed = std::move(request);
    co_return written;
  }

  kv::Outcome<kv::Found> found = kv::Found();
  kv::Outcome<kv::Written> written = kv::Written();
  std::optional<kv::Get> got;
  std::optional<kv::Put> had_put;
  std::optional<kv::Remove> removed;
};

/// A network in which only node 2 answers.
class TwoOfThree final : public Peers {
 public:
  Task<Result<Message>> call(NodeId, PeerLane, Message, Instant) override {
    co_return Error{ErrorCode::unreachable, "nobody"};
  }
  Task<Result<Message>> introduce(std::string, std::uint16_t, Message, Instant) override {
    co_return Error{ErrorCode::unreachable, "nobody"};
  }
  bool reachable(NodeId peer) const override { return peer == NodeId(2); }
  bool was_lost(NodeId) const override { return false; }
  void serve(PeerHandler&) override {}
  void set_addresses(std::vector<PeerAddress>) override {}
};

cluster::View three_nodes() { return cluster::first_view(three_settings()); }

struct Bench {
  sim::Scheduler scheduler{1};
  sim::Life life = scheduler.new_life();
  sim::SimClock clock{scheduler, life};
  LiteralCoordinator coordinator;
  TwoOfThree peers;
  cluster::FixedMetadata metadata{three_nodes()};
  FakeAdministration administration;
  SeededRandom random{1};
  std::vector<std::string> reasons;
  Handler handler{Services{coordinator, metadata, administration, peers, clock, random, NodeId(1),
                           [this] { return reasons; }}};

  HttpResponse ask(HttpMethod method, std::string_view target, std::string body = {},
                   std::vector<std::pair<std::string_view, std::string_view>> fields = {}) {
    HttpRequest request;
    request.head.method = method;
    request.head.target = target;
    request.head.fields = std::move(fields);
    request.body = SharedBytes(std::move(body));
    request.received = clock.now();
    auto response = sim::run(scheduler, life, handler.answer(request), 1h);
    REQUIRE(response.has_value());
    return *std::move(response);
  }

  nlohmann::json json(std::string_view target) {
    return nlohmann::json::parse(ask(HttpMethod::get, target).body.view());
  }

  HttpResponse admit(HttpMethod method, std::string_view target, std::uint64_t length) {
    HttpHead head;
    head.method = method;
    head.target = target;
    head.content_length = length;
    head.has_content_length = length > 0;
    return handler.admit(head).refusal;
  }
};

}  // namespace

TEST_CASE("a PUT reaches the coordinator with its bytes, type, context and deadline") {
  Bench bench;
  const HttpResponse response = bench.ask(HttpMethod::put, "/v1/kv/b/k/1?w=2&timeout=100", "bytes",
                                          {{"Content-Type", "a/b"}, {"Ouro-Context", "seen"}});
  CHECK(response.status == 201);
  REQUIRE(bench.coordinator.had_put.has_value());
  const kv::Put& put = *bench.coordinator.had_put;
  CHECK(put.name.bucket == "b");
  CHECK(put.name.key == "k/1");
  CHECK(put.value.view() == "bytes");
  CHECK(put.content_type == "a/b");
  CHECK(put.context == "seen");
  CHECK(put.w == 2u);
  CHECK(put.deadline == Instant(100ms));
}

TEST_CASE("a value without a type is a stream of bytes") {
  Bench bench;
  bench.ask(HttpMethod::put, "/v1/kv/b/k", "x");
  REQUIRE(bench.coordinator.had_put.has_value());
  CHECK(bench.coordinator.had_put->content_type == "application/octet-stream");
  CHECK(!bench.coordinator.had_put->context);
  CHECK(!bench.coordinator.had_put->w);
}

TEST_CASE("GET and HEAD read, DELETE removes") {
  Bench bench;
  CHECK(bench.ask(HttpMethod::head, "/v1/kv/b/k?r=3").status == 404);
  REQUIRE(bench.coordinator.got.has_value());
  CHECK(bench.coordinator.got->r == 3u);
  bench.coordinator.written = kv::Written{true, 0, "c", "", 3, 3, 1};
  CHECK(bench.ask(HttpMethod::del, "/v1/kv/b/k", "", {{"Ouro-Context", "seen"}}).status == 204);
  REQUIRE(bench.coordinator.removed.has_value());
  CHECK(bench.coordinator.removed->context == "seen");
}

TEST_CASE("a failure of the coordinator is a problem") {
  Bench bench;
  kv::Failure failure;
  failure.code = kv::FailureCode::timeout;
  failure.indeterminate = true;
  bench.coordinator.written = failure;
  const HttpResponse response = bench.ask(HttpMethod::put, "/v1/kv/b/k", "x");
  CHECK(response.status == 504);
  CHECK(nlohmann::json::parse(response.body.view())["indeterminate"] == true);
}

TEST_CASE("a request that is wrong never reaches the coordinator") {
  Bench bench;
  CHECK(bench.ask(HttpMethod::put, "/v1/kv/b/k?ww=1", "x").status == 400);
  CHECK(bench.ask(HttpMethod::put, "/v1/kv/b/k", "x", {{"If-Match", "*"}}).status == 400);
  CHECK(!bench.coordinator.had_put);
}

TEST_CASE("a value that is too large is refused before its bytes are read") {
  Bench bench;
  CHECK(bench.admit(HttpMethod::put, "/v1/kv/b/k", kv::value_size_max).status == 0);
  CHECK(bench.admit(HttpMethod::put, "/v1/kv/b/k", kv::value_size_max + 1).status == 413);
}

TEST_CASE("a wrong path or method is refused before the body is read") {
  Bench bench;
  CHECK(bench.admit(HttpMethod::put, "/v1/kw/b/k", 10).status == 404);
  CHECK(bench.admit(HttpMethod::post, "/v1/kv/b/k", 10).status == 405);
  CHECK(bench.admit(HttpMethod::get, "/v1/kv/b/k", 10).status == 400);
  CHECK(bench.admit(HttpMethod::get, "/v1/kv/b/k", 0).status == 0);
}

TEST_CASE("a live node says so whatever its peers do") {
  Bench bench;
  bench.reasons = {"recovering"};
  CHECK(bench.ask(HttpMethod::get, "/livez").status == 200);
}

TEST_CASE("a node that does not serve says why") {
  Bench bench;
  CHECK(bench.ask(HttpMethod::get, "/readyz").status == 200);
  bench.reasons = {"recovering"};
  const HttpResponse response = bench.ask(HttpMethod::get, "/readyz");
  CHECK(response.status == 503);
  CHECK(nlohmann::json::parse(response.body.view())["reasons"][0] == "recovering");
}

TEST_CASE("the ring names an owner for each arc, and whom this node can reach") {
  Bench bench;
  const auto ring = bench.json("/v1/ring");
  CHECK(ring["cluster"] == "0000000000000abc");
  CHECK(ring["epoch"] == 1);
  CHECK(ring["n"] == 3);
  CHECK(ring["arcs"] == 256);
  CHECK(ring["owners"].size() == 256);
  unsigned arcs = 0;
  for (const auto& node : ring["nodes"]) arcs += node["arcs"].get<unsigned>();
  CHECK(arcs == 256);
  CHECK(ring["nodes"][0]["reachable"] == true);  // itself
  CHECK(ring["nodes"][1]["reachable"] == true);
  CHECK(ring["nodes"][2]["reachable"] == false);
  CHECK(ring["nodes"][0]["http"] == "http://10.0.0.1:7070");
  CHECK(ring["nodes"][2]["peer"] == "[::1]:7172");
  CHECK(ring["nodes"][2]["status"] == "active");
  CHECK(!ring.contains("target"));
}

TEST_CASE("a located key lies on the arc of its token, with its owner first") {
  Bench bench;
  const auto place = bench.json("/v1/ring/locate/cities/lisbon");
  const auto ring = bench.json("/v1/ring");
  const auto token = std::stoull(place["token"].get<std::string>(), nullptr, 16);
  CHECK(place["arc"] == token >> 56);
  CHECK(place["primary"] == ring["owners"][place["arc"].get<std::size_t>()]);
  CHECK(place["preference_list"].size() == 3);
  CHECK(place["preference_list"][0] == place["primary"]);
  CHECK(place["fallbacks"].empty());
}

TEST_CASE("fixed resources refuse parameters they would ignore") {
  Bench bench;
  CHECK(bench.ask(HttpMethod::get, "/v1/ring?epoch=1").status == 400);
}

TEST_CASE("the root and the members tell a client where to go on") {
  Bench bench;
  CHECK(bench.json("/")["name"] == "ouro");
  CHECK(bench.json("/")["node"] == "n1");
  const auto cluster = bench.json("/v1/cluster");
  CHECK(cluster["self"] == "n1");
  CHECK(cluster["members"].size() == 3);
}

TEST_CASE("an operator's request has a small body, and no parameters") {
  Bench bench;
  CHECK(bench.admit(HttpMethod::post, "/v1/cluster/stage", 100).status == 0);
  CHECK(bench.ask(HttpMethod::post, "/v1/cluster/plan").status == 200);
  CHECK(bench.ask(HttpMethod::post, "/v1/cluster/plan?force=1").status == 400);
  CHECK(bench.ask(HttpMethod::get, "/v1/cluster/plan").status == 405);
  CHECK(bench.ask(HttpMethod::post, "/v1/cluster").status == 405);
  HttpHead head;
  head.method = HttpMethod::post;
  head.target = "/v1/cluster/stage";
  CHECK(bench.handler.admit(head).body_size_max == 65536);
}

TEST_CASE("what is no request gets a problem and the connection is closed") {
  Bench bench;
  const HttpResponse response = bench.handler.refuse(400, "bad_framing", "both lengths");
  CHECK(response.close);
  CHECK(nlohmann::json::parse(response.body.view())["code"] == "bad_framing");
}

TEST_CASE("every answer has a request id of its own") {
  Bench bench;
  const auto id_of = [](const HttpResponse& response) { return response.fields.front().second; };
  const HttpResponse first = bench.ask(HttpMethod::get, "/livez");
  const HttpResponse second = bench.ask(HttpMethod::get, "/livez");
  CHECK(first.fields.front().first == "X-Request-Id");
  CHECK(id_of(first).size() == 15);
  CHECK(id_of(first) != id_of(second));
}
