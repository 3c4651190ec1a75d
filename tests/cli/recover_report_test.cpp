// What `ouro cluster recover` prints and reads.
#include "cli/recover_command.hpp"
#include "tests/support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace ouro;
using namespace ouro::cli;

namespace {

node::Standing standing() {
  node::Standing standing;
  standing.identity.node = NodeId{2};
  standing.identity.cluster = 0xabc;
  standing.identity.boot = 3;
  standing.log.group = 0x1f;
  standing.log.term = 6;
  standing.log.last_term = 5;
  standing.log.last = 57;
  standing.log.commit = 55;
  standing.log.configuration.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
  return standing;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what the leading survivor prints the others can read") {
  const node::Takeover takeover{0xfedcba9876543210u, 4, 57};
  CHECK(takeover_text(takeover) == "fedcba9876543210@4.57");
  const auto read = parse_takeover("fedcba9876543210@4.57");
  REQUIRE(read);
  CHECK(read->group == takeover.group);
  CHECK(read->last_term == 4);
  CHECK(read->last == 57);
}

TEST_CASE("what no survivor prints is refused") {
  for (const char* text : {"", "1f", "1f@4", "1f@4.", "1f@.5", "@4.5", "0@4.5", "1f@4.5x", "1g@4.5",
                           "1f@-4.5", "1f.4@5", "1f@4.99999999999999999999"}) {
    CAPTURE(text);
    const auto read = parse_takeover(text);
    REQUIRE(!read);
    CHECK(read.error().code == ErrorCode::invalid_argument);
  }
}

TEST_CASE("people see the position by which survivors are compared") {
  const std::string text = standing_text(standing());
  CAPTURE(text);
  CHECK(has(text, "5.57"));
  CHECK(has(text, "group      1f, term 6"));
  CHECK(has(text, "voters     node 1 node 2 node 3"));
}

TEST_CASE("scripts see the same") {
  const auto json = nlohmann::json::parse(standing_json(standing()));
  CHECK(json.at("node").at("id") == 2);
  CHECK(json.at("cluster") == "abc");
  CHECK(json.at("last_term") == 5);
  CHECK(json.at("last") == 57);
  CHECK(json.at("voters").size() == 3);
}
