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
