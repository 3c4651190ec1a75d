#include "cli/key_commands.hpp"

#include "cli/exit_code.hpp"
#include "cli/report.hpp"
#include "cli/ring_commands.hpp"
#include "tests/support/catch.hpp"

using namespace ouro;
using namespace ouro::cli;

namespace {

Result<client::Answer> answered(unsigned status, bool indeterminate_outcome = false) {
  client::Answer answer;
  answer.status = status;
  answer.indeterminate = indeterminate_outcome;
  return answer;
}

Result<client::Answer> not_answered(ErrorCode code) { return Error{code, "x"}; }

}  // namespace

TEST_CASE("exit codes tell a script what happened") {
  CHECK(exit_code_of(answered(204), true) == done);
  CHECK(exit_code_of(answered(404), false) == not_found);
  CHECK(exit_code_of(answered(300), false) == conflict);
  CHECK(exit_code_of(answered(503), true) == unavailable);
  CHECK(exit_code_of(answered(503, true), true) == indeterminate);
  CHECK(exit_code_of(answered(400), true) == failed);
}

TEST_CASE("a lost connection leaves a write open, but not a read") {
  CHECK(exit_code_of(not_answered(ErrorCode::connection_lost), true) == indeterminate);
  CHECK(exit_code_of(not_answered(ErrorCode::timeout), true) == indeterminate);
  CHECK(exit_code_of(not_answered(ErrorCode::timeout), false) == unavailable);
  CHECK(exit_code_of(not_answered(ErrorCode::unreachable), true) == unavailable);
}

TEST_CASE("a curl line does what the command would") {
  KeyCommand command;
  command.what = KeyCommand::What::put;
  command.bucket = "b";
  command.key = "a b/c";
  command.value = "it's";
  command.content_type = "text/plain";
  command.w = 2;
  CHECK(curl_line(command, {"127.0.0.1", 7070}) ==
        "curl -sS -X PUT -H 'Content-Type: text/plain' --data-binary 'it'\\''s' "
        "'http://127.0.0.1:7070/v1/kv/b/a%20b/c?w=2'");
}

TEST_CASE("nodes are named in the usual ways") {
  const auto nodes = client::parse_endpoints("http://h:1/,127.0.0.1,[::1]:9");
  REQUIRE(nodes.has_value());
  REQUIRE(nodes->size() == 3);
  CHECK((*nodes)[0].url() == "http://h:1");
  CHECK((*nodes)[1].port == 7070);
  CHECK((*nodes)[2].url() == "http://[::1]:9");
  for (const char* wrong : {"", "h:0", "h:70000", "h:1x", "https://h", "h/path", "a,,b", "[::1"}) {
    CAPTURE(wrong);
    CHECK(!client::parse_endpoints(wrong).has_value());
  }
}

TEST_CASE("columns are aligned and lines have no trailing spaces") {
  CHECK(aligned({{"A", "BB"}, {"aaa", ""}, {"", "b"}}) == "A    BB\naaa\n     b\n");
}

TEST_CASE("a ring is drawn with a letter for each arc") {
  const Result<std::string> text = ring_text(
      R"({"cluster":"0f","epoch":1,"n":2,"arcs":4,"owners":["x","y","x","y"],"nodes":[
      {"name":"x","reachable":true,"zone":"","weight":1,"arcs":2,"share":0.5,"http":"u","peer":"p"},
      {"name":"y","reachable":false,"zone":"z","weight":1,"arcs":2,"share":0.5,"http":"v","peer":"q"}
      ]})");
  REQUIRE(text.has_value());
  CHECK(text->find("    0  ABAB\n") != std::string::npos);
  CHECK(text->find("B  y     unreachable  z") != std::string::npos);
}

TEST_CASE("an answer that is not Ouro's is refused") {
  CHECK(!ring_text("{}").has_value());
  CHECK(!ring_text("<html>").has_value());
  CHECK(!locate_text("[]").has_value());
}
