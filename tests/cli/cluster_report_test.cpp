#include "cli/cluster_report.hpp"

#include "cli/cluster_commands.hpp"
#include "cli/report.hpp"
#include "tests/support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace ouro;
using namespace ouro::cli;

namespace {

using Json = nlohmann::json;

Json member(const std::string& name, const std::string& status, const std::string& looks) {
  return {
      {"name", name},
      {"status", status},
      {"zone", ""},
      {"weight", 1},
      {"boot", 2},
      {"lost", false},
      {"http", "http://" + name + ":7070"},
      {"peer", name + ":7170"},
      {"liveness", {{"state", looks}, {"degraded", false}, {"round_trip_us", 1500}, {"epoch", 9}}}};
}

Json three_nodes() {
  return {
      {"cluster", "00000000000000ab"},
      {"epoch", 9},
      {"self", "n1"},
      {"members",
       {member("n1", "active", "alive"), member("n2", "active", "dead"),
        member("n3", "staged", "alive")}},
      {"metadata",
       {{"leader", "n1"},
        {"term", 4},
        {"voters", {"n1"}},
        {"outgoing", Json::array()},
        {"learners", {"n2", "n3"}},
        {"problem", ""}}},
      {"staged",
       {{{"action", "replace"}, {"node", "n3"}, {"replaces", "n2"}, {"zone", "b"}, {"weight", 5}}}},
      {"change", nullptr}};
}

Json change() {
  return {{"id", 12},
          {"aborting", false},
          {"arcs", 10},
          {"actions", Json::array()},
          {"phases", {{"before", 4}, {"write_both", 3}, {"read_new", 1}, {"after", 2}}},
          {"waits_for",
           {{{"node", "n3"}, {"for", "data"}, {"arcs", 3}, {"state", "alive"}},
            {{"node", "n2"}, {"for", "epoch"}, {"arcs", 1}, {"state", "dead"}}}}};
}

Json plan() {
  const Json share{{"arcs", 128}, {"replicas", 256}, {"bytes", 3 << 20}};
  return {{"hash", "0123456789abcdef"},
          {"epoch", 9},
          {"actions", {{{"action", "leave"}, {"node", "n2"}}}},
          {"arcs", 7},
          {"replicas", 8},
          {"bytes", 3 << 20},
          {"seconds", 1},
          {"nodes", {{{"node", "n1"}, {"before", share}, {"after", share}}}},
          {"links", {{{"from", "n1"}, {"to", "n3"}, {"replicas", 8}, {"bytes", 3 << 20}}}},
          {"quorums",
           {{{"n", 3},
             {"reads_before", 1},
             {"writes_before", 0},
             {"reads_during", -1},
             {"writes_during", 0}}}},
          {"warnings", {"n2 looks dead"}}};
}

bool has(const Result<std::string>& text, const std::string& part) {
  REQUIRE(text.has_value());
  CAPTURE(*text);
  return text->find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the status is a table of members with what looks wrong") {
  const Result<std::string> text = cluster_text(three_nodes().dump());
  CHECK(has(text, "cluster 00000000000000ab  epoch 9"));
  CHECK(has(text, "n1 leads in term 4; voters: n1"));
  CHECK(has(text, "n2    active  dead   -     1       learner   9      1.5 ms"));
  CHECK(has(text, "replace  n2 with n3  weight 5  zone b"));
}

TEST_CASE("a lost, a slow and an unknown node are told apart") {
  Json cluster = three_nodes();
  cluster["members"][0]["liveness"]["degraded"] = true;
  cluster["members"][1]["lost"] = true;
  cluster["members"][2]["liveness"] = nullptr;
  const Result<std::string> text = cluster_text(cluster.dump());
  CHECK(has(text, "n1    active  degraded"));
  CHECK(has(text, "n2    active  lost"));
  CHECK(has(text, "n3    staged  ?"));
}

TEST_CASE("a cluster without a leader says so") {
  Json cluster = three_nodes();
  cluster["metadata"]["leader"] = nullptr;
  CHECK(has(cluster_text(cluster.dump()), "no leader is known"));
}

TEST_CASE("a running change says how far it is and whom it waits for") {
  Json cluster = three_nodes();
  cluster["change"] = change();
  const Result<ChangeProgress> progress = change_progress(cluster.dump());
  REQUIRE(progress.has_value());
  CHECK(progress->runs);
  CHECK(progress->line ==
        "change 12: 2 of 10 arcs done, 3 fetch, 1 switch, 4 to come; waits for n3 to fetch 3 arcs, "
        "n2 to hear that it gave up 1 arc (it looks dead)");
  CHECK(has(cluster_text(cluster.dump()), progress->line));
  cluster["change"]["aborting"] = true;
  CHECK(has(cluster_text(cluster.dump()), "abort 12: "));
}

TEST_CASE("when no change runs there is nothing to follow") {
  const Result<ChangeProgress> progress = change_progress(three_nodes().dump());
  REQUIRE(progress.has_value());
  CHECK(!progress->runs);
}

TEST_CASE("who waits to join is told with how others would") {
  CHECK(has(joiners_text(three_nodes().dump()), "replace  n2 with n3"));
  CHECK(has(joiners_text(three_nodes().dump()), "ouro serve --join n1:7170"));
  Json cluster = three_nodes();
  cluster["staged"] = Json::array();
  CHECK(has(joiners_text(cluster.dump()), "no node waits to join"));
}

TEST_CASE("a plan shows moves, links, quorums, warnings and how to begin it") {
  const Result<std::string> text = plan_text(plan().dump());
  CHECK(has(text, "leave    n2"));
  CHECK(has(text, "7 arcs change hands; 8 replicas are copied, 3.0 MiB, in about 1 s"));
  CHECK(has(text, "n1    n3  8         3.0 MiB"));
  CHECK(has(text, "now: 1 for reads, 0 for writes; during it: none, as some requests fail"));
  CHECK(has(text, "warning: n2 looks dead"));
  CHECK(has(text, "ouro cluster commit --plan 0123456789abcdef"));
}

TEST_CASE("sizes that nobody knows are not told as nothing") {
  Json unknown = plan();
  unknown["bytes"] = nullptr;
  unknown["seconds"] = nullptr;
  unknown["links"][0]["bytes"] = nullptr;
  CHECK(has(plan_text(unknown.dump()), "8 replicas are copied, of sizes that are not known\n"));
  CHECK(has(plan_text(unknown.dump()), "n1    n3  8         ?"));
}

TEST_CASE("what is no answer of a node is not understood") {
  for (const char* text : {"", "[]", "{}", "{\"change\":1}"}) {
    CAPTURE(text);
    CHECK(!cluster_text(text).has_value());
    CHECK(!joiners_text(text).has_value());
    CHECK(!plan_text(text).has_value());
    CHECK(!applied_text(text).has_value());
    CHECK(!change_progress(text).has_value());
  }
}

TEST_CASE("a cluster command is one request") {
  using What = ClusterCommand::What;
  ClusterCommand command;
  command.what = What::status;
  CHECK(request_of(command).target == "/v1/cluster");
  CHECK(!request_of(command).posts());
  command.what = What::replace;
  command.node = "n2";
  command.with = "n5";
  CHECK(request_of(command).target == "/v1/cluster/stage");
  CHECK(request_of(command).body == R"({"action":"replace","node":"n2","with":"n5"})");
  command.what = What::abort;
  CHECK(request_of(command).body == "{}");
  command.change = 7;
  CHECK(request_of(command).body == R"({"change":7})");
  command.what = What::commit;
  command.plan = "1f";
  CHECK(curl_line(request_of(command), client::Endpoint{"db1", 7070}) ==
        "curl -sS -H 'Content-Type: application/json' --data-binary '{\"plan\":\"1f\"}' "
        "http://db1:7070/v1/cluster/commit");
}

TEST_CASE("sizes are told in the unit that fits") {
  CHECK(size_text(0) == "0 bytes");
  CHECK(size_text(1023) == "1023 bytes");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(std::uint64_t{1} << 50) == "1024.0 TiB");
}
