// The bytes of commands and snapshots.
#include "base/coding.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "cluster/command_codec.hpp"
#include "tests/cluster/state_fixture.hpp"

namespace ouro::cluster {
namespace {

using namespace testing;

std::vector<CommandBody> every_command() {
  BucketProperties properties;
  properties.n = 5;
  properties.r = 2;
  properties.w = 3;
  properties.placement = "/";
  return {join(9, "n9", {"zone", 3}),
          Register{NodeId(4), registration(9, 300)},
          StageLeave{NodeId(5)},
          StageReplace{NodeId(5), NodeId(6)},
          StageWeight{NodeId(5), 70000},
          StageZone{NodeId(5), "east"},
          Unstage{NodeId(5)},
          CommitPlan{0xfedcba9876543210, {NodeId(1), NodeId(2), NodeId(1), NodeId(300)}},
          StartArcs{17, {0, 5, 200}},
          Covered{17, 18, 200, NodeId(3), 0x8000000000000001},
          FinishArcs{17, {1}},
          Abort{17},
          ForgetLost{{NodeId(1), NodeId(2)}, true},
          SetBucket{"b", properties},
          DropBucket{std::string("\0b", 2)},
          SetDefaults{properties},
          DoubleArcs{512},
          SetFeatureLevel{2}};
}

State busy_state() {
  State state = founded(4);
  done(state, join(9, "n9", {"z", 2}));
  BucketProperties two;
  two.n = 2;
  done(state, SetBucket{"two", two});
  done(state, DropBucket{"two"});
  done(state, plan(state));
  done(state, StartArcs{state.change->id, in_phase(state, ArcPhase::before)});
  done(state, StageLeave{NodeId(1)});
  return state;
}

std::string sealed(std::string body) {
  put_fixed(body, hash64(body, 0x6f75726f6d657461));
  return body;
}

TEST_CASE("every command is read as it was written") {
  const std::vector<CommandBody> bodies = every_command();
  REQUIRE(bodies.size() == std::variant_size_v<CommandBody>);
  for (std::size_t kind = 0; kind < bodies.size(); ++kind) {
    CAPTURE(kind);
    CHECK(bodies[kind].index() == kind);
    const std::string bytes = encode_command(command(bodies[kind]));
    CHECK(bytes[0] == static_cast<char>(kind + 1));
    const Result<Command> read = decode_command(bytes);
    REQUIRE(read.has_value());
    CHECK(read->body.index() == kind);
    CHECK(read->origin.who == "ann");
    CHECK(encode_command(*read) == bytes);
  }
}

TEST_CASE("the bytes of commands stay what they are") {
  const auto hash = [] {
    std::string all;
    for (const CommandBody& body : every_command()) put_sized(all, encode_command(command(body)));
    return hash64(all);
  };
  CHECK(encode_command(command(Abort{300})) == std::string("\x0c\x01\x03"
                                                           "ann\x05\xac\x02",
                                                           9));
  CHECK(hash() == 0x2c9d79ed073b9cfb);
}

TEST_CASE("a command cut short, drawn out or of bad numbers is damaged") {
  for (const CommandBody& body : every_command()) {
    const std::string bytes = encode_command(command(body));
    CAPTURE(body.index());
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK(decode_command(bytes.substr(0, size)).error().code == ErrorCode::corruption);
    CHECK(decode_command(bytes + '\0').error().code == ErrorCode::corruption);
  }
  // The number 5 in two bytes.
  const std::string overlong(
      "\x0c\x01\x03"
      "ann\x05\x85\x00",
      9);
  CHECK(decode_command(overlong).error().code == ErrorCode::corruption);
}

TEST_CASE("a kind or form that this build does not know stops the node") {
  std::string bytes = encode_command(command(Abort{300}));
  for (const auto& [at, value] :
       {std::pair(0, 0), std::pair(0, 19), std::pair(0, 255), std::pair(1, 0), std::pair(1, 2)}) {
    std::string newer = bytes;
    newer[static_cast<std::size_t>(at)] = static_cast<char>(value);
    CHECK(decode_command(newer).error().code == ErrorCode::unsupported);
  }
}

TEST_CASE("a state is read as it was written, in the middle of a change too") {
  for (const State& state : {founded(1), busy_state()}) {
    const std::string bytes = encode_state(state);
    const Result<State> read = decode_state(bytes);
    REQUIRE(read.has_value());
    CHECK(encode_state(*read) == bytes);
  }
}

TEST_CASE("the bytes of states stay what they are") {
  State state = busy_state();
  state.audit.resize(1);  // what people read may be said better
  CHECK(hash64(encode_state(state)) == 0xcffe79f4bc6fd8b2);
}

TEST_CASE("no flipped byte of a snapshot is believed") {
  const std::string bytes = encode_state(busy_state());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    CHECK(decode_state(flipped).has_error());
  }
  for (std::size_t size = 0; size < 20; ++size)
    CHECK(decode_state(bytes.substr(0, size)).has_error());
}

TEST_CASE("a snapshot with a good checksum must still be whole, canonical and possible") {
  State state = busy_state();
  const std::string bytes = encode_state(state);
  const std::string body = bytes.substr(0, bytes.size() - 8);
  CHECK(decode_state(sealed(body)).has_value());
  std::string newer = body;
  newer[0] = 2;
  CHECK(decode_state(sealed(newer)).error().code == ErrorCode::unsupported);
  CHECK(decode_state(sealed(body + '\0')).error().code == ErrorCode::corruption);
  CHECK(decode_state(sealed(body.substr(0, body.size() - 1))).error().code ==
        ErrorCode::corruption);
  state.members.at(NodeId(2)).name = "n1";
  const Result<State> twice = decode_state(encode_state(state));
  REQUIRE(twice.has_error());
  CHECK(twice.error().message.find("name of another") != std::string::npos);
}

TEST_CASE("no bytes behind a good checksum bring the decoder down") {
  const std::string bytes = encode_state(busy_state());
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::string body = bytes.substr(0, bytes.size() - 8);
    for (std::uint64_t i = 0; i <= random.below(3); ++i)
      body[1 + random.below(body.size() - 1)] = static_cast<char>(random.next());
    const Result<State> read = decode_state(sealed(body));
    if (read) CHECK(problems(*read).empty());
  }
}

}  // namespace
}  // namespace ouro::cluster
