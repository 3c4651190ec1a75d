#include "cli/demo_plan.hpp"

#include "tests/support/catch.hpp"

using namespace ouro;
using namespace ouro::cli;

namespace {

cluster::Settings must_plan(const DemoCommand& command, const std::optional<std::string>& kept) {
  SeededRandom random(1);
  const Result<cluster::Settings> settings = plan_demo(command, kept, random);
  CHECK(settings);
  REQUIRE(settings.has_value());
  return *settings;
}

std::string refused(const DemoCommand& command, const std::optional<std::string>& kept) {
  SeededRandom random(1);
  const Result<cluster::Settings> settings = plan_demo(command, kept, random);
  REQUIRE(!settings.has_value());
  return settings.error().message;
}

}  // namespace

TEST_CASE("a new demo has three nodes on neighbouring ports") {
  const cluster::Settings settings = must_plan(DemoCommand(), std::nullopt);
  REQUIRE(settings.nodes.size() == 3);
  CHECK(settings.cluster != 0);
  CHECK(settings.nodes[0].name == "n1");
  CHECK(settings.nodes[2].http_port == 7072);
  CHECK(settings.nodes[2].peer_port == 7172);
}

TEST_CASE("a kept demo stays the same cluster") {
  DemoCommand command;
  command.nodes = 4;
  const cluster::Settings first = must_plan(command, std::nullopt);
  const std::string kept = render_cluster(first);
  CHECK(render_cluster(must_plan(DemoCommand(), kept)) == kept);
  CHECK(render_cluster(must_plan(command, kept)) == kept);
}

TEST_CASE("a kept demo may listen elsewhere, but not have other nodes") {
  const std::string kept = render_cluster(must_plan(DemoCommand(), std::nullopt));
  DemoCommand moved;
  moved.http_port = 9000;
  const cluster::Settings settings = must_plan(moved, kept);
  CHECK(settings.nodes[1].http_port == 9001);
  CHECK(settings.nodes[1].peer_port == 7171);
  DemoCommand larger;
  larger.nodes = 5;
  CHECK(refused(larger, kept).find("keeps a cluster of 3 nodes") != std::string::npos);
}

TEST_CASE("ports that overlap or do not exist are refused") {
  DemoCommand command;
  command.http_port = 7169;
  CHECK(refused(command, std::nullopt).find("overlap") != std::string::npos);
  command.http_port = 65534;
  CHECK(refused(command, std::nullopt).find("65535") != std::string::npos);
}

TEST_CASE("a node's configuration is read back as its own") {
  const cluster::Settings settings = must_plan(DemoCommand(), std::nullopt);
  const Config config = config_of(settings, settings.nodes[1], "/demo");
  const Result<Config> read = parse_config(render_config(config), "ouro.toml");
  REQUIRE(read.has_value());
  CHECK(read->self == "n2");
  CHECK(read->data_dir == "/demo/n2/data");
  CHECK(*read->loops == 1);
}

TEST_CASE("the state of a demo is read as it was written") {
  DemoState state;
  state.supervisor = 12;
  state.members = {{"n1", 34, "http://127.0.0.1:1", "127.0.0.1:2", "/d/n1/data"},
                   {"n2", 0, "http://127.0.0.1:3", "127.0.0.1:4", "/d/n2/data"}};
  Result<DemoState> read = decode_state(encode_state(state));
  REQUIRE(read.has_value());
  CHECK(read->supervisor == 12);
  REQUIRE(read->member("n1") != nullptr);
  CHECK(read->member("n1")->pid == 34);
  CHECK(read->member("n3") == nullptr);
  CHECK(!decode_state("{}").has_value());
  CHECK(!decode_state("not json").has_value());
}
