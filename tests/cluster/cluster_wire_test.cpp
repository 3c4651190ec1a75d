#include "cluster/cluster_wire.hpp"

#include "tests/support/catch.hpp"

namespace ouro::cluster {
namespace {

Welcome welcome() {
  Welcome welcome;
  welcome.cluster = 5;
  welcome.hash_seed = 6;
  welcome.node = NodeId(4);
  welcome.members = {{NodeId(1), "10.0.0.1", 7170}, {NodeId(3), "host", 1}};
  welcome.next_node = NodeId(5);
  welcome.begun = {NodeId(1)};
  return welcome;
}

TEST_CASE("a welcome arrives as it was sent") {
  const Result<Welcome> read = decode_welcome(encode_welcome(welcome()));
  REQUIRE(read.has_value());
  CHECK(read->cluster == 5);
  CHECK(read->hash_seed == 6);
  CHECK(read->node == NodeId(4));
  REQUIRE(read->members.size() == 2);
  CHECK(read->members[1].host == "host");
  CHECK(read->next_node == NodeId(5));
  CHECK(read->begun == std::vector<NodeId>{NodeId(1)});
}

TEST_CASE("a refusal arrives with its reason") {
  const Error why{ErrorCode::denied, "because"};
  const Result<Welcome> welcome = decode_welcome(encode_welcome(why));
  REQUIRE(welcome.has_error());
  CHECK(welcome.error().code == ErrorCode::denied);
  CHECK(welcome.error().message == "because");
  const Result<Applied> outcome = decode_outcome(encode_outcome(why));
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().message == "because");
}

TEST_CASE("what came of a command arrives whole") {
  const Applied applied{9, true, NodeId(3), true, "n3 joined"};
  const Result<Applied> read = decode_outcome(encode_outcome(applied));
  REQUIRE(read.has_value());
  CHECK(read->epoch == 9);
  CHECK(read->changed);
  CHECK(read->node == NodeId(3));
  CHECK(read->change_ended);
  CHECK(read->what == "n3 joined");
}

TEST_CASE("every cut of an answer is found out") {
  const Message whole = encode_welcome(welcome());
  for (std::size_t size = 0; size < whole.meta.size(); ++size) {
    Message cut = whole;
    cut.meta.resize(size);
    CAPTURE(size);
    CHECK(decode_welcome(cut).has_error());
  }
  Message longer = whole;
  longer.meta += 'x';
  CHECK(decode_welcome(longer).has_error());
}

TEST_CASE("an answer of another kind is not taken for the right one") {
  CHECK(decode_outcome(encode_welcome(welcome())).has_error());
  CHECK(decode_welcome(refused_message()).has_error());
  CHECK(decode_epoch(MessageKind::reached, encode_epoch(MessageKind::reach, 3)).has_error());
  CHECK(*decode_epoch(MessageKind::reached, encode_epoch(MessageKind::reached, 3)) == 3);
}

TEST_CASE("a process says who it is") {
  const Result<ProcessName> read = decode_me(encode_me({NodeId(3), 77}));
  REQUIRE(read.has_value());
  CHECK(*read == ProcessName{NodeId(3), 77});
  CHECK(decode_me(encode_who()).has_error());
}

TEST_CASE("whoever had an id and is no member was removed") {
  CHECK(was_removed(welcome(), NodeId(2)));
  CHECK_FALSE(was_removed(welcome(), NodeId(3)));
  CHECK_FALSE(was_removed(welcome(), NodeId(5)));  // not given yet, as far as that node knows
}

}  // namespace
}  // namespace ouro::cluster
