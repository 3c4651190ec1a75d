#include "api/cluster_json.hpp"

#include "api/cluster_request_json.hpp"
#include "cluster/apply.hpp"
#include "cluster/plan_hash.hpp"
#include "tests/api/fake_administration.hpp"

#include <nlohmann/json.hpp>

using namespace ouro;
using namespace ouro::api;

namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using cluster::State;

void must_apply(State& state, cluster::CommandBody body) {
  cluster::Command command;
  command.body = std::move(body);
  command.origin = {"a test", 1'000'000};
  const auto applied = cluster::apply(state, command);
  const std::string problem = applied ? "" : applied.error().message;
  CAPTURE(problem);
  REQUIRE(applied.has_value());
}

cluster::Join join_of(const std::string& name) {
  cluster::Join join;
  join.registration.instance = 44;
  join.registration.run = 45;
  join.registration.boot = 1;
  join.registration.host = "10.0.0.4";
  join.registration.http_port = 7070;
  join.registration.peer_port = 7170;
  join.name = name;
  join.seat = {"b", 2};
  return join;
}

/// Three founders, and n4 for which a change runs.
State changing() {
  State state = three_founders();
  must_apply(state, join_of("n4"));
  const auto plan = cluster::plan_change(state, {});
  REQUIRE(plan.has_value());
  must_apply(state, cluster::commit_of(*plan));
  return state;
}

ring::Arc arc_in(const State& state, cluster::ArcPhase phase) {
  for (ring::Arc arc = 0; arc < state.arc_count(); ++arc)
    if (state.change->arcs[arc].phase == phase) return arc;
  REQUIRE(false);
  return 0;
}

ClusterLook look_at(const State& state) {
  ClusterLook look;
  look.state = std::make_shared<const State>(state);
  look.liveness = std::make_shared<const cluster::LivenessView>();
  look.self = NodeId(1);
  look.now = Instant(10s);
  look.wall = 20'000'000;
  return look;
}

Json shown(const ClusterLook& look) {
  return Json::parse(cluster_json(look, [](NodeId node) { return node != NodeId(3); }));
}

std::string code_of(const Checked<cluster::CommandBody>& parsed) {
  return parsed ? "" : parsed.error().code;
}

}  // namespace

TEST_CASE("a member is shown with status, seat, address and how it looks from here") {
  State state = three_founders();
  must_apply(state, join_of("n4"));
  ClusterLook look = look_at(state);
  cluster::LivenessView seen;
  cluster::MemberLiveness two;
  two.id = NodeId(2);
  two.state = cluster::swim::State::dead;
  two.since = Instant(7s);
  two.round_trip_median = 1500us;
  two.epoch = 1;
  seen.members = {two};
  look.liveness = std::make_shared<const cluster::LivenessView>(seen);
  const Json document = shown(look);
  CHECK(document["self"] == "n1");
  CHECK(document["members"][0]["liveness"]["state"] == "alive");  // itself
  CHECK(document["members"][0]["liveness"]["epoch"] == state.epoch);
  CHECK(document["members"][1]["liveness"]["state"] == "dead");
  CHECK(document["members"][1]["liveness"]["since"] == "1970-01-01T00:00:17.000Z");
  CHECK(document["members"][1]["liveness"]["round_trip_us"] == 1500);
  CHECK(document["members"][2]["liveness"].is_null());  // nothing was heard of it
  CHECK(document["members"][2]["reachable"] == false);
  CHECK(document["members"][2]["peer"] == "[::1]:7172");
  CHECK(document["members"][3]["status"] == "staged");
  CHECK(document["members"][3]["zone"] == "b");
  CHECK(document["members"][3]["weight"] == 2);
  CHECK(document["members"][3]["boot"] == 1);
  CHECK(document["staged"][0]["action"] == "join");
  CHECK(document["staged"][0]["node"] == "n4");
  CHECK(document["staged"][0]["who"] == "a test");
  CHECK(document["change"].is_null());
  CHECK(document["audit"].back()["at"] == "1970-01-01T00:00:01.000Z");
}

TEST_CASE("the metadata group is shown by names, and no leader as null") {
  ClusterLook look = look_at(three_founders());
  CHECK(shown(look)["metadata"]["leader"].is_null());
  look.group.leader = NodeId(2);
  look.group.role = raft::Role::leader;
  look.group.configuration.voters = {NodeId(1), NodeId(2)};
  look.group.configuration.learners = {NodeId(3)};
  const Json group = shown(look)["metadata"];
  CHECK(group["leader"] == "n2");
  CHECK(group["role"] == "leader");
  CHECK(group["voters"] == Json{"n1", "n2"});
  CHECK(group["learners"] == Json{"n3"});
}

TEST_CASE("a running change counts its arcs by phase and names whom it waits for") {
  State state = changing();
  const Json fresh = shown(look_at(state))["change"];
  CHECK(fresh["phases"]["before"] == fresh["arcs"]);
  CHECK(fresh["waits_for"].empty());
  CHECK(fresh["id"] == state.change->id);

  const ring::Arc arc = arc_in(state, cluster::ArcPhase::before);
  must_apply(state, cluster::StartArcs{state.change->id, {arc}});
  const Json fetching = shown(look_at(state))["change"];
  CHECK(fetching["phases"]["write_both"] == 1);
  CHECK(fetching["waits_for"].size() == 1);
  CHECK(fetching["waits_for"][0]["node"] == "n4");
  CHECK(fetching["waits_for"][0]["for"] == "data");
  CHECK(fetching["waits_for"][0]["arcs"] == 1);

  const Epoch session = state.change->arcs[arc].session;
  must_apply(state, cluster::Covered{state.change->id, session, arc, NodeId(4), 1});
  const Json switching = shown(look_at(state))["change"];
  CHECK(switching["phases"]["read_new"] == 1);
}

TEST_CASE("an arc in read_new waits for the nodes that gave it up to hear of it") {
  State state = changing();
  const ring::Arc arc = arc_in(state, cluster::ArcPhase::before);
  must_apply(state, cluster::StartArcs{state.change->id, {arc}});
  const Epoch session = state.change->arcs[arc].session;
  must_apply(state, cluster::Covered{state.change->id, session, arc, NodeId(4), 1});
  ClusterLook look = look_at(state);
  look.self = NodeId(4);
  const Json waits = shown(look)["change"]["waits_for"];
  REQUIRE(waits.size() == 1);
  CHECK(waits[0]["for"] == "epoch");

  cluster::LivenessView seen;
  for (std::uint32_t node = 1; node <= 3; ++node) {
    cluster::MemberLiveness member;
    member.id = NodeId(node);
    member.epoch = state.epoch;
    seen.members.push_back(member);
  }
  look.liveness = std::make_shared<const cluster::LivenessView>(seen);
  CHECK(shown(look)["change"]["waits_for"].empty());
}

TEST_CASE("transfers are the arcs that come here and those under way anywhere") {
  State state = changing();
  const ring::Arc arc = arc_in(state, cluster::ArcPhase::before);
  must_apply(state, cluster::StartArcs{state.change->id, {arc}});
  const std::vector<cluster::IncomingArc> incoming{
      {arc, 9, {NodeId(1), NodeId(2)}, 5, 600, 1500ms, "the source ended"}};
  const Json document = Json::parse(transfers_json(look_at(state), incoming));
  CHECK(document["change"] == state.change->id);
  CHECK(document["incoming"][0]["sources"] == Json{"n1", "n2"});
  CHECK(document["incoming"][0]["ms"] == 1500);
  CHECK(document["incoming"][0]["problem"] == "the source ended");
  REQUIRE(document["arcs"].size() == 1);
  CHECK(document["arcs"][0]["phase"] == "write_both");
  CHECK(document["arcs"][0]["to"] == Json{"n4"});
  CHECK(document["arcs"][0]["missing"] == Json{"n4"});
}

TEST_CASE("a plan tells what moves, and null for sizes that nobody knows") {
  State state = three_founders();
  must_apply(state, join_of("n4"));
  auto plan = cluster::plan_change(state, {});
  REQUIRE(plan.has_value());
  const Json unknown = Json::parse(plan_json(state, *plan));
  CHECK(unknown["hash"] == cluster::plan_hash_text(plan->hash));
  CHECK(unknown["arcs"] == plan->arcs.size());
  CHECK(unknown["moves"].size() == plan->arcs.size());
  CHECK(unknown["moves"][0]["to"] == Json{"n4"});
  CHECK(unknown["bytes"].is_null());
  CHECK(unknown["seconds"].is_null());
  CHECK(unknown["nodes"][3]["before"]["arcs"] == 0);

  plan->bytes = std::uint64_t{320} << 20;
  plan->links = {{NodeId(1), NodeId(4), 3, std::uint64_t{160} << 20},
                 {NodeId(2), NodeId(4), 3, std::uint64_t{160} << 20}};
  const Json known = Json::parse(plan_json(state, *plan));
  CHECK(known["bytes"] == plan->bytes);
  CHECK(known["seconds"] == 11);  // all of it to one node, at 32 MiB/s, rounded up
}

TEST_CASE("what an operator stages is read by the names of nodes") {
  const State state = three_founders();
  const auto leave = parse_stage(R"({"action":"leave","node":"n2"})", state);
  REQUIRE(leave.has_value());
  CHECK(std::get<cluster::StageLeave>(*leave).node == NodeId(2));
  const auto replace = parse_stage(R"({"action":"replace","node":"n2","with":"n3"})", state);
  REQUIRE(replace.has_value());
  CHECK(std::get<cluster::StageReplace>(*replace).old == NodeId(2));
  CHECK(std::get<cluster::StageReplace>(*replace).node == NodeId(3));
  const auto weight = parse_stage(R"({"action":"weight","node":"n1","weight":3})", state);
  REQUIRE(weight.has_value());
  CHECK(std::get<cluster::StageWeight>(*weight).weight == 3);
  const auto zone = parse_stage(R"({"action":"zone","node":"n1","zone":""})", state);
  REQUIRE(zone.has_value());
  CHECK(std::get<cluster::StageZone>(*zone).zone.empty());
}

TEST_CASE("lost nodes are given up together, ascending and each once") {
  const auto lost = parse_stage(
      R"({"action":"lost","nodes":["n3","n1","n3"],"accept_data_loss":true})", three_founders());
  REQUIRE(lost.has_value());
  const auto& body = std::get<cluster::ForgetLost>(*lost);
  CHECK(body.nodes == std::vector<NodeId>{NodeId(1), NodeId(3)});
  CHECK(body.accept_data_loss);
  const auto one = parse_stage(R"({"action":"lost","node":"n2"})", three_founders());
  REQUIRE(one.has_value());
  CHECK(!std::get<cluster::ForgetLost>(*one).accept_data_loss);
}

TEST_CASE("a body that is wrong is refused and never half understood") {
  const State state = three_founders();
  for (const char* body :
       {"", "[]", "{", "{}", R"({"action":"go","node":"n1"})", R"({"action":"leave"})",
        R"({"action":"leave","node":3})", R"({"action":"leave","node":"n1","weight":3})",
        R"({"action":"weight","node":"n1","weight":-1})",
        R"({"action":"weight","node":"n1","weight":1.5})", R"({"action":"replace","node":"n1"})",
        R"({"action":"lost","nodes":[]})", R"({"action":"lost","nodes":[1]})",
        R"({"action":"lost","node":"n1","accept_data_loss":"yes"})"}) {
    CAPTURE(body);
    CHECK(code_of(parse_stage(body, state)) == "bad_body");
  }
  CHECK(code_of(parse_stage(R"({"action":"leave","node":"n9"})", state)) == "unknown_node");
}

TEST_CASE("a weight beyond all numbers stays beyond all limits") {
  const auto weight =
      parse_stage(R"({"action":"weight","node":"n1","weight":4294967297})", three_founders());
  REQUIRE(weight.has_value());
  CHECK(std::get<cluster::StageWeight>(*weight).weight == 0xffffffff);
}

TEST_CASE("a commit names a plan by its whole hash") {
  const auto hash = parse_commit(R"({"plan":"00000000000000ff"})");
  REQUIRE(hash.has_value());
  CHECK(*hash == 0xff);
  for (const char* body : {"", "{}", R"({"plan":255})", R"({"plan":"ff"})",
                           R"({"plan":"00000000000000ff","force":true})"}) {
    CAPTURE(body);
    CHECK(!parse_commit(body).has_value());
  }
}

TEST_CASE("an abort without a number means the change that runs") {
  const State state = changing();
  const auto abort = parse_abort("", state);
  REQUIRE(abort.has_value());
  CHECK(std::get<cluster::Abort>(*abort).change == state.change->id);
  const auto named = parse_abort(R"({"change":3})", state);
  REQUIRE(named.has_value());
  CHECK(std::get<cluster::Abort>(*named).change == 3);
  CHECK(code_of(parse_abort("{}", three_founders())) == "no_change");
}
