#include "api/cluster_routes.hpp"

#include "sim/clock.hpp"
#include "sim/run.hpp"
#include "sim/scheduler.hpp"
#include "tests/api/fake_administration.hpp"

#include <nlohmann/json.hpp>

using namespace ouro;
using namespace ouro::api;

namespace {

using namespace std::chrono_literals;

class Nobody final : public Peers {
 public:
  Task<Result<Message>> call(NodeId, PeerLane, Message, Instant) override {
    co_return Error{ErrorCode::unreachable, "nobody"};
  }
  Task<Result<Message>> introduce(std::string, std::uint16_t, Message, Instant) override {
    co_return Error{ErrorCode::unreachable, "nobody"};
  }
  bool reachable(NodeId) const override { return false; }
  bool was_lost(NodeId) const override { return false; }
  void serve(PeerHandler&) override {}
  void set_addresses(std::vector<PeerAddress>) override {}
};

struct Bench {
  sim::Scheduler scheduler{1};
  sim::Life life = scheduler.new_life();
  sim::SimClock clock{scheduler, life};
  Nobody peers;
  FakeAdministration administration;
  ClusterRoutes routes{administration, peers, clock, NodeId(1)};

  HttpResponse ask(Resource resource, std::string body = {}) {
    HttpRequest request;
    request.body = SharedBytes(std::move(body));
    Asked asked{takes_post(resource) ? HttpMethod::post : HttpMethod::get, "r1"};
    auto response =
        sim::run(scheduler, life, routes.answer(request, resource, std::move(asked)), 1h);
    REQUIRE(response.has_value());
    return *std::move(response);
  }

  nlohmann::json json(Resource resource, std::string body = {}) {
    return nlohmann::json::parse(ask(resource, std::move(body)).body.view());
  }

  unsigned status_for(ErrorCode code) {
    administration.applied = Error{code, "because of this"};
    return ask(Resource::stage, R"({"action":"leave","node":"n2"})").status;
  }
};

}  // namespace

TEST_CASE("the cluster is told as this node knows it") {
  Bench bench;
  const auto document = bench.json(Resource::cluster);
  CHECK(document["self"] == "n1");
  CHECK(document["metadata"]["leader"] == "n2");
  CHECK(document["members"][0]["reachable"] == true);  // itself
  CHECK(document["members"][1]["reachable"] == false);
  CHECK(document["members"][1]["liveness"]["state"] == "suspect");
  CHECK(bench.json(Resource::transfers)["incoming"].empty());
}

TEST_CASE("what is staged reaches the cluster with its asker and a deadline") {
  Bench bench;
  const auto answer = bench.json(Resource::stage, R"({"action":"leave","node":"n2"})");
  CHECK(answer["epoch"] == 7);
  CHECK(answer["what"] == "done");
  REQUIRE(bench.administration.asked.has_value());
  CHECK(std::get<cluster::StageLeave>(*bench.administration.asked).node == NodeId(2));
  CHECK(bench.administration.who == "operator, request r1");
  CHECK(bench.administration.deadline == Instant(10s));
}

TEST_CASE("a body that is wrong never reaches the cluster") {
  Bench bench;
  CHECK(bench.ask(Resource::stage, "{}").status == 400);
  CHECK(bench.ask(Resource::stage, R"({"action":"leave","node":"n9"})").status == 404);
  CHECK(bench.ask(Resource::commit, R"({"plan":"1"})").status == 400);
  CHECK(bench.ask(Resource::abort).status == 409);
  CHECK(!bench.administration.asked);
  CHECK(!bench.administration.committed);
}

TEST_CASE("a plan is committed by its hash") {
  Bench bench;
  bench.administration.planned = cluster::TopologyPlan();
  bench.administration.planned->hash = 0x1f;
  const std::string hash = bench.json(Resource::plan)["hash"];
  CHECK(hash == "000000000000001f");
  CHECK(bench.ask(Resource::commit, R"({"plan":")" + hash + R"("})").status == 200);
  CHECK(bench.administration.committed == 0x1fu);
}

TEST_CASE("each refusal has the status that fits") {
  Bench bench;
  CHECK(bench.status_for(ErrorCode::invalid_argument) == 422);
  CHECK(bench.status_for(ErrorCode::denied) == 422);
  CHECK(bench.status_for(ErrorCode::not_found) == 404);
  CHECK(bench.status_for(ErrorCode::busy) == 409);
  CHECK(bench.status_for(ErrorCode::exists) == 409);
  CHECK(bench.status_for(ErrorCode::stale_epoch) == 409);
  CHECK(bench.status_for(ErrorCode::timeout) == 503);
  CHECK(bench.status_for(ErrorCode::connection_lost) == 504);
  CHECK(bench.status_for(ErrorCode::io) == 500);
}

TEST_CASE("only an outcome that nobody knows is called so") {
  CHECK(problem_of(Error{ErrorCode::connection_lost, "x"}, true).indeterminate);
  CHECK(!problem_of(Error{ErrorCode::connection_lost, "x"}, false).indeterminate);
  const Problem no_leader = problem_of(Error{ErrorCode::timeout, "x"}, true);
  CHECK(no_leader.retryable);
  CHECK(!no_leader.indeterminate);
  CHECK(no_leader.code == "no_leader");
}
