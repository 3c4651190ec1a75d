#include "cli/command_line.hpp"

#include "cli/suggest.hpp"
#include "tests/support/catch.hpp"

#include <array>

using namespace ouro::cli;

namespace {

template <class T>
T must_be(std::vector<std::string> arguments) {
  const Command command = parse_command_line(std::move(arguments));
  const auto* const usage = std::get_if<Usage>(&command);
  const std::string text = usage != nullptr ? usage->text : "";
  CAPTURE(text);
  REQUIRE(std::holds_alternative<T>(command));
  return std::get<T>(command);
}

std::string mistake(std::vector<std::string> arguments) {
  const auto usage = must_be<Usage>(std::move(arguments));
  CHECK(usage.exit_code == 2);
  return usage.text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("serve needs no flags") {
  const auto serve = must_be<ServeCommand>({"serve"});
  CHECK(!serve.config);
  CHECK(!serve.insecure);
}

TEST_CASE("serve takes its place from flags or from a file, not from both") {
  const auto serve = must_be<ServeCommand>({"serve", "--http-port", "8080", "--zone", "a"});
  CHECK(serve.http_port == 8080);
  CHECK(serve.zone == "a");
  CHECK(has(mistake({"serve", "--config", "x", "--http-port", "1"}), "--http-port"));
}

TEST_CASE("demo runs, and its words play with it") {
  const auto demo = must_be<DemoCommand>({"demo", "--nodes", "5", "--json"});
  CHECK(demo.nodes == 5u);
  CHECK(demo.json);
  CHECK(!must_be<DemoCommand>({"demo"}).nodes);
  const auto kill = must_be<DemoControlCommand>({"demo", "kill", "n2", "--dir", "d"});
  CHECK(kill.what == DemoControlCommand::What::kill);
  CHECK(kill.node == "n2");
  CHECK(kill.dir == "d");
  CHECK(must_be<DemoControlCommand>({"demo", "--dir", "e", "start", "n1"}).dir == "e");
}

TEST_CASE("put takes a bucket, a key and a value") {
  const auto put = must_be<KeyCommand>(
      {"put", "b", "k", "v", "--content-type", "a/b", "-w", "2", "--node", "h:1"});
  CHECK(put.what == KeyCommand::What::put);
  CHECK(put.value == "v");
  CHECK(put.content_type == "a/b");
  CHECK(put.w == 2u);
  CHECK(put.nodes == "h:1");
  CHECK(has(mistake({"put", "b", "k"}), "VALUE is required"));
}

TEST_CASE("a mistake is named, with what was probably meant") {
  CHECK(has(mistake({"serv"}), "did you mean \"serve\"?"));
  CHECK(has(mistake({"demo", "kil", "n2"}), "did you mean \"kill\"?"));
  CHECK(has(mistake({"get", "a", "b", "--nod", "x"}), "did you mean \"--node\"?"));
  CHECK(has(mistake({"get", "a", "b", "--timeout", "0"}), "--timeout"));
  CHECK(has(mistake({"demo", "--nodes", "0"}), "--nodes"));
}

TEST_CASE("help shows examples and is no mistake") {
  for (const char* word : {"serve", "demo", "get", "put", "del", "ring", "version"}) {
    CAPTURE(word);
    const auto usage = must_be<Usage>({word, "-h"});
    CHECK(usage.exit_code == 0);
    CHECK(has(usage.text, "Examples:"));
  }
}

TEST_CASE("only a near word is suggested") {
  constexpr std::array<std::string_view, 3> known{"arcs", "seed", "weight"};
  CHECK(suggestion("arc", known) == ": did you mean \"arcs\"?");
  CHECK(suggestion("wieght", known) == ": did you mean \"weight\"?");
  CHECK(suggestion("zone", known).empty());
}

TEST_CASE("serve takes members to join") {
  const auto serve = must_be<ServeCommand>({"serve", "--join", "a:1", "--join", "b:2", "--weight",
                                            "4", "--advertise", "db1", "--name", "n9"});
  CHECK(serve.join == std::vector<std::string>{"a:1", "b:2"});
  CHECK(serve.weight == 4u);
  CHECK(serve.advertise == "db1");
  CHECK(has(mistake({"serve", "--weight", "0"}), "--weight"));
  CHECK(has(mistake({"serve", "--config", "x", "--join", "a:1"}), "--join"));
}

TEST_CASE("cluster words name nodes and what shall become of them") {
  using What = ClusterCommand::What;
  const auto leave = must_be<ClusterCommand>({"cluster", "leave", "n2", "--node", "db1"});
  CHECK(leave.what == What::leave);
  CHECK(leave.node == "n2");
  CHECK(leave.nodes == "db1");
  const auto replace = must_be<ClusterCommand>({"cluster", "replace", "n2", "--with", "n5"});
  CHECK(replace.what == What::replace);
  CHECK(replace.with == "n5");
  CHECK(must_be<ClusterCommand>({"cluster", "weight", "n2", "3"}).weight == 3);
  CHECK(must_be<ClusterCommand>({"cluster", "zone", "n2", "b"}).zone == "b");
  const auto lost = must_be<ClusterCommand>({"cluster", "lost", "n2", "n3", "--accept-data-loss"});
  CHECK(lost.names == std::vector<std::string>{"n2", "n3"});
  CHECK(lost.accept_data_loss);
  CHECK(must_be<ClusterCommand>({"cluster", "status", "-f"}).follow);
  CHECK(must_be<ClusterCommand>({"cluster", "abort", "--change", "7"}).change == 7u);
}

TEST_CASE("a change of the cluster begins only with the hash of a plan") {
  const auto commit = must_be<ClusterCommand>({"cluster", "commit", "--plan", "1f", "--yes"});
  CHECK(commit.plan == "1f");
  CHECK(commit.yes);
  CHECK(has(mistake({"cluster", "commit"}), "--plan"));
  CHECK(has(mistake({"cluster", "replace", "n2"}), "--with"));
  CHECK(has(mistake({"cluster"}), "cluster -h"));
}

TEST_CASE("recover looks unless it is told who leads") {
  const auto look = must_be<RecoverCommand>({"cluster", "recover", "dir", "--json"});
  CHECK(look.directory == "dir");
  CHECK(!look.lead);
  CHECK(look.follow.empty());
  CHECK(look.json);
  const auto lead = must_be<RecoverCommand>({"cluster", "recover", "dir", "--lead", "--yes"});
  CHECK(lead.lead);
  CHECK(lead.yes);
  const auto follow = must_be<RecoverCommand>({"cluster", "recover", "d", "--follow", "1f@4.5"});
  CHECK(follow.follow == "1f@4.5");
  CHECK(has(mistake({"cluster", "recover", "d", "--lead", "--follow", "1f@4.5"}), "--lead"));
  CHECK(has(mistake({"cluster", "recover"}), "DIR"));
}
